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
	coproc as naskeys-gateway perl "$here/gateway_peer.pl" $sock 2>&1
	exec {from}<&"${COPROC[0]}" {to}>&"${COPROC[1]}"
	peer=$COPROC_PID
	hello "$@" >&"$to"
}
leave() {
	[ -n "${peer-}" ] || return 0
	exec {from}<&- {to}>&-
	wait "$peer"
	peer=
}
# say LINE: a message, and what comes up to its answer, in "said"
say() {
	local line
	said=
	printf '%s\n' "$1" >&"$to"
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
	printf '%s\n' "$2" >&"$to"
	all=$(timeout 30 cat <&"$from")
	same "$1" "$all" "$3"
}

check "init" naskeysctl init --configure
/usr/libexec/naskeys/naskeys-helper \
    --listen /run/naskeys/root/helper.sock --protocol json \
    --listen /run/naskeys/helper.sock --protocol json \
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
    false
enter address '"192.0.2.77"'
gives "on another connection neither" core.ping '[]' 16
enter address '"192.0.2.78"'
gives "another address has its own" core.ping '[]' '"pong"'
rm /etc/naskeys/naskeys.conf
leave
kill $listener
wait $listener
finish
