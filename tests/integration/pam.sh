#!/bin/bash
# SPDX-License-Identifier: ISC
#
# pam_naskeys in the programs that use it.  pam_unix is the oracle: the same
# accounts are asked for while they stand in /etc/shadow and after naskeys
# has taken them over, with the same calls.  Then Debian's own stack.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
check "init --configure" naskeysctl init --configure
call=$BUILD/tests/integration/pam_call
server=$BUILD/tests/integration/pam_server
man=$(readlink -f "$(dirname "$0")/../..")/man/pam_naskeys.8
socket=/run/naskeys/root/pam.sock
# shellcheck source=tests/integration/lib/sshd.bash
. "$(dirname "$0")/lib/sshd.bash"
mkdir -p /run/naskeys/root

serve() {	# RULE...: somebody in the helper's place
	"$server" $socket frames "$@" &
	served=$!
	wait_until listens $socket
}
unserve() { kill $served; wait $served 2>/dev/null; rm -f frames; }
service() {	# NAME MODULE-AND-OPTIONS
	local t
	for t in auth account session password; do
		echo "$t required $2"
	done >"/etc/pam.d/$1"
}
# codes of a call, in one line
codes() { "$call" "$@" 2>&1 | tr '\n' ' ' | sed 's/ $//'; }
only() { sed 's/PAM_//g'; }

service t_unix pam_unix.so
service t_naskeys pam_naskeys.so
service t_otp "pam_naskeys.so otp"
service t_typo "pam_naskeys.so opt"

# ---- pam_unix as the oracle ----

hash=$(openssl passwd -6 -salt saltsalt secret)
# no midnight between the two askings
left=$((86400 - EPOCHSECONDS % 86400))
[ $left -gt 600 ] || sleep $left
today=$((EPOCHSECONDS / 86400))
uid=2000
cases="good star locked expired later aged dead warned last ahead must early"
for u in $cases; do
	uid=$((uid + 1))
	useradd -u $uid -M -d /nonexistent -s /bin/sh -p "$hash" $u
done
usermod -p '*' star
usermod -L locked
chage -E $((today - 1)) expired
chage -E $((today + 5)) later
chage -d $((today - 91)) -M 90 -W 7 -I 30 aged
chage -d $((today - 121)) -M 90 -W 7 -I 30 dead
chage -d $((today - 85)) -M 90 -W 7 -I 30 warned
chage -d $((today - 90)) -M 90 -W 7 -I 30 last
chage -d $((today + 400)) -M 90 ahead
chage -d 0 must
chage -d $((today - 1)) -m 10 early

# One line for each account and way of calling: "account way: codes".
ask_all() {	# SERVICE
	local u p
	for u in $cases root nosuchuser; do
		for p in secret wrong ''; do
			echo "$u auth+account $p: $(codes -p "$p" "$1" $u \
			    authenticate setcred account open close | only)"
		done
		echo "$u account: $(codes "$1" $u account | only)"
		echo "$u session: $(codes "$1" $u open close | only)"
		echo "$u hangs up: $(codes -c hangup "$1" $u authenticate |
		    only)"
		echo "$u no answer: $(codes -c none "$1" $u authenticate |
		    only)"
		echo "$u no text: $(codes -c notext "$1" $u authenticate |
		    only)"
	done
	u=good
	echo "$u thrice: $(codes -p a -p b -p c -p secret "$1" $u \
	    authenticate authenticate authenticate authenticate | only)"
	echo "$u too long: $(codes -c long "$1" $u authenticate | only)"
	echo "$u binary: $(codes -c binary "$1" $u authenticate | only)"
	echo "$u wrong old: $(codes -p wrong "$1" $u expired | only)"
	echo "$u no old: $(codes -c hangup "$1" $u expired | only)"
	echo "$u no new: $(codes -p secret "$1" $u expired | only)"
	echo "$u two new: $(codes -p secret -p n0tThis -p n0tThat "$1" $u \
	    expired | only)"
	echo "$u changed: $(codes -p secret -p N3w.pass.word \
	    -p N3w.pass.word "$1" $u expired | only)"
}
cp -p /etc/shadow shadow.saved
ask_all t_unix >unix.txt
cp -p shadow.saved /etc/shadow
check "the accounts are taken over" naskeysctl user import --from-system \
    --min-uid 2000 --force
