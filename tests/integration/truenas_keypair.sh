#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What TrueNAS's own tests expect of keypairs and connections, asked over the
# gateway by clients that are not ours, in both protocols.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
. "$(dirname "$0")/lib/gateway.bash"
start_acceptor
start_gateway $web --plain
ssh-keygen -q -t ed25519 -N '' -f key
naskeysctl key add root key.pub >/dev/null || fail "a key for root"
rows keypair "$port"
stop_all
finish
