#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What others learned the hard way, at a real sshd: keys that stay in a home,
# a stranger of the same name, an aged password, and a folder of the maps
# that has no room left.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
# all that is volatile on a small file system of its own, which can be filled
mkdir -p /run/naskeys
mount -t tmpfs -o mode=0755,size=4m tmpfs /run/naskeys
check "init --configure" naskeysctl init --configure
. "$(dirname "$0")/lib/sshd.bash"
for k in one two three; do
	ssh-keygen -q -t ed25519 -N '' -C $k -f $k
done

# ---- files in a home ----

naskeysctl user add bob --home /home/bob --create-home --key one.pub \
    >/dev/null || fail "user add"
install -d -o bob -g bob -m 700 /home/bob/.ssh
cat one.pub two.pub >/home/bob/.ssh/authorized_keys
chown bob: /home/bob/.ssh/authorized_keys
useradd -m -s /bin/sh -p '*' carol
install -d -o carol -g carol -m 700 ~carol/.ssh
install -o carol -g carol -m 600 two.pub ~carol/.ssh/authorized_keys

start_sshd yes
same "a key in a home is good while files are read" "$(login two bob)" bob
naskeysctl key remove bob "$(fingerprint one.pub)" --json >removed
same "a removal says that the key is not dead" \
    "$(jq -c '[.removed, .dead]' removed)" '[1,false]'
check "and in which file it stands" grep -q \
    '/home/bob/.ssh/authorized_keys' removed
same "which is so" "$(login one bob)" bob
stop_sshd

# for our users alone, as long as naskeys knows of them
printf 'Match Group naskeys-managed\nAuthorizedKeysFile none\n' \
    >/etc/ssh/sshd_config.d/20-files.conf
start_sshd yes
refused "switched off for our users" login two bob
same "and not for others" "$(login two carol)" carol
check "key add" naskeysctl key add bob one.pub
same "our own key is good" "$(login one bob)" bob
naskeysctl key remove bob "$(fingerprint one.pub)" --json >removed
same "and dead when it is removed" \
    "$(jq -c '[.removed, .dead]' removed)" '[1,true]'
refused "the last key takes no file back into force" login one bob
check "an account that lives elsewhere" naskeysctl user add carol --external
same "has its files before its first key" "$(login two carol)" carol
check "its first key" naskeysctl key add carol three.pub
same "is good" "$(login three carol)" carol
refused "and switches the files off" login two carol
naskeysctl key remove carol "$(fingerprint three.pub)" >/dev/null
refused "which they stay without it" login two carol
refused "as it stays removed" login three carol
check "no longer ours" naskeysctl user delete carol --force
same "she has her files back" "$(login two carol)" carol

# ---- names are whole ----

check "key add" naskeysctl key add bob one.pub
for name in bo bobb Bob 'b*' 'bo?' 'b%b' '%'; do
	refused "no user \"$name\"" login one "$name"
done

# ---- a stranger of the same name ----

cp -p /etc/passwd passwd.saved
cp -p /etc/shadow shadow.saved
echo 'bob:x:950:65534:stranger:/home/stranger:/bin/sh' >>/etc/passwd
echo 'bob:*:19000::::::' >>/etc/shadow
install -d -o 950 -m 700 /home/stranger /home/stranger/.ssh
install -o 950 -m 600 three.pub /home/stranger/.ssh/authorized_keys
stop_sshd
mv /etc/ssh/sshd_config.d/20-files.conf .
start_sshd yes
same "a stranger logs in with a key of its own" \
    "$(login three bob id -u)" 950
refused "and with none of ours" login one bob
cp -p passwd.saved /etc/passwd
cp -p shadow.saved /etc/shadow

# an account elsewhere whose uid has changed since
check "an account that lives elsewhere" naskeysctl user add carol \
    --external --key one.pub
same "logs in" "$(login one carol)" carol
sed -i 's/^carol:x:[0-9]*:/carol:x:1777:/' /etc/passwd
refused "not with another uid" login one carol
refused "which check tells" sh -c 'naskeysctl check >told'
check "by name" grep -q carol told
cp -p passwd.saved /etc/passwd
same "and again with its own" "$(login one carol)" carol
check "no longer ours" naskeysctl user delete carol --force
stop_sshd
mv 20-files.conf /etc/ssh/sshd_config.d/

