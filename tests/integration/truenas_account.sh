#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What TrueNAS's own tests expect of users, groups, homes and the keys in
# them, asked over the gateway by clients that are not ours, in both protocols.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
. "$(dirname "$0")/lib/gateway.bash"
start_acceptor
start_gateway $web --plain
rows account
naskeysctl key file --default home >/dev/null || fail "keys in homes"
rows account_home
stop_all
finish