naskeysctl user lock locked >/dev/null || fail "user lock"
refused "and gone from shadow" grep -q '^good:' /etc/shadow
serve FAILURE=OK CHAUTHTOK=OK
ask_all t_naskeys >naskeys.txt

# What naskeys does otherwise on purpose: what it answers, and why.
differences="
locked account: PERM_DENIED
#	sshd admits a locked account by key, and pam_unix lets it
locked auth+account secret: AUTH_ERR PERM_DENIED PERM_DENIED SUCCESS SUCCESS
locked auth+account wrong: AUTH_ERR PERM_DENIED PERM_DENIED SUCCESS SUCCESS
locked auth+account : AUTH_ERR PERM_DENIED PERM_DENIED SUCCESS SUCCESS
aged account: SUCCESS
#	an aged password is nothing to a login by key
aged auth+account wrong: AUTH_ERR PERM_DENIED SUCCESS SUCCESS SUCCESS
aged auth+account : AUTH_ERR PERM_DENIED SUCCESS SUCCESS SUCCESS
dead account: SUCCESS
dead auth+account wrong: AUTH_ERR PERM_DENIED SUCCESS SUCCESS SUCCESS
dead auth+account : AUTH_ERR PERM_DENIED SUCCESS SUCCESS SUCCESS
must account: SUCCESS
must auth+account wrong: AUTH_ERR PERM_DENIED SUCCESS SUCCESS SUCCESS
must auth+account : AUTH_ERR PERM_DENIED SUCCESS SUCCESS SUCCESS
root auth+account secret: USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN
#	root is never ours
root auth+account wrong: USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN
root auth+account : USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN
root account: USER_UNKNOWN
root session: USER_UNKNOWN USER_UNKNOWN
root hangs up: USER_UNKNOWN
root no answer: USER_UNKNOWN
root no text: USER_UNKNOWN
nosuchuser auth+account secret: USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN
#	a session, too, is for users whom the module knows
nosuchuser auth+account wrong: USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN
nosuchuser auth+account : USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN USER_UNKNOWN
nosuchuser session: USER_UNKNOWN USER_UNKNOWN
"
line_of() { awk -v w="$1: " 'index($0, w) == 1'; }
while IFS= read -r line; do
	what=${line%%: *}
	ours=$(line_of "$what" <naskeys.txt)
	wanted=$(line_of "$what" <<<"$differences")
	if [ -n "$wanted" ]; then
		same "otherwise than pam_unix: $what" "$ours" "$wanted"
		[ "$wanted" != "$line" ] ||
			fail "which is no difference: $what"
	else
		same "as pam_unix: $what" "$ours" "$line"
	fi
done <unix.txt
unserve

# ---- pamtester, a code each ----

pamtester_says() {	# NAME WANTED PASSWORD SERVICE USER OPERATION
	local name=$1 wanted=$2 password=$3 out
	shift 3
	out=$(printf '%s\n' "$password" | pamtester "$@" 2>&1 </dev/stdin |
	    tr '\n' ' ')
	case $out in
	*"$wanted"*) pass "pamtester: $name" ;;
	*) echo "  $out"; fail "pamtester: $name" ;;
	esac
}
serve FAILURE=OK
{
	pamtester_says "PAM_AUTH_ERR" "Authentication failure" wrong \
	    t_naskeys good authenticate &
	pamtester_says "PAM_AUTH_ERR, locked" "Authentication failure" \
	    secret t_naskeys locked authenticate &
	pamtester_says "PAM_USER_UNKNOWN, asked" "User not known" secret \
	    t_naskeys nosuchuser authenticate &
	# shellcheck disable=SC2046
	wait $(jobs -p | grep -v "^$served\$")
} 2>/dev/null
pamtester_says "PAM_SUCCESS" "successfully authenticated" secret \
    t_naskeys good authenticate
