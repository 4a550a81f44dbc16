#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The socket of TrueNAS's own client on this machine, asked by clients that
# are not ours: root, administrators and users, each with what its peer
# credentials give it and no more; and those who do not play by the rules.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
here=$(dirname "$(readlink -f "$0")")/middleware
helper=/usr/libexec/naskeys/naskeys-helper
gateway=/usr/libexec/naskeys/naskeys-gateway
socket=/run/middleware/middlewared.sock
install_product
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null 2>&1
cd "$scratch" || exit 1
chmod 755 .
naskeysctl init --configure >/dev/null || fail "init"
printf '%s\n' "connections_per_uid = 8" "request_timeout = 5" \
    >/etc/naskeys/naskeys.conf
mkdir -m 755 /run/middleware
record_syslog || fail "syslog"

# start SOCKETS...: the acceptor
start() {
	$helper --listen $socket --protocol middleware "$@" 2>helper.err &
	acceptor=$!
	wait_until listens $socket || { sed 's/^/  /' helper.err; fail start; }
}
stop() {
	kill "$acceptor"
	wait "$acceptor" 2>/dev/null
}

# ---- the socket ----

$helper --listen /run/naskeys/helper.sock 2>helper.err &
acceptor=$!
wait_until listens /run/naskeys/helper.sock || fail "acceptor"
check "nobody is served there unasked" test ! -e $socket
stop
perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Local => shift,
    Listen => 1) or die; sleep 600' $socket &
foreign=$!
wait_until listens $socket
refused "another's socket is not taken" $helper --listen $socket \
    --protocol middleware
check "and it is there still" listens $socket
kill $foreign
wait $foreign 2>/dev/null
rm $socket
mv $gateway gateway
refuses "without the gateway's program" "needs the gateway" $helper \
    --listen $socket --protocol middleware
refused "a terminal is no such caller" $helper --protocol middleware
mv gateway $gateway
status "by hand there is nobody to speak to" 1 $helper --protocol middleware
install -d -m 700 -o 5555 own
setpriv --reuid 5555 --regid 5555 --clear-groups $helper --state-dir "$PWD/own" \
    --listen "$PWD/own/socket" --protocol middleware 2>helper.err &
acceptor=$!
wait_until listens "$PWD/own/socket" || fail "acceptor of one's own"
check "a state of one's own" env NASKEYS_SOCKET="$PWD/own/socket" \
    /usr/bin/python3 -c 'import sys
sys.path.insert(0, sys.argv[1])
from local import Current
assert Current().call("user.query", [], {"count": True}) == 1' "$here"
stop
start --listen /run/naskeys/helper.sock
same "everybody may connect" "$(stat -c '%U %a' $socket)" "root 666"

# ---- who asks ----

naskeysctl user add boss --uid 5001 --admin --password-stdin \
    <<<"staple" >/dev/null
naskeysctl user add dora --uid 5002 --password-stdin <<<"drawer" >/dev/null
naskeysctl user add late --uid 5003 --expires 2020-01-01 >/dev/null
ssh-keygen -q -t ed25519 -N '' -C '' -f key
export NASKEYS_KEY NASKEYS_ADMIN_GID
NASKEYS_KEY=$(sed 's/ *$//' key.pub)
NASKEYS_ADMIN_GID=$(getent group naskeys-admin | cut -d: -f3)
/usr/bin/python3 "$here/ranks.py" || bad=1

# ---- those who do not play by the rules ----

/usr/bin/python3 "$here/abuse.py" "$acceptor" || bad=1
same "nothing is complained of but who was too many" \
    "$(grep naskeys syslog | grep -v 'too many connections')" ""
check "who was" grep -q "uid 5002: too many connections" syslog
cp /etc/passwd passwd
sed -i '/^naskeys-net:/d' /etc/passwd
refused "without the child's user nobody is served" /usr/bin/python3 -c 'import sys
sys.path.insert(0, sys.argv[1])
from local import Current
Current()' "$here"
check "which is said" wait_until grep -q "naskeys-net is missing" syslog
cp passwd /etc/passwd
stop
mv $gateway gateway
install -m 755 "$here/taken.py" $gateway
start
/usr/bin/python3 "$here/inner.py" || bad=1
stop
mv gateway $gateway
same "nobody has come of it" "$(naskeysctl --json user list |
    jq -r '.[].username' | tr '\n' ' ')" "root boss dora late "
check "store and maps agree" naskeysctl check
kill "$logger"
finish
