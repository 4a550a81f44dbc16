#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The central files of authorized_keys, read by a real sshd: first by it
# alone, with no program of naskeys beside, then as an administrator has it.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
set -u
install_product
check "init --configure" naskeysctl init --configure --key-files central
. "$(dirname "$0")/lib/sshd.bash"
chmod 755 .
mkdir -p /var/empty
folder=/var/lib/naskeys/authorized_keys
helper=/usr/libexec/naskeys/naskeys-helper
for k in one two three root; do ssh-keygen -q -t ed25519 -N '' -f $k; done
uid_of() { naskeysctl --json user show "$1" | jq .uid; }
ask() {	# METHOD PARAMS
	echo '{"jsonrpc":"2.0","id":1,"method":"'"$1"'","params":'"$2}" |
	    "$helper" >answer
	check "$1" jq -e .result answer
}
mode_of() { naskeysctl --json key file "$1" | jq -r .mode; }

# ---- the file alone ----

check "a user" naskeysctl user add alice --key one.pub
check "key file" naskeysctl key file alice central
same "it is said" "$(naskeysctl key file alice)" \
    "User alice: central, $folder/$(uid_of alice)"
same "whose it is" "$(stat -c '%U %a %F' "$folder/$(uid_of alice)")" \
    "root 644 regular file"
same "and the folder's" "$(stat -c '%U %a' $folder)" "root 755"
start_sshd no -o AuthorizedKeysCommand=none \
    -o AuthorizedKeysFile="$folder/%U"
same "login by the file" "$(login one alice)" alice
refused "another key" login two alice
check "key add" naskeysctl key add alice two.pub
same "login at once" "$(login two alice)" alice
check "key remove" naskeysctl key remove alice "$(fingerprint one.pub)"
refused "refused at once" login one alice
same "its neighbour not" "$(login two alice)" alice
check "user lock" naskeysctl user lock alice
refused "locked" login two alice
check "user unlock" naskeysctl user unlock alice
same "unlocked" "$(login two alice)" alice
check "an account for a while" naskeysctl user add ella --key one.pub \
    --expires +1d
check "key file" naskeysctl key file ella central
check "a key for a while" naskeysctl key add alice three.pub --expires +1d
same "before their end" "$(login one ella) $(login three alice)" "ella alice"
check "an account for a moment" naskeysctl user edit ella --expires +2s
naskeysctl key remove alice "$(fingerprint three.pub)" >out
check "a key for a moment" naskeysctl key add alice three.pub --expires +2s
sleep 3.1	# sshd takes a key in the second of its end
refused "after the account's end, by sshd itself" login one ella
refused "after the key's" login three alice
check "check is content" naskeysctl check
check "user edit --expires never" naskeysctl user edit ella --expires never
same "and back" "$(login one ella)" ella
check "user delete" naskeysctl --force user delete ella
echo 'from="10.0.0.0/8"' "$(cat one.pub)" >far.pub
echo 'command="echo forced"' "$(cat one.pub)" >forced.pub
check "a key from elsewhere" naskeysctl key add alice far.pub
refused "its options count" login one alice
check "key remove" naskeysctl key remove alice "$(fingerprint one.pub)"
check "a key with a command" naskeysctl key add alice forced.pub
same "options count" "$(login one alice)" forced
check "key revoke" naskeysctl key revoke "$(fingerprint one.pub)"
refused "revoked" login one alice

check "user edit --name" naskeysctl user edit alice --name anna
same "the name is not the file's" "$(login two anna)" anna
check "user edit --name" naskeysctl user edit anna --name alice

check "key file none" naskeysctl key file alice none
same "no file" "$(ls $folder)" ""
refused "nobody comes in by it" login two alice
check "key file central" naskeysctl key file alice central
same "and again" "$(login two alice)" alice

# accounts of the machine's own, and root
check "useradd" useradd -m -s /bin/bash -p "*" carl
ask user.create '[{"username":"carl","managed":false}]'
check "key file carl" naskeysctl key file carl central
check "key add" naskeysctl key add carl three.pub
same "login of carl" "$(login three carl)" carl
check "key file root" naskeysctl key file root central
check "key add root" naskeysctl key add root root.pub
same "login of root" "$(login root root)" root
mv /run/naskeys/maps /run/naskeys/away
mv $helper $helper.away
same "root, with nothing of naskeys at work" "$(login root root)" root
same "and carl" "$(login three carl)" carl
mv $helper.away $helper
mv /run/naskeys/away /run/naskeys/maps

# ---- what root's own hand does there ----

