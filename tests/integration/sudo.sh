#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Commands for sudo, with the real sudo: what a user or group is given counts
# at once, and what is taken away counts no more; visudo and cvtsudoers say
# what the rules mean.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
cd "$(mktemp -d)" || exit 1
chmod 700 .
check "init --configure" naskeysctl init --configure
helper=/usr/libexec/naskeys/naskeys-helper
db=/var/lib/naskeys/naskeys.db
file=/etc/sudoers.d/10-naskeys

# call METHOD PARAMS-JSON
call() {
	printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' "$1" \
	    "$2" | $helper >answer 2>err
	jq -e 'select(.id == 1) | has("result")' answer >/dev/null || {
		cat answer err
		return 1
	}
}
id_of() { sqlite3 $db "SELECT id FROM users WHERE name = '$1'"; }
give() { call user.update "[$(id_of "$1"), $2]"; }
# may USER COMMAND...: without a password
may() { local u=$1; shift; setpriv --reuid "$u" --regid "$u" \
    --init-groups sudo -n "$@"; }
refuted() { ! "$@"; }

for u in alice bob carol; do
	naskeysctl user add $u --shell /bin/sh </dev/null >/dev/null ||
	    fail "user add $u"
done
check "without commands there is no file" test ! -e $file
refused "nor a right" may alice id

# ---- users ----

check "a command without password" give alice \
    '{"sudo_commands_nopasswd":["/usr/bin/id -u","/bin/echo"]}'
same "the file is root's, 0440" "$(stat -c '%U %a' $file)" "root 440"
same "alice is root with it" "$(may alice id -u)" 0
same "and with any argument of the other" "$(may alice /bin/echo a b)" "a b"
refused "not with another argument" may alice id
refused "nor with another command" may alice /bin/cat /etc/shadow
refused "nor is bob" may bob id -u
sudo -l -U alice | cat >list
check "sudo -l tells of it" grep -qF '(ALL) NOPASSWD: /usr/bin/id -u, /bin/echo' \
    list
check "a command with password" give alice '{"sudo_commands":["/bin/cat"]}'
refused "asks for it" may alice /bin/cat /etc/shadow
check "and the others stay" may alice id -u
check "all is well" naskeysctl check

check "lock" naskeysctl user lock alice
refused "who is locked may nothing" may alice id -u
refused "nor stands in the file" grep -q alice $file
check "unlock" naskeysctl user unlock alice
check "may again" may alice id -u
check "expiry" naskeysctl user edit alice --expires 2031-05-06T07:08:09Z
check "stands in the rule" grep -qF NOTAFTER=20310506070809Z $file
check "and leaves it" may alice id -u
check "an expiry that has passed" naskeysctl user edit alice \
    --expires 2021-05-06
refused "does not" may alice id -u
check "also where PAM is not asked" sh -c 'printf "Defaults !pam_acct_mgmt\n" \
    >/etc/sudoers.d/20-test'
refused "still not" may alice id -u
rm /etc/sudoers.d/20-test
check "no expiry" naskeysctl user edit alice --expires never

# a stranger under an old name, an alias with a user's
check "rename" give alice '{"username":"ALL","force":true}'
naskeysctl --json user show ALL >/dev/null && n=ALL || n=alice
check "a user called $n means itself alone" refuted may bob id -u
uid=$(sqlite3 $db "SELECT uid FROM users WHERE id = 2")
check "and keeps its rule" grep -q "^#$uid ALL=" $file
[ $n = alice ] || give ALL '{"username":"alice"}'

check "cleared" give alice '{"sudo_commands":[],"sudo_commands_nopasswd":[]}'
refused "counts no more" may alice id -u
check "all commands" give alice '{"sudo_commands_nopasswd":["ALL"]}'
same "are all" "$(may alice sh -c 'id -u')" 0
check "delete" naskeysctl user delete alice --force
refused "nothing is left of it" grep -q NOPASSWD $file

# ---- groups ----

check "a group" naskeysctl group add ops
check "with a command" naskeysctl group edit ops \
    --sudo-nopasswd '/usr/bin/id -u'
refused "for its members alone" may bob id -u
check "bob enters" naskeysctl user edit bob --groups ops
same "bob may" "$(may bob id -u)" 0
check "bob leaves" naskeysctl user edit bob --groups ''
refused "bob may not" may bob id -u
check "a command of bob's own" naskeysctl user edit bob \
    --sudo /bin/cat --sudo-nopasswd '/usr/bin/id -u' --sudo-nopasswd /bin/echo
same "bob may" "$(may bob id -u)$(may bob /bin/echo 1)" 01
refuses "one that is none" "Executable must be an absolute path" \
    naskeysctl user edit bob --sudo cat
check "none" naskeysctl user edit bob --sudo none --sudo-nopasswd none
refused "is none" may bob id -u

# ---- what the text means, by sudo's own parser ----