pamtester_says "PAM_USER_UNKNOWN" "User not known" secret \
    t_naskeys root authenticate
pamtester_says "PAM_SUCCESS, account" "account management done" '' \
    t_naskeys good acct_mgmt
pamtester_says "PAM_PERM_DENIED" "Permission denied" '' \
    t_naskeys locked acct_mgmt
pamtester_says "PAM_ACCT_EXPIRED" "account has expired" '' \
    t_naskeys expired acct_mgmt
pamtester_says "PAM_NEW_AUTHTOK_REQD" "new one required" secret \
    t_naskeys aged 'authenticate' acct_mgmt
pamtester_says "PAM_AUTHTOK_EXPIRED" "expired" secret \
    t_naskeys dead 'authenticate' acct_mgmt
pamtester_says "PAM_SERVICE_ERR" "Error in service module" secret \
    t_typo good authenticate
pamtester_says "PAM_SUCCESS, session" "successfully opened a session" '' \
    t_naskeys good open_session
unserve
pamtester_says "PAM_SYSTEM_ERR" "System error" "$(printf 'new\nnew')" \
    t_naskeys good chauthtok

# ---- nothing is left behind ----

serve FAILURE=drop OTP=cut
for how in answer hangup none notext long binary; do
	same "descriptors: $how" "$("$call" -m -n 3 -c $how -p secret \
	    t_naskeys good authenticate account open close | tail -1 |
	    cut -d, -f1)" "0 descriptors"