cat one.pub >>"$folder/$(uid_of alice)"
cp one.pub $folder/4711
cp one.pub $folder/notes
chmod 600 $folder/0
naskeysctl check >out
same "check says each" "$(grep -c authorized_keys/ out)" 4
check "sync" naskeysctl sync
refused "the line is gone" grep -q "$(cut -d' ' -f2 one.pub)" -r $folder
check "check" naskeysctl check
rm -r $folder
check "check sees no folder" sh -c '! naskeysctl check'
check "sync at boot" "$helper" --sync
same "it is back" "$(login two alice)" alice
rm -r /run/naskeys/maps
echo >$folder/0
check "boot" "$helper" --sync
same "root's as well" "$(login root root)" root
mv $folder elsewhere
ln -s "$PWD/elsewhere" $folder
refused "no link for a folder" naskeysctl key add alice three.pub
refused "sync says so" naskeysctl sync
check "others go on" naskeysctl user add bob
rm $folder
check "key add" naskeysctl key add alice three.pub
same "it is a folder again" "$(stat -c %F $folder)" directory
same "whole" "$(login root root) $(login three alice)" "root alice"
stop_sshd

# ---- as an administrator has it ----

in_force() { sshd -T -C user="$1,host=h,addr=127.0.0.1" |
	sed -n 's/^authorizedkeysfile //p'; }
own=$(in_force nobody)
check "init --key-files none" naskeysctl init --configure --key-files none
same "sshd reads no file for alice" "$(in_force alice)" none
same "and its own for others" "$(in_force nobody)" "$own"
check "init --key-files central" naskeysctl init --configure \
    --key-files central
same "sshd reads the central file" "$(in_force alice)" "$folder/%U"
check "init --configure" naskeysctl init --configure
same "leaves that as it is" "$(in_force alice)" "$folder/%U"
refused "nothing else can be said" naskeysctl init --configure \
    --key-files home
refused "nor without --configure" naskeysctl init --key-files none
start_sshd no
same "map and file" "$(login two alice)" alice
naskeysctl --json key remove alice "$(fingerprint three.pub)" >out
same "a removal is dead" "$(jq -c .dead out)" true
refused "to sshd, too" login three alice
check "explain" sh -c \
    'naskeysctl --json explain alice --key two.pub | jq -e .login'
check "explain, of the one that went" sh -c \
    'naskeysctl --json explain alice --key three.pub | jq -e ".login | not"'

# no moment without a key that is valid
(
	n=0
	while [ ! -e enough ]; do
		[ "$(login two alice)" = alice ] || echo "login $n"
		n=$((n + 1))
		[ $n -ne 3 ] || touch some
	done
) >failed 2>&1 &
beside=$!
wrong=
rounds=5
[ "${LONG:-no}" != yes ] || rounds=300
for i in $(seq $rounds); do
	naskeysctl key file alice none >out 2>&1 || wrong="$wrong none$i"
	naskeysctl key add alice three.pub >out 2>&1 || wrong="$wrong add$i"
	naskeysctl key file alice central >out 2>&1 || wrong="$wrong central$i"
	[ $((i % 3)) -ne 0 ] || login three alice >out 2>&1 ||
	    wrong="$wrong in$i"
	naskeysctl key remove alice "$(fingerprint three.pub)" >out 2>&1 ||
	    wrong="$wrong remove$i"
	[ $((i % 3)) -ne 0 ] || ! login three alice >out 2>&1 ||
	    wrong="$wrong (in$i)"
done
check "beside some logins" wait_until test -e some
touch enough
wait $beside
same "switched to and fro" "$wrong" ""
same "no login failed meanwhile" "$(cat failed)" ""

# ---- new users ----

check "--default" naskeysctl key file --default central
same "it is said" "$(naskeysctl key file --default)" "New users: central"
check "user add" naskeysctl user add dora --key three.pub
same "a new user has one" "$(mode_of dora)" CENTRAL
same "one that was there has not" "$(mode_of bob)" NONE
check "--default none" naskeysctl key file --default none
echo 'authorized_keys_file = central' >/etc/naskeys/naskeys.conf
check "user add" naskeysctl user add emil
same "what was set goes before naskeys.conf" "$(mode_of emil)" NONE
rm /etc/naskeys/naskeys.conf
id=$(uid_of dora)
check "user delete" naskeysctl --force user delete dora
refused "a file goes with its user" test -e "$folder/$id"
check "check" naskeysctl check
check "init --key-files own" naskeysctl init --configure --key-files own
same "sshd has its own files again" "$(in_force alice)" "$own"
stop_sshd
finish
