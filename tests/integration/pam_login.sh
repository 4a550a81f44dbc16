#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Logins through Debian's stack with everything real: pam_naskeys, the helper
# on its sockets, sshd, sudo, su and passwd.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
check "init --configure" naskeysctl init --configure
. "$(dirname "$0")/lib/sshd.bash"
chmod 755 .
check "pam-auth-update" pam-auth-update --enable naskeys
helper=
serve() {
	/usr/libexec/naskeys/naskeys-helper \
	    --listen /run/naskeys/helper.sock \
	    --listen /run/naskeys/root/helper.sock \
	    --listen /run/naskeys/pam.sock --protocol pam \
	    --listen /run/naskeys/root/pam.sock --protocol pam \
	    2>>helper.log &
	helper=$!
	wait_until listens /run/naskeys/root/pam.sock
}
unserve() { kill $helper; wait $helper 2>/dev/null; }
serve

# nobody has a home here
login() {
	ssh -F none -p $port -i "$1" -o BatchMode=yes -o IdentitiesOnly=yes \
	    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
	    -o LogLevel=ERROR "$2@127.0.0.1" id -un 2>/dev/null
}
user() {	# NAME ARGS...
	local name=$1
	shift
	echo "$name's" | naskeysctl user add "$name" --home /nonexistent \
	    --password-stdin "$@" >/dev/null 2>&1 || fail "user add $name"
}
ssh-keygen -q -t ed25519 -N '' -f key
ssh-keygen -q -t ed25519 -N '' -f other
user alice --key key.pub
user bob
user carol --key key.pub
user dave --key key.pub
for u in alice dave; do
	naskeysctl user edit $u --ssh-password yes >/dev/null
done
useradd -u 1500 -M -d /nonexistent -s /bin/sh \
    -p "$(openssl passwd -6 local)" locala

# What is typed: a line for each question, the last one for all further ones.
cat >askpass <<-'END'
	#!/bin/sh
	n=$(cat "$ANSWERS.n" 2>/dev/null || echo 1)
	echo $((n + 1)) >"$ANSWERS.n"
	sed -n "${n}p" "$ANSWERS" | grep . || tail -1 "$ANSWERS"
END
chmod 755 askpass
# typed USER METHODS ANSWER...: log in and say who it is
typed() {
	local user=$1 methods=$2
	shift 2
	printf '%s\n' "$@" >answers
	rm -f answers.n
	ANSWERS=$PWD/answers SSH_ASKPASS=$PWD/askpass \
	    SSH_ASKPASS_REQUIRE=force setsid -w ssh -F none -p "$port" \
	    -o PreferredAuthentications="$methods" -i key \
	    -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
	    -o NumberOfPasswordPrompts=1 -o UserKnownHostsFile=/dev/null \
	    -o LogLevel=ERROR "$user@127.0.0.1" id -un 2>/dev/null
}
asked=keyboard-interactive

### Passwords over SSH

start_sshd yes -o KbdInteractiveAuthentication=yes \
    -o "AuthenticationMethods=publickey password $asked"
same "password" "$(typed alice password "alice's")" alice
same "keyboard-interactive" "$(typed alice $asked "alice's")" alice
check "a wrong one" [ "$(typed alice $asked wrong)" != alice ]
check "the right one where SSH takes none" \
    [ "$(typed bob $asked "bob's")" != bob ]
same "publickey" "$(login key alice)" alice
same "a user of passwd(5)" "$(typed locala password local)" locala

### What is recorded

# nobody waits for the record of a login that went well
has_login() { naskeysctl user show alice --json | jq -e .last_login_at; }
check "the last login" wait_until has_login
same "from where the key was used" "$(naskeysctl key list alice --json |
    jq -r '.[0].last_used_from')" 127.0.0.1
same "and not another one's" "$(naskeysctl key list carol --json |
    jq -r '.[0].last_used_from')" null

ssh-keygen -q -t ed25519 -N '' -f authority
sed 's/^/cert-authority /' authority.pub | naskeysctl key add dave - >/dev/null
ssh-keygen -q -s authority -I id -n dave other.pub
same "by certificate" "$(login other dave)" dave
used() { naskeysctl key list dave --json | jq -c '[.[] | .last_used_from]'; }
was_used() { [ "$(used)" != '[null,null]' ]; }
wait_until was_used
same "the authority's line was used" "$(used)" '[null,"127.0.0.1"]'

### Lock-out

for _ in 1 2 3 4; do
	typed dave $asked wrong >/dev/null
done
same "four failures" "$(typed dave $asked "dave's")" dave
for _ in 1 2 3 4 5; do
	typed dave $asked wrong >/dev/null