done
for row in "right:-p secret" "wrong, and the helper dies:-p wrong" \
    "nobody knows it:-p x -e A=b"; do
	u=good
	[ "${row%%:*}" != "nobody knows it" ] || u=nosuchuser
	# shellcheck disable=SC2086
	check "valgrind: ${row%%:*}" valgrind -q --leak-check=full \
	    --errors-for-leak-kinds=definite --error-exitcode=99 \
	    --suppressions=/dev/null --trace-children=no "$call" ${row#*:} \
	    t_naskeys $u authenticate setcred account open close
done
unserve

# ---- how far it is to the hash ----

# From the first opening of a map to what follows the secret: the hash.
strace -o trace -e trace='!rt_sigaction' "$call" -p secret t_naskeys good \
    authenticate >/dev/null
far=$(awk '/accounts\.map/ && !from { from = NR }
    /secrets\.map/ && !to { to = NR + 3 }
    END { print from && to ? to - from + 1 : 0 }' trace)
check "system calls on the way to the hash: $far, fewer than 10" \
    [ "$far" -gt 0 ] && [ "$far" -lt 10 ] || fail "system calls"
same "no thread is made" "$(grep -cE '^(clone|clone3|fork|vfork)\(' trace)" 0

# ---- the user's agent ----

service t_agent "pam_naskeys.so agent"
ssh-keygen -q -t ed25519 -N '' -f agentkey
chmod 711 .
install -d -o 2001 -m 700 agents
agent() {	# UID NAME
	setpriv --reuid "$1" --clear-groups -- ssh-agent -a "$PWD/$2" |
	    sed -n 's/.*PID=\([0-9]*\);.*/\1/p'
}
good_agent=$(agent 2001 agents/good)
other_agent=$(agent 0 agents/other)
chmod 666 agents/other
by_agent() {	# SOCKET
	SSH_AUTH_SOCK=$PWD/agents/$1 codes -m -p wrong t_agent good \
	    authenticate | sed 's/, [0-9]* ms//'
}
list=$(printf '\013')		# to an agent: which keys are there?
serve FAILURE=OK "AGENT_CHALLENGE=CONTINUE:$list" AGENT_VERIFY=OK
same "an agent whose key is known" "$(by_agent good)" \
    "PAM_SUCCESS 0 descriptors"
check "has been asked" grep -qF "0 AGENT_CHALLENGE [good] [t_agent] []" frames
check "and its answer passed on" grep -qaF "0 AGENT_VERIFY [" frames
for s in other none ../agentkey; do
	same "the agent $s is not the user's" "$(by_agent $s)" \
	    "PAM_AUTH_ERR 0 descriptors"
done
# what the caller's groups open is not the user's
install -d -g 4242 -m 710 theirs
ln agents/good theirs/good
in_group() {
	SSH_AUTH_SOCK=$PWD/theirs/good setpriv "$@" -- "$call" -p wrong \
	    t_agent good authenticate 2>&1
}
same "nor one that a group of the caller may ask" \
    "$(in_group --groups 4242)" PAM_AUTH_ERR
same "or its own group" "$(in_group --regid 4242 --clear-groups)" PAM_AUTH_ERR
chmod 711 theirs
same "which the user may, then" "$(in_group --groups 4242)" PAM_SUCCESS
same "nor is none" "$(codes -p wrong t_agent good authenticate)" PAM_AUTH_ERR
echo 'Defaults env_keep += "SSH_AUTH_SOCK"' >/etc/sudoers.d/keep
echo 'good ALL=(ALL) ALL' >/etc/sudoers.d/good
cp -p /etc/pam.d/sudo sudo.saved
# as the man page has it
line=$(sed -n 's/^\(auth .*pam_naskeys.so agent otp\)$/\1/p' "$man")
check "the man page has a line for sudo" [ -n "$line" ]
sed -i "s/^@include common-auth/$line\n&/" /etc/pam.d/sudo
by_sudo() {
	SSH_AUTH_SOCK=$PWD/agents/good setpriv --reuid 2001 --regid 2001 \
	    --clear-groups -- sudo -k -S id -un 2>/dev/null </dev/null
}
same "sudo by the agent" "$(by_sudo)" root
rm /etc/sudoers.d/keep
same "not where sudo has removed the variable" "$(by_sudo)" ""
echo 'Defaults env_keep += "SSH_AUTH_SOCK"' >/etc/sudoers.d/keep
unserve
serve FAILURE=OK AGENT_CHALLENGE=AUTH_ERR AGENT_VERIFY=OK
same "the helper refuses" "$(by_agent good)" "PAM_AUTH_ERR 0 descriptors"
same "sudo, too" "$(by_sudo)" ""
unserve
serve FAILURE=OK "AGENT_CHALLENGE=CONTINUE:$list" \
    "AGENT_VERIFY=CONTINUE:$list"
same "no end of questions" "$(by_agent good)" "PAM_AUTH_ERR 0 descriptors"
same "comes to an end" "$(grep -ca AGENT_VERIFY frames)" 31
unserve
for ill in "CONTINUE+" garbage cut drop; do
	serve FAILURE=OK "AGENT_CHALLENGE=$ill"
	same "a challenge that is $ill" "$(by_agent good)" \
	    "PAM_AUTH_ERR 0 descriptors"
	unserve
done
kill "$good_agent" "$other_agent"
rm /etc/sudoers.d/keep /etc/sudoers.d/good
cp -p sudo.saved /etc/pam.d/sudo

# ---- Debian's stack ----

pam-auth-update --remove pwquality
check "pam-auth-update" pam-auth-update --enable naskeys
same "we stand before pam_unix in auth" "$(grep -oE 'pam_(naskeys|unix)' \
    /etc/pam.d/common-auth | tr '\n' ' ')" "pam_naskeys pam_unix "
same "and in account" "$(grep -oE 'pam_(naskeys|unix)' \
    /etc/pam.d/common-account | tr '\n' ' ')" "pam_naskeys pam_unix "
for t in auth account password session; do echo "@include common-$t"; done \
    >/etc/pam.d/t_debian
useradd -u 1500 -M -d /nonexistent -s /bin/sh -p "$hash" locala
usermod -p "$hash" root
all="authenticate setcred account open close"
happy="PAM_SUCCESS PAM_SUCCESS PAM_SUCCESS PAM_SUCCESS PAM_SUCCESS"
stack() {	# PASSWORD USER PHASE...
	local p=$1
	shift
	codes -p "$p" t_debian "$@"
}
others_log_in() {	# WHEN
	# shellcheck disable=SC2086
	{
	same "root logs in: $1" "$(stack secret root $all)" "$happy"
	same "a local user logs in: $1" "$(stack secret locala $all)" \
	    "$happy"
	}
	same "a wrong password of a local user: $1" \
	    "$(stack wrong locala authenticate)" PAM_AUTH_ERR
	same "a local user changes its password: $1" "$(codes -p secret \
	    -p 'Tr1cky.enough.9' -p 'Tr1cky.enough.9' t_debian locala \
	    expired)" PAM_SUCCESS
	usermod -p "$hash" locala
}
serve FAILURE=OK CHAUTHTOK=OK
# shellcheck disable=SC2086
same "a NAS user logs in" "$(stack secret good $all)" "$happy"
same "not with a wrong password" "$(stack wrong good authenticate)" \
    PAM_AUTH_ERR
same "a locked one does not" "$(stack secret locked authenticate)" \
    PAM_AUTH_ERR
same "nor by key" "$(stack x locked account)" PAM_PERM_DENIED
same "an expired one does not" "$(stack secret expired account)" \
    PAM_ACCT_EXPIRED
same "an aged one has to change" "$(stack secret aged authenticate account)" \
    "PAM_SUCCESS PAM_NEW_AUTHTOK_REQD"
same "nobody is refused" "$(stack secret nosuchuser authenticate account)" \
    "PAM_AUTH_ERR PAM_AUTH_ERR"
same "a NAS user changes its password" "$(codes -p secret -p N3w.pass.word \
    -p N3w.pass.word t_debian good expired)" PAM_SUCCESS
check "which the helper hears" grep -qF \
    '[good] [secret] [N3w.pass.word]' frames
others_log_in "with us there"
pam-auth-update --enable pwquality
others_log_in "with pam_pwquality before us"
same "a weak password is refused by pam_pwquality" "$(codes -p secret \
    -p abc -p abc t_debian good expired | grep -o 'PAM_.*')" PAM_AUTHTOK_ERR
check "su by password" sh -c 'echo secret | setpriv --reuid 1500 \
    --clear-groups -- su good -c "id -un" 2>/dev/null | grep -x good'
refused "not by a wrong one" sh -c 'echo wrong | setpriv --reuid 1500 \
    --clear-groups -- su good -c "id -un" 2>/dev/null | grep -x good'
refused "root's su does not make a locked one" su locked -c true
unserve

# hashes in shadow open no way around us
naskeysctl user edit good --password-login no >/dev/null
echo "shadow_hashes = yes" >>/etc/naskeys/naskeys.conf
check "shadow_hashes" naskeysctl sync
same "a disabled password is refused" "$(stack secret good authenticate)" \
    PAM_AUTH_ERR
same "a locked account is refused" "$(stack secret locked authenticate)" \
    PAM_AUTH_ERR
sed -i '/shadow_hashes/d' /etc/naskeys/naskeys.conf
check "no shadow_hashes" naskeysctl sync
refused "unix_chkpwd knows nobody of ours" sh -c \
    'printf "secret\0" | setpriv --reuid 2005 --clear-groups -- \
    /usr/sbin/unix_chkpwd later nullok'

# ---- sshd ----

ssh-keygen -q -t ed25519 -N '' -f key
for u in carol dave; do
	naskeysctl user add $u --home /nonexistent --password-stdin \
	    --key key.pub <<<'secret' >/dev/null || fail "user add"
done
naskeysctl user edit carol --ssh-password yes >/dev/null
printf '#!/bin/sh\necho secret\n' >askpass
chmod 755 askpass
by() {	# METHOD USER
	SSH_ASKPASS=$PWD/askpass SSH_ASKPASS_REQUIRE=force setsid -w \
	    ssh -F none -p "$port" -o PreferredAuthentications="$1" -i key \
	    -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
	    -o NumberOfPasswordPrompts=1 -o UserKnownHostsFile=/dev/null \
	    -o LogLevel=ERROR "$2@127.0.0.1" id -un
}
cat >see <<-E2
	#!/bin/sh
	echo "\$PAM_TYPE \$SSH_AUTH_INFO_0" >>$PWD/seen
E2
chmod 755 see
serve FAILURE=OK
start_sshd yes -o KbdInteractiveAuthentication=yes
same "sshd: password" "$(by password carol)" carol
same "sshd: keyboard-interactive" "$(by keyboard-interactive carol)" carol
same "sshd: publickey" "$(by publickey carol)" carol
refused "sshd: no password where it may not" by password dave
check "and its end" wait_until grep -qF "SESSION_CLOSE [carol] [sshd] [ssh]" \
    frames
check "sshd: the helper hears which key it was" grep -qF "SESSION_OPEN \
[carol] [sshd] [127.0.0.1] [ssh] [publickey ssh-ed25519 $(cut -d' ' -f2 key.pub |
    cut -c1-20)" <(tr -d '\n' <frames)
naskeysctl user lock carol >/dev/null
mkdir -p /etc/ssh/keys
cp key.pub /etc/ssh/keys/carol
stop_sshd
start_sshd yes -o KbdInteractiveAuthentication=yes \
    -o AuthorizedKeysFile=/etc/ssh/keys/%u
refused "sshd: a locked user by a key in a file" by publickey carol
naskeysctl user unlock carol >/dev/null
same "sshd: who is unlocked" "$(by publickey carol)" carol
stop_sshd
# what a second factor behind a key relies on
sed -i "1i auth optional pam_exec.so $PWD/see" /etc/pam.d/sshd
start_sshd yes -o KbdInteractiveAuthentication=yes \
    -o AuthenticationMethods=publickey,keyboard-interactive
same "sshd: a key and a password" \
    "$(by publickey,keyboard-interactive carol)" carol
check "sshd says in auth which key it has taken" \
    grep -q '^auth publickey ssh-ed25519 AAAA' seen
stop_sshd
unserve

# ---- all maps gone ----

record_syslog
mv /run/naskeys/maps maps.away
others_log_in "with all maps gone"
same "no NAS user does" "$(stack secret carol authenticate)" PAM_AUTH_ERR
pamtester_says "PAM_AUTHINFO_UNAVAIL" "cannot retrieve authentication" \
    secret t_naskeys carol authenticate
codes -p secret t_naskeys 'typed too early' authenticate >out
check "the log has why" \
    wait_until grep -q "accounts.map cannot be read or trusted" syslog
refused "and no name, which may be a password" grep -q "typed too early" syslog
mv maps.away /run/naskeys/maps
mv /run/naskeys/maps/secrets.map .
others_log_in "with secrets.map gone"
same "a NAS user does not" "$(stack secret carol authenticate account)" \
    "PAM_SYSTEM_ERR PAM_SUCCESS"
mv secrets.map /run/naskeys/maps
same "and does with it" "$(stack secret carol authenticate account)" \
    "PAM_SUCCESS PAM_SUCCESS"
check "pam-auth-update --remove" pam-auth-update --remove naskeys
refused "nothing of us is left there" grep -r pam_naskeys \
    /etc/pam.d/common-auth /etc/pam.d/common-account
kill "$logger"
finish
