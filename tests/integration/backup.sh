#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Backup and restore with everything real: a restored machine answers as the
# one before did; a restore that is killed anywhere leaves the old or the new;
# a full disk and a wrong file change nothing.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
cd "$(mktemp -d)" || exit 1
chmod 700 .
helper=/usr/libexec/naskeys/naskeys-helper
akc=/usr/libexec/naskeys/naskeys-authorized-keys
check "init --configure" naskeysctl init --configure --key-files central
fingerprint() { ssh-keygen -lf "$1" | cut -d' ' -f2; }

# ---- a machine ----

for k in one two three; do ssh-keygen -q -t ed25519 -N '' -C $k -f $k; done
naskeysctl group add ops >/dev/null
naskeysctl user add alice --full-name 'Alice Example' --key one.pub \
    --groups ops --admin >/dev/null
echo 'correct horse' | naskeysctl user add bob --key two.pub \
    --password-stdin --expires 2039-01-02 >/dev/null
naskeysctl user add carol >/dev/null
naskeysctl user lock carol >/dev/null
naskeysctl keypair generate pair --type ed25519 >/dev/null
naskeysctl connection add far --host 192.0.2.9 --keypair pair \
    --host-key one.pub >/dev/null 2>&1
naskeysctl service set tcpport=2222 >/dev/null
naskeysctl key revoke "$(fingerprint three.pub)" --force >/dev/null
naskeysctl key file carol central >/dev/null
printf '{"jsonrpc":"2.0","id":1,"method":"user.update","params":[%s,%s]}\n' \
    "$(naskeysctl --json user show bob | jq .id)" \
    '{"sudo_commands_nopasswd":["/usr/bin/id -u"]}' | $helper >/dev/null

# All that a machine says about its accounts.
answers() {
	local u
	getent passwd | sort
	getent group | sort
	for u in alice bob carol; do
		getent passwd $u; getent shadow $u; id $u
		setpriv --reuid naskeys-akc --regid naskeys-akc --clear-groups \
		    $akc $u; echo "status $?"
	done
	for what in "user list" "group list" "keypair list" \
	    "connection list" "service show" "key list alice" \
	    "key list bob" "keypair show pair"; do
		# shellcheck disable=SC2086
		naskeysctl --json $what
	done
	naskeysctl keypair export pair --private
	sha256sum /var/lib/naskeys/revoked.krl | cut -c1-8 >/dev/null
	ssh-keygen -Q -l -f /var/lib/naskeys/revoked.krl | grep -i sha256
	ls /var/lib/naskeys/authorized_keys
	grep -v '^# Made' /etc/sudoers.d/10-naskeys
}
answers >before 2>&1
check "there is something to say" grep -q 'Alice Example' before

# ---- the file ----

check "backup" naskeysctl backup plain
same "its mode" "$(stat -c '%a %U' plain)" "600 root"
refuses "is not replaced" "is there already" naskeysctl backup plain
check "unless that is said" naskeysctl backup plain --force
check "with the key" naskeysctl backup keyed --with-seal-key
check "and wrapped" sh -c \
    'echo correct horse | naskeysctl backup wrapped --with-seal-key --passphrase-stdin'
status "a passphrase is for the key" 2 naskeysctl backup x --passphrase-stdin
refused "no key stands in the plain one" grep -qaF "$(head -c 64 \
    /etc/naskeys/seal.key | xxd -r -p | head -c 8)" plain
same "what file it is" "$(head -c 14 plain)" naskeys-backup
check "the store in it is whole" sh -c \
    'tail -c +257 plain >db && sqlite3 db "PRAGMA integrity_check" | grep -qx ok'
same "nothing is left beside the store" \
    "$(find /var/lib/naskeys -name 'naskeys.db.*')" ""
printf '{"jsonrpc":"2.0","id":1,"method":"naskeys.backup","params":[{}]}\n' |
    $helper >answer
check "no helper opens a file by name" grep -q 'descriptor' answer
refused "root's alone" setpriv --reuid alice --regid alice --init-groups \
    naskeysctl backup /tmp/theirs

# ---- on an empty machine ----

empty() {
	rm -rf /var/lib/naskeys /run/naskeys /etc/naskeys/seal.key \
	    /etc/sudoers.d/10-naskeys
	naskeysctl init >/dev/null 2>&1
}
back() {	# NAME RESTORE-COMMAND...
	local name=$1
	shift
	empty
	refused "$name: the machine is empty" getent passwd alice
	check "$name: restore" "$@"
	answers >after 2>&1
	check "$name: it answers as before" diff before after
	check "$name: check" naskeysctl check
}
back "with the key" naskeysctl restore keyed --force
back "wrapped" sh -c \
    'echo correct horse | naskeysctl restore wrapped --force --passphrase-stdin'
cp /etc/naskeys/seal.key kept
empty
refuses "without any key" "could not be opened" naskeysctl restore plain \
    --force
refused "nothing was changed" getent passwd alice
check "without it all the same" naskeysctl restore plain --force \
    --without-seal-key
check "users are there" getent passwd alice
refused "secrets are not" naskeysctl keypair export pair --private
cp kept /etc/naskeys/seal.key
answers >after 2>&1
check "until the key is" diff before after
check "what it would do" naskeysctl --json restore keyed --dry-run
status "a wrong passphrase" 1 sh -c \
    'echo wrong horse | naskeysctl restore wrapped --force --passphrase-stdin'
says "not the passphrase"
status "one for a backup that takes none" 1 sh -c \
    'echo correct horse | naskeysctl restore keyed --force --passphrase-stdin'