done
check "five failures keep the right password out" \
    [ "$(typed dave $asked "dave's")" != dave ]
same "but not the key" "$(login key dave)" dave
check "user show says so" sh -c \
    'naskeysctl user show dave | grep -q "^Locked out"'
check "sync" naskeysctl sync --force
check "maps built anew know it" [ "$(typed dave $asked "dave's")" != dave ]
check "user unlock" naskeysctl user unlock dave
same "ends it" "$(typed dave $asked "dave's")" dave

# 100 guesses at once, the right one last
printf 'auth required pam_naskeys.so\naccount required pam_naskeys.so\n' \
    >/etc/pam.d/t_naskeys
guess() { echo "$1" | pamtester t_naskeys bob authenticate 2>&1; }
export -f guess
{ for i in $(seq 99); do echo "guess$i"; done; echo "bob's"; } |
    xargs -P 100 -I{} bash -c 'guess "$1"' guess {} >guesses 2>&1
same "100 parallel guesses, the right one last: nobody is let in" \
    "$(grep -c successfully guesses)" 0
check "user unlock" naskeysctl user unlock bob
same "the right one alone" "$(guess "bob's" | grep -c successfully)" 1

### A screen locker: nobody's rights but the user's

locker() {	# ASKER USER PASSWORD
	local id
	id=$(id -u "$1")
	echo "$3" | setpriv --reuid "$id" --regid "$id" --init-groups -- \
	    pamtester t_naskeys "$2" authenticate 2>&1 |
	    grep -c "successfully"
}
same "its own password" "$(locker bob bob "bob's")" 1
same "a wrong one" "$(locker bob bob wrong)" 0
same "another's, right" "$(locker bob dave "dave's")" 0
same "another's, by a user of passwd(5)" "$(locker locala bob "bob's")" 0
export -f locker
seq 60 | xargs -P 30 -I{} bash -c 'locker bob bob wrong{}' >flood
same "a flood of wrong ones" "$(sort -u flood)" 0
# a try comes back every half minute
for _ in 1 2 3; do locker bob bob "bob's"; done >after
check "is stopped" [ "$(grep -c 1 after)" -le 1 ]
same "and keeps nobody out of the machine" \
    "$(guess "bob's" | grep -c successfully)" 1

### Second factor

token=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
code() { oathtool -b --hotp -c "$1" $token; }
for u in alice carol; do
	check "user otp $u enroll" naskeysctl user otp $u enroll --kind hotp \
	    --secret-stdin --code-stdin <<<"$token
$(code 0)"
done
same "password and code" "$(typed alice $asked "alice's" "$(code 1)")" alice
check "the same code again" \
    [ "$(typed alice $asked "alice's" "$(code 1)")" != alice ]
check "the password alone" [ "$(typed alice password "alice's")" != alice ]
check "a wrong password, a right code" \
    [ "$(typed alice $asked wrong "$(code 2)")" != alice ]
same "which is good the next time" \
    "$(typed alice $asked "alice's" "$(code 2)")" alice
echo "alice's" >line
check "a service that does not ask for it" \
    [ "$(pamtester t_naskeys alice authenticate <line 2>&1 |
    grep -c successfully)" = 0 ]
# What changes while the code is typed counts.
printf 'auth required pam_naskeys.so otp\n' >/etc/pam.d/t_otp
mkfifo slowly
in_between() {	# PASSWORD CODE COMMAND...
	local n
	pamtester t_otp alice authenticate <slowly >said 2>&1 &
	n=$!
	exec 9>slowly
	echo "$1" >&9
	wait_until grep -qi one-time said
	"${@:3}" >/dev/null
	echo "$2" >&9
	exec 9>&-
	wait $n
	grep -c successfully said
}
set_password() { echo "$2" | naskeysctl user passwd "$1" --stdin; }
same "nothing" "$(in_between "alice's" "$(code 3)" true)" 1
same "another password" "$(in_between "alice's" "$(code 4)" \
    set_password alice other)" 0
same "a locked account" "$(in_between other "$(code 5)" \
    naskeysctl user lock alice)" 0
naskeysctl user unlock alice >/dev/null
set_password alice "alice's" >/dev/null
same "the key alone, where sshd wants no more" "$(login key carol)" carol
stop_sshd
start_sshd yes -o KbdInteractiveAuthentication=yes \
    -o "AuthenticationMethods=publickey,$asked"
same "publickey+otp" "$(typed carol "publickey,$asked" "$(code 1)")" carol
check "not with a used code" \
    [ "$(typed carol "publickey,$asked" "$(code 1)")" != carol ]
check "nor with the password in its place" \
    [ "$(typed carol "publickey,$asked" "carol's")" != carol ]
check "nor without the key" [ "$(typed carol $asked "$(code 2)")" != carol ]
stop_sshd
check "user otp remove" naskeysctl user otp alice remove
start_sshd yes -o KbdInteractiveAuthentication=yes

### A home for who has none yet

echo 'session required pam_naskeys.so mkhome' >/etc/pam.d/t_home
install -d -m 755 /srv/homes
install -d -m 777 /srv/open
naskeysctl user add erin --home /srv/homes/erin >/dev/null
naskeysctl user add frank --home /srv/open/frank >/dev/null
for u in erin frank; do
	check "a session of $u" pamtester t_home $u open_session
done
same "is made" "$(stat -c '%U %a' /srv/homes/erin)" "erin 700"
same "from the skeleton" "$(ls -A /srv/homes/erin)" "$(ls -A /etc/skel)"
check "not where everybody may write" [ ! -e /srv/open/frank ]

### sudo by the forwarded agent

echo 'Defaults env_keep += "SSH_AUTH_SOCK"' >/etc/sudoers.d/keep
printf '%s ALL=(ALL) ALL\n' alice bob >/etc/sudoers.d/users
control="success=done user_unknown=ignore authinfo_unavail=ignore default=die"
sed -i "s/^@include common-auth/auth [$control] pam_naskeys.so agent otp\n&/" \
    /etc/pam.d/sudo
eval "$(ssh-agent)" >/dev/null
ssh-add -q key 2>/dev/null
by_sudo() {	# USER SSH-OPTION
	ssh -F none -p "$port" -i key -o IdentitiesOnly=yes $2 \
	    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
	    -o LogLevel=ERROR "$1@127.0.0.1" \
	    'sudo -k -S id -un </dev/null' 2>/dev/null
}
same "sudo by the user's key in the agent" "$(by_sudo alice -A)" root
same "not without the agent" "$(by_sudo alice -a)" ""
# su asks for the user that one wants to be: its agent is not the asker's
sed -i "1i auth [$control] pam_naskeys.so agent" /etc/pam.d/su
install -d -o alice -m 700 alices
install -o alice -m 600 key alices/key
cat >alices.sh <<-'END'
	ssh-agent -a "$1/agent" >"$1/out"
	SSH_AUTH_SOCK=$1/agent ssh-add -q "$1/key" 2>"$1/err"
END
setpriv --reuid "$(id -u alice)" --clear-groups -- sh alices.sh alices
su_by_agent() {	# UID
	SSH_AUTH_SOCK=$PWD/alices/agent setpriv --reuid "$1" \
	    --clear-groups -- su alice -c 'id -un' </dev/null 2>/dev/null
}
same "su by one's own agent" "$(su_by_agent "$(id -u alice)")" alice
same "not by that of whom one wants to be" "$(su_by_agent 1500)" ""
kill "$(sed -n 's/.*PID=\([0-9]*\);.*/\1/p' alices/out)"
sed -i 1d /etc/pam.d/su
naskeysctl key add bob other.pub >/dev/null 2>&1
cp -p key bobs; cp -p other key; cp -p other.pub key.pub
same "not by a key that is another user's" "$(by_sudo bob -A)" ""
cp -p bobs key; ssh-keygen -y -f key >key.pub
naskeysctl key remove alice "$(fingerprint key.pub)" >/dev/null
sed 's/^/restrict,pty,agent-forwarding /' key.pub |
    naskeysctl key add alice - >/dev/null 2>&1
same "not by a restricted line" "$(by_sudo alice -A)" ""
kill "$SSH_AGENT_PID"

### su and passwd

by_su() {
	echo "$2" | setpriv --reuid 1500 --clear-groups -- su "$1" -c \
	    'id -un' 2>/dev/null
}
same "su" "$(by_su alice "alice's")" alice
same "not by a wrong password" "$(by_su alice wrong)" ""
alices=$(id -u alice)
change() {	# LINES-TYPED...
	printf '%s\n' "$@" | setpriv --reuid "$alices" --regid "$alices" \
	    --init-groups -- passwd 2>&1
}
refused "passwd with a wrong old password" change wrong N3w.pass.word N3w.pass.word
check "passwd" change "alice's" N3w.pass.word N3w.pass.word
same "is in force at once" "$(by_su alice N3w.pass.word)" alice
same "and the old one is not" "$(by_su alice "alice's")" ""
printf 'password_history = 2\npassword_min_days = 0\n' \
    >>/etc/naskeys/naskeys.conf
unserve; serve
refused "an old password" change N3w.pass.word "alice's" "alice's"
check "root sets any" sh -c 'printf "%s\n" An0ther.pass.word An0ther.pass.word | passwd alice'
same "which is in force" "$(by_su alice An0ther.pass.word)" alice

### Who may not

naskeysctl user lock alice >/dev/null
same "locked: su" "$(by_su alice An0ther.pass.word)" ""
refused "locked: root's su" su alice -c true
refused "locked: key" login key alice
naskeysctl user unlock alice >/dev/null
naskeysctl user edit alice --expires 2001-01-01 >/dev/null
same "expired: su" "$(by_su alice An0ther.pass.word)" ""
naskeysctl user edit alice --expires never >/dev/null
same "and back" "$(by_su alice An0ther.pass.word)" alice

### Without the helper, and without the maps

unserve
same "a password without the helper" "$(by_su alice An0ther.pass.word)" alice
same "a wrong one" "$(by_su alice wrong)" ""
same "a second factor fails closed" "$(typed carol $asked "carol's" \
    "$(code 9)" | grep -c '^carol$')" 0
mv /run/naskeys/maps /run/naskeys/away
same "no maps: a user of passwd(5)" "$(typed locala password local)" locala
usermod -p "$(openssl passwd -6 roots)" root
same "no maps: root" "$(echo roots | setpriv --reuid 1500 --clear-groups -- \
    su root -c 'id -un' 2>/dev/null)" root
refused "no maps: ours" su alice -c true
mv /run/naskeys/away /run/naskeys/maps
stop_sshd
same "what the helper said" "$(cat helper.log)" ""
finish