# ---- an aged password is nothing to a key ----

useradd -u 1500 -m -s /bin/sh -p "$(openssl passwd -6 secret)" aged
chage -d 2015-01-01 -M 30 -I 5 -W 3 aged
check "its account is taken over" naskeysctl user import --from-system \
    --min-uid 1500 --force
check "key add" naskeysctl key add aged one.pub
refused "no line of it is left" grep -q '^aged:' /etc/passwd /etc/shadow
for pam in no yes; do
	start_sshd $pam
	same "an aged password is nothing to a key (UsePAM $pam)" \
	    "$(login one aged)" aged
	stop_sshd
done

# ---- a revocation list that cannot be read refuses every key ----

start_sshd no -o RevokedKeys=/var/lib/naskeys/revoked.krl
same "the empty list refuses nobody" "$(login one bob)" bob
stop_sshd

# ---- no room ----

fill() {
	local i
	for i in 1024 64 1; do	# what is left of the last block, too
		dd if=/dev/zero of=/run/naskeys/ballast bs="${i}k" \
		    oflag=append conv=notrunc status=none 2>/dev/null
	done
}
# Additions go on for as long as the maps have room in hand.
until_refused() {
	local i
	for i in $(seq 400); do
		everything >everything.before
		naskeysctl key add dan two.pub --comment "$i $(printf \
		    'x%.0s' {1..200})" >/dev/null 2>why || return 0
	done
	return 1
}
everything() {
	naskeysctl user list --json && naskeysctl key list dan --json &&
	    naskeysctl audit --json
}
naskeysctl key add bob two.pub >/dev/null
naskeysctl user add dan --key one.pub >/dev/null
naskeysctl user add eve --key one.pub >/dev/null
naskeysctl user add fay --key one.pub >/dev/null
start_sshd yes
same "bob logs in" "$(login one bob)" bob
# a process that has had the maps mapped for long
python=$(command -v python3 perl | head -1)
case $python in
*perl) "$python" -e '$| = 1; for (;;) { my $n = 0; setpwent();
	$n++ while getpwent(); getpwnam("bob"); print "$n\n";
	select(undef, undef, undef, 0.05) }' >seen 2>&1 & ;;
*) "$python" -c '
import pwd, time
while True:
    pwd.getpwnam("bob"); print(len(pwd.getpwall()), flush=True)
    time.sleep(0.05)' >seen 2>&1 & ;;
esac
watcher=$!
fill
same "no room at all" "$(df --output=avail /run/naskeys | tail -1 |
    tr -d ' ')" 0
check "additions are refused in the end" until_refused
check "for want of room" grep -q 'No space is left' why
refused "a user" naskeysctl user add gus --key three.pub
same "what is refused has changed nothing" \
    "$(everything | diff - everything.before)" ""
check "check" naskeysctl check
same "bob logs in" "$(login one bob)" bob
check "a removal" naskeysctl key remove bob "$(fingerprint one.pub)"
refused "is effective" login one bob
same "and of that key alone" "$(login two bob)" bob
check "a lock" naskeysctl user lock dan
refused "is effective" login one dan
check "an expiry" naskeysctl user edit eve --expires 2020-01-01
refused "is effective" login one eve
check "a deletion" naskeysctl user delete fay --force
refused "is effective" login one fay
refused "NSS has forgotten her" getent passwd fay
check "check" naskeysctl check
check "nothing has hit a bus error" kill -0 $watcher
same "nor has sshd said so" "$(grep -ci 'bus error' sshd.log)" 0
rm /run/naskeys/ballast
check "with room again additions go on" naskeysctl user add gus \
    --key three.pub
same "gus logs in" "$(login three gus)" gus
check "check" naskeysctl check
sees_all() { [ "$(tail -1 seen)" = "$(getent passwd | wc -l)" ]; }
check "who had the maps open sees him" wait_until sees_all
kill $watcher
stop_sshd
finish
