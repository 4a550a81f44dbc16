#!/bin/bash
# SPDX-License-Identifier: ISC
#
# naskeys-gateway on open connections, against the helper's own socket; many
# logins at once; and what each connection takes of memory.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../integration/lib/suite.bash"
set -eu
rounds=1000 idle=300 logins=20 tls_idle=100 tls_logins=5
[ "${LONG-no}" = no ] ||
    rounds=4000 idle=9999 logins=1000 tls_idle=9999 tls_logins=200
bench=$BUILD/tests/bench/bench_gateway
port=8443
install_product
naskeysctl init --configure >/dev/null
echo secret |
    naskeysctl user add alice --uid 5001 --admin --password-stdin >/dev/null
/usr/libexec/naskeys/naskeys-helper \
    --listen /run/naskeys/helper.sock --protocol json \
    --listen /run/naskeys/root/pam.sock --protocol pam \
    --listen /run/naskeys/gateway.sock --protocol gateway &
acceptor=$!
gateway=
trap 'kill $gateway $acceptor' EXIT
accepts() { (: <"/dev/tcp/127.0.0.1/$port"); }
# A new one for each measurement: what one has taken it keeps.
gateway() {	# ARGUMENT...
	if [ -n "$gateway" ]; then
		kill "$gateway"
		wait "$gateway"
	fi
	/usr/libexec/naskeys/naskeys-gateway --listen 127.0.0.1:$port "$@" &
	gateway=$!
	wait_until accepts
}
wait_until listens /run/naskeys/gateway.sock
echo "Without TLS:"
gateway --plain
"$bench" $port calls $rounds alice secret 5001
if [ "${LONG-no}" != no ]; then
	gateway --plain
	"$bench" $port calls 300 alice secret 5001 $idle
fi
gateway --plain
"$bench" $port many $idle $gateway $acceptor
gateway --plain
"$bench" $port many $logins $gateway $acceptor alice secret
echo "With TLS:"
gateway
"$bench" --tls $port calls $rounds alice secret 5001
gateway
"$bench" --tls $port many $tls_idle $gateway $acceptor
gateway
"$bench" --tls $port many $tls_logins $gateway $acceptor alice secret
