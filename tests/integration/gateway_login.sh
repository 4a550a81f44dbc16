#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What somebody behind the gateway can do, and cannot: a program in the
# gateway's place at gateway.sock, which says what it likes.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
here=$(cd "$(dirname "$0")" && pwd)
install_product
cd "$(mktemp -d)" || exit 1
chmod 755 .
umask 022
sock=/run/naskeys/gateway.sock
as() { setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }

# hello [MEMBER VALUE]...: the first line, with these members changed
hello() {
	local line='{"naskeys":1,"protocol":"jsonrpc","path":"/api/current",
	    "address":"192.0.2.7","port":5123,"tls":true,
	    "options":{"legacy_jobs":true,"private_methods":false}}'
	line=$(jq -c . <<<"$line")
	while [ $# -gt 1 ]; do
		line=$(jq -c ".$1 = $2" <<<"$line")
		shift 2
	done
	printf '%s\n' "$line"
}

# enter [MEMBER VALUE]...: a connection from now on, after its first line
enter() {
	leave
	rm -f to from
	mkfifo to from
	as naskeys-gateway perl "$here/gateway_peer.pl" $sock <to >from 2>&1 &
	peer=$!
	exec {to}>to {from}<from
	hello "$@" >&"$to"
}
leave() {
	[ -n "${peer-}" ] || return 0
	exec {from}<&- {to}>&-
	wait "$peer"
	peer=
}
# Who has hung up already takes no line.
put() { (trap '' PIPE; printf '%s\n' "$1" >&"$to") 2>/dev/null; }	# LINE
# say LINE: a message, and what comes up to its answer, in "said"
say() {
	local line
	said=
	put "$1"
	while IFS= read -r -t 60 line <&"$from"; do
		said+=$line$'\n'
		[ "${line:0:1}" != = ] || return 0
	done
	said+="(the end)"
}
# call METHOD PARAMS: as JSON-RPC; the answer's result or error in "out"
call() {
	say "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":$2}"
	sed -n 's/^=//p' <<<"$said" |
	    jq -c 'if has("error") then .error.data.error // .error.code
		else .result end' >out 2>/dev/null
	[ -s out ] || printf '%s' "$said" >out
}
# gives NAME METHOD PARAMS WANTED
gives() {
	call "$2" "$3"
	same "$1" "$(cat out)" "$4"
}
# ends NAME MESSAGE WANTED: and it is the last thing that is heard
ends() {
	local all
	put "$2"
	all=$(timeout 30 cat <&"$from")
	same "$1" "$all" "$3"
}

check "init" naskeysctl init --configure
naskeysctl user add bob --uid 5002 --admin --password-stdin <<<"staple"
naskeysctl user add alice --uid 5001 --password-stdin <<<"correct horse"
naskeysctl user add dora --uid 5003 --admin --password-stdin <<<"drawer"
useradd -m local && echo 'local:local secret' | chpasswd
usermod -aG naskeys-admin local
useradd -m plain && echo 'plain:plain secret' | chpasswd
echo 'root:root secret' | chpasswd
/usr/libexec/naskeys/naskeys-helper \
    --listen /run/naskeys/root/helper.sock --protocol json \
    --listen /run/naskeys/helper.sock --protocol json \
    --listen /run/naskeys/root/pam.sock --protocol pam \
    --listen $sock --protocol gateway &
listener=$!
wait_until listens $sock

# ---- the socket and the first line ----

same "the socket is the gateway's alone" "$(stat -c %a:%U:%G $sock)" \
    660:root:naskeys-gateway
refused "nobody else enters" setpriv --reuid 23009 --regid 23009 \
    --clear-groups perl "$here/gateway_peer.pl" $sock
enter
gives "a method for anybody" core.ping '[]' '"pong"'
gives "no other before a login" user.query '[]' 207
gives "nor a subscription" core.subscribe '["core.get_jobs"]' 207
gives "an unknown one" core.fly '[]' -32601
gives "options" core.set_options '[{"legacy_jobs":false}]' \
    '{"legacy_jobs":false,"private_methods":false,"py_exceptions":false}'