says "has no key under one"
status "without a terminal or --force" 1 naskeysctl restore keyed
# another backup in the file while the question waits
cp keyed asked
touch screen
{
	wait_until grep -qF '[y/N]' screen
	cat plain >asked
	echo y
} | script -qec "naskeysctl restore asked" /dev/null >screen
check "what was shown is restored, or nothing" \
    grep -qF "has changed since" screen
answers >after 2>&1
check "nothing was" diff before after

# ---- what has happened since ----

naskeysctl user add hank --key one.pub --home /home/hank --create-home \
    >/dev/null 2>&1
naskeysctl key file hank home >/dev/null
inhome=$(getent passwd hank | cut -d: -f6)/.ssh/authorized_keys
check "a key in a home" grep -q "$(cut -d' ' -f2 one.pub)" "$inhome"
naskeysctl backup keyed --with-seal-key --force >/dev/null
ssh-keygen -q -t ed25519 -N '' -C late -f late
naskeysctl user add dave --key late.pub >/dev/null
naskeysctl key add hank late.pub >/dev/null 2>&1
echo '# by hand' >>"$inhome"
check "a later one too" grep -q "$(cut -d' ' -f2 late.pub)" "$inhome"
naskeysctl key remove alice "$(fingerprint one.pub)" --force >/dev/null
naskeysctl key revoke "$(fingerprint two.pub)" --force >/dev/null
naskeysctl restore keyed --dry-run >plan
check "the plan names what was revoked since" \
    grep -qF "$(fingerprint two.pub)" plan
check "restore" naskeysctl restore keyed --force
keys() { setpriv --reuid naskeys-akc --regid naskeys-akc --clear-groups \
    $akc "$1"; }
refused "who is new is gone" getent passwd dave
same "and what was written into a home since" "$(cut -d' ' -f2 "$inhome")" \
    "$(cut -d' ' -f2 one.pub; echo by)"
same "a removed key is back" "$(keys alice | cut -d' ' -f2)" \
    "$(cut -d' ' -f2 one.pub)"
same "a revoked one is not" "$(keys bob)" ""
check "it stays on the list" sh -c \
    "! ssh-keygen -Q -f /var/lib/naskeys/revoked.krl two.pub"
same "the log tells" "$(naskeysctl --json audit | jq -r '.[-1].action')" \
    naskeys.restore
check "and of what went before" sh -c \
    'naskeysctl --json audit | grep -q "Create user dave"'
check "all is well" naskeysctl check

# ---- killed anywhere ----

mkdir -m 700 kill one.dir
cmd() { naskeysctl --state-dir "$PWD/$dir" "$@"; }
dir=one.dir
cmd user add eve --key one.pub >/dev/null
cmd keypair generate e --type ed25519 >/dev/null
cmd backup eve.backup --with-seal-key >/dev/null
dir="kill"
cmd user add mallory >/dev/null
cmd keypair generate m --type ed25519 >/dev/null
cp -a kill kill.saved
# Old or new: its users, and the key that opens its own secrets.
whole() {
	local users
	users=$(cmd --json user list | jq -r '.[].username' | paste -sd' ')
	case $users in
	"root mallory") cmd keypair export m --private >/dev/null ;;
	"root eve") cmd keypair export e --private >/dev/null ;;
	*) echo "users: $users"; return 1 ;;
	esac && $helper --state-dir "$PWD/kill" --check
}
broken=0 n=0 old=0 new=0 went=1
for call in fdatasync fsync rename,renameat,renameat2 unlink,unlinkat; do
	went=1
	for n in $(seq 1 60); do
		rm -rf kill
		cp -a kill.saved kill
		strace -f -qq -o trace -e trace="$call" \
		    -e inject="$call":signal=KILL:when="$n" \
		    naskeysctl --state-dir "$PWD/kill" restore eve.backup \
		    --force >out 2>err
		grep -q 'killed by SIGKILL' trace || went=0
		if ! whole >why 2>&1; then
			broken=$((broken + 1))
			echo "  killed at $call $n:"
			sed 's/^/  /' why
		fi
		if cmd user show eve >/dev/null 2>&1; then
			new=$((new + 1))
		else
			old=$((old + 1))
		fi
		[ $went = 1 ] || break
		[ "${LONG:-no}" = yes ] || [ "$n" -lt 6 ] || break
	done
done
same "killed at any step it is the old or the new" "$broken" 0
check "it was the old ($old times)" test $old -gt 3
check "and the new ($new times)" test $new -gt 3
rm -rf kill
cp -a kill.saved kill
check "and undisturbed the new" cmd restore eve.backup --force
same "nothing is left behind" "$(find kill -name '*.restore*' -o \
    -name '*.new')" ""

# ---- a full disk ----

mkdir small
mount -t tmpfs -o size=1400k,mode=700 tmpfs small
cp -a kill.saved/. small/
dir=small
check "the small one works" cmd user list
head -c 4m /dev/zero >small/fill 2>/dev/null
status "a restore without room" 1 cmd restore eve.backup --force
rm small/fill
check "changes nothing" cmd user show mallory
check "nor the key" cmd keypair export m --private
umount small
mount -t tmpfs -o size=64k tmpfs small
status "a backup without room" 1 naskeysctl backup small/x
same "leaves no file" "$(ls small)" ""
umount small

# ---- beside edits ----

dir=one.dir
(for i in $(seq 20); do cmd user add "u$i" >/dev/null 2>&1; done) &
for i in 1 2 3; do
	cmd backup live$i >/dev/null || fail "backup $i beside edits"
	check "one beside edits is whole" cmd restore live$i --dry-run
done
wait
finish
