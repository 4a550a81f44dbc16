#!/bin/bash
# SPDX-License-Identifier: ISC
#
# naskeys-gateway against those who do not go on, and killed at any moment,
# as its helpers are: others are served, and nothing is half done; and in the
# hands of somebody else it gives no right.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
here=$(dirname "$(readlink -f "$0")")/gateway
half=40 kills=4
[ "${LONG-no}" = no ] || half=1000 kills=200
install_product
naskeysctl init --configure >/dev/null || fail "init"
cd "$scratch" || exit 1
port=8443
accepts() { (: <"/dev/tcp/127.0.0.1/$port"); }
start() {
	/usr/libexec/naskeys/naskeys-gateway --listen 127.0.0.1:$port \
	    2>gateway.err &
	gateway=$!
	wait_until accepts || { sed 's/^/  /' gateway.err; fail "start"; }
}
start
/usr/bin/python3 "$here/abuse.py" $port $gateway $half || bad=1
kill $gateway
wait $gateway

/usr/libexec/naskeys/naskeys-helper --listen /run/naskeys/gateway.sock \
    --protocol gateway --listen /run/naskeys/root/pam.sock --protocol pam \
    --listen /run/naskeys/helper.sock --protocol json \
    --listen /run/naskeys/root/helper.sock --protocol json 2>>helper.err &
acceptor=$!
wait_until listens /run/naskeys/gateway.sock || fail "acceptor"
echo 'pass word' | naskeysctl user add alice --admin --password-stdin >/dev/null
ssh-keygen -q -t ed25519 -N '' -C '' -f key
check "killed in the middle" /usr/bin/python3 "$here/killed.py" $port \
    $acceptor $kills "$(sed 's/ *$//' key.pub)"
setpriv --reuid naskeys-gateway --regid naskeys-gateway --clear-groups \
    /usr/bin/python3 - <"$here/taken.py" || bad=1
same "nobody has come of it" "$(naskeysctl --json user list |
    jq -r '.[].username' | grep -v '^u[0-9]*n[0-9]*$' | tr '\n' ' ')" \
    "root alice "
check "store and maps agree" naskeysctl check
kill $acceptor
wait $acceptor 2>/dev/null
exit $bad
