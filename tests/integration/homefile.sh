#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Keys in ~/.ssh/authorized_keys (key file USER home): programs that read
# nothing else let users in by them, and no longer when they are removed; and
# homes that are away, full, read-only or protected.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
check "init --configure" naskeysctl init --configure

. "$(dirname "$0")/lib/sshd.bash"
chmod 755 .
umask 022
switches=20
[ "${LONG-no}" = yes ] && switches=500

for name in first second hand stranger; do
	ssh-keygen -q -t ed25519 -N '' -C $name -f $name
done
ssh-keygen -q -t ecdsa -N '' -C other -f other
tinysshd-makekey tiny.keys
dropbearkey -t ed25519 -f dropbear.key >>log 2>&1
# the machine's own /mnt is not to be touched
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/homes
helper=/usr/libexec/naskeys/naskeys-helper

# Each: USER KEY; the user's name, if they let the key in.
tinyssh() {
	ssh -F none -i "$2" -o BatchMode=yes -o IdentitiesOnly=yes \
	    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
	    -o LogLevel=ERROR -o ProxyCommand="tinysshd $PWD/tiny.keys" \
	    "$1@here" 'id -un' 2>>log </dev/null
}
dropbear -F -E -r dropbear.key -p 127.0.0.1:2223 -P dropbear.pid -s 2>>log &
server=$!
wait_until test -s dropbear.pid
dropbear() { (port=2223; login "$2" "$1" 2>>log </dev/null); }
# lets_in NAME KEY yes|no: both of them
lets_in() {
	local want=
	[ "$3" = no ] || want=alice
	same "tinyssh: $1" "$(tinyssh alice "$2")" "$want"
	same "dropbear: $1" "$(dropbear alice "$2")" "$want"
}
home=/home/alice
text() { cat "$home/.ssh/authorized_keys"; }
line() { cat "$@"; }
owners() { stat -c '%U:%G %a' "$home/.ssh" "$home/.ssh/authorized_keys"; }
mode() { naskeysctl key file alice "$@"; }
set_key() { naskeysctl key set alice "$1.pub" --force; }
says() {	# NAME TEXT COMMAND...: among what it prints
	local name=$1 want=$2 got
	shift 2
	got=$("$@" 2>&1)
	case $got in
	*"$want"*) pass "$name" ;;
	*) same "$name" "$got" "*$want*" ;;
	esac
}

### What others read

check "a user" naskeysctl user add alice --home $home --create-home \
    --key first.pub
lets_in "no file" first no
says "the file" "home, $home/.ssh/authorized_keys" mode home
same "has the key" "$(text)" "$(line first.pub)"
same "owner and modes" "$(owners)" "alice:alice 700
alice:alice 600"
lets_in "its key" first yes
lets_in "another key" stranger no
check "add a key" naskeysctl key add alice second.pub
lets_in "a key that was added" second yes
says "remove a key" "sshd accepts it from nowhere else" naskeysctl key remove alice \
    "$(fingerprint first.pub)"
lets_in "a key that was removed" first no
cat hand.pub >>$home/.ssh/authorized_keys
echo "# by hand" >>$home/.ssh/authorized_keys
check "add it again" naskeysctl key add alice first.pub
same "a hand's lines stay" "$(text)" "$(line second.pub first.pub hand.pub)
# by hand"
lets_in "a hand's key" hand yes
says "and are shown" "     4  # by hand" mode
check "lock the user" naskeysctl user lock alice
lets_in "a locked user's key" first no
check "unlock the user" naskeysctl user unlock alice
lets_in "an unlocked user's key" first yes
check "remove the hand's key" naskeysctl key remove alice \
    "$(fingerprint hand.pub)"
lets_in "a hand's key that was removed" hand no
cat hand.pub >>$home/.ssh/authorized_keys
check "revoke it" naskeysctl key revoke "$(fingerprint hand.pub)"
lets_in "a hand's key that was revoked" hand no
same "the comment stays" "$(text)" "$(line second.pub first.pub)
# by hand"
check "give an account an end" naskeysctl user edit alice \
    --expires 2099-01-01
same "dropbear takes no option that it does not know" \
    "$(dropbear alice first)" ""
check "and none" naskeysctl user edit alice --expires never

### Another name

check "rename the user" naskeysctl user edit alice --name alicia
check "add a key" naskeysctl key add alicia other.pub
same "the file follows" "$(text)" "$(line second.pub first.pub other.pub)
# by hand"
check "and back" naskeysctl user edit alicia --name alice
same "remove it" "$(naskeysctl key remove alice \
    "$(fingerprint other.pub)" >>log; text)" "$(line second.pub first.pub)