oracle() {	# NAME COMMAND WANTED: as cvtsudoers reads it
	check "$1" give carol "$(jq -cn --arg c "$2" \
	    '{sudo_commands_nopasswd:[$c]}')"
	uid=$(sqlite3 $db "SELECT uid FROM users WHERE name = 'carol'")
	same "$1: read as" "$(cvtsudoers -f json $file | jq -r \
	    ".User_Specs[] | select(.User_List[0].userid == $uid) |
	    [.Cmnd_Specs[].Commands[].command] | join(\" | \")")" "$3"
}
mkdir -p '/opt/my tools'
cp /bin/echo '/opt/my tools/a,b:c=d#e'
oracle "a comma, a colon" '/bin/echo a,b:c=d#e' '/bin/echo a,b:c=d#e'
same "which matches" "$(may carol /bin/echo a,b:c=d#e)" "a,b:c=d#e"
oracle "signs in the path" "'/opt/my tools/a,b:c=d#e' x" \
    '/opt/my tools/a,b:c=d#e x'
same "which matches" "$(may carol '/opt/my tools/a,b:c=d#e' x)" "x"
oracle "a wildcard" '/bin/echo a*' '/bin/echo a*'
same "which matches" "$(may carol /bin/echo abc)" abc
oracle "a quoted one" "/bin/echo 'a*'" '/bin/echo a\*'
refused "which does not" may carol /bin/echo abc
same "but itself" "$(may carol /bin/echo 'a*')" 'a*'
oracle "a backslash" "/bin/echo 'a\\b'" '/bin/echo a\\b'
same "which matches itself" "$(may carol /bin/echo 'a\b' | od -An -c |
    tr -d ' ')" "$(/bin/echo 'a\b' | od -An -c | tr -d ' ')"
oracle "no argument" "/usr/bin/id ''" '/usr/bin/id ""'
check "which matches" may carol id
refused "and nothing else" may carol id -u
oracle "what looks like an expression" '/bin/echo ^.*$' '/bin/echo \^.*$'
refused "is none" may carol /bin/echo anything
oracle "what looks like a list" '/bin/echo x, ALL' '/bin/echo x, ALL'
refused "is none" may carol id
oracle "two spaces" "/bin/echo 'a  b'" '/bin/echo a  b'
oracle "a folder" /usr/bin/ /usr/bin/
check "which matches" may carol id
for wrong in '/usr/bin/ x' "/bin/'*'" "/bin/echo '' ''" '/usr/bin/sudoedit x'; do
	refused "no rule: $wrong" give carol \
	    "$(jq -cn --arg c "$wrong" '{sudo_commands:[$c]}')"
done

# ---- what is not as it should be ----

# commands of an older version, which it did not hold against sudoers
sqlite3 $db "UPDATE users SET sudo_commands = '/bin/sudoedit x
/bin/cat' WHERE name = 'bob'"
check "sync" naskeysctl sync
uid=$(sqlite3 $db "SELECT uid FROM users WHERE name = 'bob'")
same "one costs no other" "$(grep "^#$uid " $file)" "#$uid ALL=(ALL) /bin/cat"
check "visudo takes it" visudo -cf $file
status "check tells" 1 naskeysctl check
check "and of what" grep -q 'left out of the rules' out
sqlite3 $db "UPDATE users SET sudo_commands = '' WHERE name = 'bob'"
check "sync" naskeysctl sync

echo 'mallory ALL=(ALL) NOPASSWD: ALL' >>$file
status "an edit by hand" 1 naskeysctl check
check "goes" naskeysctl sync
refused "for good" grep -q mallory $file
rm $file
check "a lost file" naskeysctl user edit bob --full-name Bob
check "comes back" may carol id
sed -i '/includedir/d' /etc/sudoers
status "a sudoers that does not read it" 1 naskeysctl check
check "is told of" grep -q includedir out
echo '@includedir /etc/sudoers.d' >>/etc/sudoers
check "and mended" naskeysctl check
echo 'nonsense here' >/etc/sudoers.d/30-theirs
chmod 440 /etc/sudoers.d/30-theirs
check "another's fault" give bob '{"sudo_commands_nopasswd":["/usr/bin/id -u"]}'
same "costs ours nothing" "$(may bob id -u 2>/dev/null)" 0
rm /etc/sudoers.d/30-theirs

# ---- a crash between COMMIT and the file ----

strace -f -qq -e trace=renameat,rename,renameat2 \
    -e inject=renameat:signal=KILL:when=1 -o trace \
    naskeysctl --json user lock bob >/dev/null 2>&1
cp $file before
if [ "$(sqlite3 $db "SELECT locked FROM users WHERE name = 'bob'")" = 1 ]; then
	pass "killed after COMMIT"
else
	strace -f -qq -e inject=renameat:signal=KILL:when=1 -o trace \
	    sh -c 'printf "%s\n" "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"user.update\",\"params\":['"$(id_of bob)"',{\"locked\":true}]}" | '$helper >/dev/null 2>&1
	same "killed after COMMIT" \
	    "$(sqlite3 $db "SELECT locked FROM users WHERE name = 'bob'")" 1
fi
$helper --sync
refused "the next start takes the rule away" may bob id -u
refused "and the line" grep -q bob $file

# ---- without sudo ----

mv /usr/sbin/visudo /usr/sbin/visudo.away
check "without sudo the field is kept" give carol \
    '{"sudo_commands":["/bin/cat"]}'
check "and the answer says so" grep -q 'There is no sudo' answer
check "no unchecked rule stays" test ! -e $file
status "check says so" 1 naskeysctl check
check "with what to do" grep -q 'install it' out
mv /usr/sbin/visudo.away /usr/sbin/visudo
check "once it is there" naskeysctl sync
check "the rules are in force" may carol id
check "all is well" naskeysctl check
finish
