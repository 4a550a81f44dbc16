#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Each version of TrueNAS pairs with this machine through the gateway, by a
# client that is not ours, and logs in.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
. "$(dirname "$0")/lib/gateway.bash"
start_acceptor
start_gateway $web --plain
start_gateway $web_tls
ssh-keygen -q -t ed25519 -N '' -C far -f key
rows pairing "$port" $web_tls
rows semiautomatic $web_tls
stop_all
finish