# by hand"

### No mode leaves a moment without the key

sshd_files="AuthorizedKeysFile=/var/lib/naskeys/authorized_keys/%U \
.ssh/authorized_keys"
start_sshd yes -o AuthorizedKeysCommand=none -o "$sshd_files"
same "sshd reads the home's file" "$(login first alice 2>>log)" alice
check "central" mode central
same "sshd reads the central file" "$(login first alice 2>>log)" alice
same "our lines are out of the home's" "$(text)" "# by hand"
stop_sshd
central=/var/lib/naskeys/authorized_keys/$(id -u alice)
# Either file has the key, at every moment.  One switch may fall between two
# looks, so the first one is looked at twice; what saw two says nothing.
has_key() {
	local lines
	{ mapfile -t lines <"$1"; } 2>/dev/null && [[ "${lines[*]}" == *" first"* ]]
}
now_at() { read -r at <turn; }
watch() {
	local n=0 before at
	while now_at && [ "$at" != end ]; do
		n=$((n + 1)) before=$at
		has_key "$central" || has_key $home/.ssh/authorized_keys ||
		    has_key "$central" ||
		    { now_at && [ "$at" != "$before" ]; } ||
		    echo "missed at $n, in turn $at"
		[ $n -ne 100 ] || touch looked
	done
}
echo 0 >turn
watch >missed &
watcher=$!
turn() { echo "$1" >turn.new && mv turn.new turn; }
i=0
while [ $i -lt $switches ] || [ ! -e looked ]; do
	i=$((i + 1))
	turn "$i home" && mode home >>log && turn "$i central" &&
	    mode central >>log || echo failed >>missed
done
turn end
wait $watcher
same "the key is in one of them always" "$(cat missed)" ""
check "home" mode home
refused "the central file is gone" test -e "$central"
check "none" mode none
same "ours are out of it" "$(text)" "# by hand"
rm $home/.ssh/authorized_keys
check "home again" mode home

### A home that comes and goes

echo "# moved" >>$home/.ssh/authorized_keys
check "move the home" naskeysctl user edit alice --home /mnt/homes/moved
home=/mnt/homes/moved
same "its file has come along" "$(text)" "$(line second.pub first.pub)
# moved"
same "and was made right" "$(owners)" "alice:alice 700
alice:alice 600"
same "ours are out of the old one" "$(cat /home/alice/.ssh/authorized_keys)" \
    "# moved"
check "remove a key" naskeysctl key remove alice "$(fingerprint first.pub)"
same "it is out of the moved file" "$(text)" "$(line second.pub)
# moved"
check "add it again" naskeysctl key add alice first.pub
rm $home/.ssh/authorized_keys
check "back to the old home" naskeysctl user edit alice --home /home/alice
home=/home/alice
rm -f $home/.ssh/authorized_keys
check "a rebuild" naskeysctl sync --rebuild
same "restores a file that a hand has removed" "$(text)" \
    "$(line second.pub first.pub)"
mv $home /home/left
check "another home" naskeysctl user edit alice --home /mnt/homes/alice
home=/mnt/homes/alice
mkdir -p $home
check "sync" naskeysctl sync
says "an empty mount point" "does not belong to the user" mode
same "nothing is written there" "$(find $home)" $home
dd if=/dev/zero of="$TMPDIR/disk" bs=1M count=8 status=none
mkfs.ext4 -q -N 128 "$TMPDIR/disk"
mount -o loop "$TMPDIR/disk" $home
chown alice: $home
rmdir $home/lost+found
$helper --listen /run/naskeys/root/pam.sock --protocol pam 2>>log &
listener=$!
wait_until listens /run/naskeys/root/pam.sock
start_sshd yes
same "a login while it is mounted" "$(login first alice 2>>log)" alice
wait_until test -s $home/.ssh/authorized_keys
same "writes the file" "$(text)" "$(line second.pub first.pub)"
says "and it is as it should be" "home, $home/.ssh/authorized_keys" mode
says "the home that was left is not there" "may still stand in /home/alice" \
    mode
mv /home/left /home/alice
check "sync" naskeysctl sync
refused "and has no lines of ours when it is" grep ssh- \
    /home/alice/.ssh/authorized_keys
same "nothing else is to be said" "$(mode)" \
    "User alice: home, $home/.ssh/authorized_keys"
umount $home
says "remove a key while it is away" "may still have the key" \
    naskeysctl key remove alice "$(fingerprint second.pub)"