say '{"jsonrpc":"2.0","method":"core.ping"}'
same "a notification is not answered" "$said" $'=\n'
say '[]'
same "a batch" "$(jq -c '[.error.code, .id]' <<<"${said#=}")" '[-32700,null]'
enter protocol '"legacy"' path '"/websocket"'
say '{"msg":"method","id":"a","method":"core.ping"}'
same "the legacy protocol" "$said" \
    $'={"msg":"result","id":"a","result":"pong"}\n'
say '{"msg":"method","id":"a","method":"user.query"}'
same "its error before a login" "$(jq -c '[.msg, .error.error]' \
    <<<"${said#=}")" '["result",207]'
say '{"msg":"unsub","id":"a"}'
same "what is not answered" "$said" $'=\n'
ends "what is no message" 'junk' \
    '!{"close":1007,"reason":"The message is no object of JSON"}'
enter
ends "a message that is too long" "$(printf '%50000s' '')" \
    '!{"close":1009,"reason":"Max message length is exceeded"}'
enter address '"somewhere"'
ends "a first line that is none" '{"jsonrpc":"2.0","id":1,"method":"core.ping"}' \
    ''
enter uid 0
ends "one that wants more" '{"jsonrpc":"2.0","id":1,"method":"core.ping"}' ''

# ---- what anybody may call, and how often ----

printf 'gateway_calls = 1\n' >/etc/naskeys/naskeys.conf
enter address '"192.0.2.77"'
gives "one call in a minute" core.ping '[]' '"pong"'
gives "and no more" core.ping '[]' 16
gives "another method has its own" user.has_local_administrator_set_up '[]' \
    true
enter address '"192.0.2.77"'
gives "on another connection neither" core.ping '[]' 16
enter address '"192.0.2.78"'
gives "another address has its own" core.ping '[]' '"pong"'
rm /etc/naskeys/naskeys.conf

# ---- logging in, by PAM ----

# try NAME PASSWORD: the verdict in "out"
try() {
	call auth.login_ex "$(jq -nc --arg n "$1" --arg p "$2" \
	    '[{"mechanism":"PASSWORD_PLAIN","username":$n,"password":$p}]')"
	verdict=$(jq -r '.response_type? // .' out)
}
# code TEXT: the one-time password that is wanted
code() {
	call auth.login_ex_continue \
	    "[{\"mechanism\":\"OTP_TOKEN\",\"otp_token\":\"$1\"}]"
	verdict=$(jq -r '.response_type? // .' out)
}
# logs_in NAME USER PASSWORD WANTED [ADDRESS-END]
logs_in() {
	enter address "\"192.0.2.${5:-10}\""
	try "$2" "$3"
	same "$1" "$verdict" "$4"
}
logs_in "a managed administrator" bob staple SUCCESS
me=$(jq -c .user_info out)
same "who may say more" "$(head -1 <<<"$said")" '!{"message_max":65536}'
gives "and do all" user.query \
    '[[["username","=","alice"]],{"select":["uid"],"get":true}]' '{"uid":5001}'
gives "who it is" auth.me '[]' "$me"
same "by name and uid" "$(jq -c '[.pw_name, .pw_uid, .local]' out)" \
    '["bob",5002,true]'
logs_in "a user who is none" alice 'correct horse' DENIED
gives "and may nothing" user.query '[]' 207
logs_in "a wrong password" bob wrong AUTH_ERR 11
wrong=$(sed 's/bob/x/' out)
logs_in "an unknown name" nobody-here wrong AUTH_ERR 12
same "looks the same" "$(cat out)" "$wrong"
logs_in "a system user's name" daemon wrong AUTH_ERR 13
logs_in "a name that cannot be" '../bob' staple AUTH_ERR 14
logs_in "an administrator by /etc/group" local 'local secret' SUCCESS
gives "who may too" group.query '[[],{"count":true}]' \
    "$(naskeysctl --json group list | jq length)"
logs_in "one who is none" plain 'plain secret' DENIED
logs_in "root" root 'root secret' SUCCESS
gives "who may too" naskeys.check '[]' \
    '{"faults":[],"machine":[],"advice":null,"ok":true}'
enter
gives "by the older method" auth.login '["bob","staple",null]' true
gives "as the same" auth.me '[]' "$me"
enter protocol '"legacy"' path '"/websocket"' address '"192.0.2.15"'
say '{"msg":"method","id":"a","method":"auth.login","params":["bob","staple"]}'
same "by the legacy protocol" "$said" '!{"message_max":65536}
={"msg":"result","id":"a","result":true}
'
say '{"msg":"sub","id":"s","name":"user.query"}'
same "a subscription" "$said" $'={"msg":"ready","subs":["s"]}\n'
refused "nobody logs in at the machine's own socket" sh -c "printf '%s\n' \
    '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"auth.login\",\"params\":[\"bob\",\"staple\"]}' |
    perl '$here/gateway_peer.pl' /run/naskeys/root/helper.sock |
    grep -q result"

# ---- so many at a time ----

# turns: held by somebody else, from "taken" to "back"
cat >turns.py <<'P'
import fcntl
import os

with open("/run/naskeys/login.lock", "r+b") as f:
    fcntl.lockf(f, fcntl.LOCK_EX, 16)
    open("taken", "w").close()
    os.open("back", os.O_RDONLY)
P
# queues: does somebody wait for a lock of that file?
queues() { grep -q -- "-> .*:$(stat -c %i /run/naskeys/login.lock) " /proc/locks; }
leave			# or it would have its ends of the pipes, too
rm -f taken back
mkfifo back
/usr/bin/python3 turns.py &
turns=$!
wait_until test -e taken
enter
printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"auth.login","params":["bob","staple"]}' >&"$to"
check "without a turn a login waits" wait_until queues
refused "and nothing is said" read -r -t 0 -u "$from"
: >back
wait $turns
IFS= read -r -t 60 said <&"$from"
same "its turn has come" "$said" '!{"message_max":65536}'

# ---- API keys ----

# at_home METHOD PARAMS: as root, at the machine itself; the result
at_home() {
	printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' "$1" \
	    "$2" | /usr/libexec/naskeys/naskeys-helper | jq -c .result
}
# shows_key NAME USER KEY WANTED [ADDRESS-END [TLS]]
shows_key() {
	enter address "\"192.0.2.${5:-20}\"" tls "${6:-true}"
	call auth.login_ex "$(jq -nc --arg n "$2" --arg k "$3" \
	    '[{"mechanism":"API_KEY_PLAIN","username":$n,"api_key":$k}]')"
	same "$1" "$(jq -r '.response_type? // .' out)" "$4"
}
key=$(at_home api_key.create '[{"name":"script","username":"dora"}]' |
    jq -r .key)
same "a key" "$(grep -Ex '1-[A-Za-z0-9]{64}' <<<"$key")" "${key:-none}"
shows_key "it logs in" dora "$key" SUCCESS
gives "and does all" group.query '[[],{"count":true}]' \
    "$(naskeysctl --json group list | jq length)"
gives "as a key" auth.sessions \
    '[[["current","=",true]],{"get":true,"select":["credentials"]}]' \
    '{"credentials":"API_KEY"}'
shows_key "of another name" bob "$key" AUTH_ERR 21
shows_key "another key" dora "1-${key//[a-m]/x}" AUTH_ERR 22
enter protocol '"legacy"' path '"/websocket"'
say "{\"msg\":\"method\",\"id\":\"a\",\"method\":\"auth.login_with_api_key\",\"params\":[\"$key\"]}"
same "in the older way" "$said" '!{"message_max":65536}
={"msg":"result","id":"a","result":true}
'
at_home api_key.delete '[1]' >/dev/null
say '{"msg":"method","id":"a","method":"user.query"}'
same "deleted, it ends what it began" \
    "$(jq -c '.error.error' <<<"$(sed -n 's/^=//p' <<<"$said")")" 207
key=$(at_home api_key.create '[{"username":"dora"}]' | jq -r .key)
shows_key "a new one" dora "$key" SUCCESS
naskeysctl user passwd dora --stdin <<<"drawer"
gives "a new password of the account ends it" user.query '[]' 207
shows_key "for good" dora "$key" AUTH_ERR
key=$(at_home api_key.update '[2,{"reset":true}]' | jq -r .key)
shows_key "until it is reset" dora "$key" SUCCESS
shows_key "without TLS" dora "$key" EXPIRED 20 false
shows_key "without TLS it is lost" dora "$key" EXPIRED
same "and says why" "$(at_home api_key.query '[]' | jq -r \
    '.[0].revoked_reason')" 'It was sent without TLS'

# ---- what ends a login ----

ends_login() {	# NAME COMMAND...
	logs_in "before: $1" bob staple SUCCESS
	check "$1" "${@:2}"
	gives "after it" user.query '[]' 207
}
ends_login "a lock" naskeysctl user lock bob
logs_in "locked" bob staple AUTH_ERR 16
naskeysctl user unlock bob
ends_login "an expiry" naskeysctl user edit bob --expires 2001-01-01
logs_in "expired" bob staple EXPIRED 17
naskeysctl user edit bob --expires never
ends_login "a demotion" naskeysctl user edit bob --admin no
logs_in "demoted" bob staple DENIED
naskeysctl user edit bob --admin yes
ends_login "a new password" naskeysctl user passwd bob --stdin <<<"staple"
enter
try local 'local secret'
same "before: a new password of a system user" "$verdict" SUCCESS
echo 'local:local secret' | chpasswd
gives "after it" user.query '[]' 207
enter
try local 'local secret'
gpasswd -d local naskeys-admin >/dev/null
gives "after leaving the group" user.query '[]' 207
usermod -aG naskeys-admin local
enter
try root 'root secret'
usermod -L root
gives "after root's password is locked" user.query '[]' 207
usermod -U root

# ---- a package takes a managed user's name ----

echo 'bob:x:900:900::/nonexistent:/usr/sbin/nologin' >>/etc/passwd
echo 'bob:*:19000::::::' >>/etc/shadow
echo 'bob:stranger' | chpasswd
logs_in "the stranger is not our bob" bob stranger AUTH_ERR 18
sed -i '/^bob:/d' /etc/passwd /etc/shadow

# ---- the second factor ----

secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
check "a second factor" naskeysctl user otp bob enroll --kind hotp \
    --secret-stdin --code-stdin <<<"$secret
$(oathtool -b --hotp -c 0 "$secret")"
enter address '"192.0.2.30"'
try bob staple
same "is asked for" "$(cat out)" \
    '{"response_type":"OTP_REQUIRED","username":"bob"}'
gives "and nobody is in" user.query '[]' 207
code 000000
same "a wrong one" "$verdict" OTP_REQUIRED
code "$(oathtool -b --hotp -c 1 "$secret")"
same "a right one" "$verdict" SUCCESS
gives "is in" auth.sessions '[[],{"select":["credentials"]}]' \
    '[{"credentials":"LOGIN_TWOFACTOR"}]'
enter address '"192.0.2.30"'
gives "in one call" auth.login \
    "[\"bob\",\"staple\",\"$(oathtool -b --hotp -c 2 "$secret")\"]" true
enter address '"192.0.2.30"'
gives "used ones are not taken" auth.login \
    "[\"bob\",\"staple\",\"$(oathtool -b --hotp -c 2 "$secret")\"]" false
check "without it again" naskeysctl user otp bob remove

# ---- tokens and sessions, over several processes ----

enter address '"192.0.2.20"'
try bob staple
call auth.generate_token '[600,{},false]'
token=$(cat out)
enter address '"192.0.2.21"'
gives "a token from elsewhere" auth.login_with_token "[$token]" true
gives "whose session is over" auth.sessions \
    '[[],{"select":["credentials","origin"]}]' \
    '[{"credentials":"TOKEN","origin":"192.0.2.21:5123"}]'
enter address '"192.0.2.20"'
gives "which ended with it" auth.login_with_token "[$token]" false
leave
kill $listener
wait $listener
finish