mount -o loop "$TMPDIR/disk" $home
same "the file is the old one" "$(text)" "$(line second.pub first.pub)"
check "sync" naskeysctl sync
same "and then the new one" "$(text)" "$(line first.pub)"
stop_sshd
kill $listener
wait $listener

### Full, read-only, protected, in the way

head -c 16M /dev/zero >$home/fill 2>/dev/null
# the file is longer than a block then
for n in $(seq 60); do
	ssh-keygen -q -t ed25519 -N '' -C "key $n of very many" -f many
	cat many.pub >>many.all
	rm many many.pub
done
says "add keys on a full disk" "is full" naskeysctl key add alice many.all
says "is shown" "is full" mode
same "the old file is whole" "$(text)" "$(line first.pub)"
same "and alone" "$(ls -A $home/.ssh)" authorized_keys
rm $home/fill
check "helper --sync" $helper --sync
same "room again" "$(text)" "$(line first.pub many.all)"
check "the keys go" set_key first
mount -o remount,ro $home
says "read-only" "read-only" set_key second
says "says so" "read-only" mode
same "the old file is there" "$(text)" "$(line first.pub)"
mount -o remount,rw $home
check "sync" naskeysctl sync
same "the new one" "$(text)" "$(line second.pub)"
chattr +i $home/.ssh/authorized_keys
check "a protected file" set_key first
says "says so" "protected" mode
chattr -i $home/.ssh/authorized_keys
check "sync" naskeysctl sync
same "no longer protected" "$(text)" "$(line first.pub)"
mkdir $home/elsewhere
mount --bind $home/elsewhere $home/.ssh
check "a mount on .ssh" set_key second
says "says so" "mount point" mode
same "nothing is written there" "$(ls -A $home/elsewhere)" ""
umount $home/.ssh
mv $home/.ssh/authorized_keys $home/kept
ln -s /etc/passwd $home/.ssh/authorized_keys
before=$(md5sum /etc/passwd)
check "sync" naskeysctl sync
says "a link" "symbolic link" mode
same "is not followed" "$(md5sum /etc/passwd)" "$before"
mv $home/kept $home/.ssh/authorized_keys
check "sync" naskeysctl sync
same "no link" "$(text)" "$(line second.pub)"

# injected NAME CALL ERRNO TEXT: as a quota or a file server answers
injected() {
	strace -f -qq -o /dev/null -e trace="$2" -e inject="$2:error=$3" \
	    naskeysctl key set alice first.pub --force >>log 2>&1
	says "$1" "$4" mode
	same "$1: the old file is whole" "$(text)" "$(line second.pub)"
	check "$1: sync" naskeysctl sync
	same "$1: and then the new one" "$(text)" "$(line first.pub)"
	check "$1: back" set_key second
}
injected "a quota" renameat2 EDQUOT "quota"
injected "a stale handle" renameat2 ESTALE "stale"

### A helper that is killed

# Its locks: of the edit, of the home, and to note what was written there.
killed_at() {
	strace -f -qq -o /dev/null -e trace=flock \
	    -e inject=flock:signal=KILL:when="$1" \
	    naskeysctl key set alice first.pub --force >>log 2>&1
}
echo "# by hand" >>$home/.ssh/authorized_keys
refused "killed after the edit" killed_at 2
same "the file is the old one" "$(text)" "$(line second.pub)
# by hand"
check "sync" naskeysctl sync
same "and then the new one" "$(text)" "$(line first.pub)
# by hand"
check "back" set_key second
refused "killed when the file is written" killed_at 3
same "the file is the new one" "$(text)" "$(line first.pub)
# by hand"
check "back" set_key second
same "what was written is known for ours" "$(text)" "$(line second.pub)
# by hand"
rm $home/.ssh/authorized_keys
check "a file without other lines" naskeysctl sync --rebuild

### Several at once, and the end

for n in 1 2 3 4 5 6; do
	ssh-keygen -q -t ed25519 -N '' -C "at once $n" -f "once$n"
	naskeysctl key add alice "once$n.pub" >>log 2>&1 &
	adders="${adders-} $!"
done
# shellcheck disable=SC2086
wait $adders
same "six at once" "$(text | sort)" "$(cat second.pub once?.pub | sort)"
refused "no lock is left" ls /run/naskeys/lock.home-*
check "delete the user" naskeysctl user delete alice --force
refused "and the file" grep -q ssh- $home/.ssh/authorized_keys
umount $home
kill $server
wait $server
[ $bad -eq 0 ] || tail -30 log
finish
