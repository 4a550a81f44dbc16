#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What TrueNAS's own tests expect of logins and of the protocols, and what the
# protocols and queries promise, asked over the gateway by clients that are not
# ours.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
. "$(dirname "$0")/lib/gateway.bash"
/usr/bin/python3 "$truenas/table.py" || bad=1
start_acceptor
start_gateway $web --plain
rows protocol
rows query
rows auth
stop_all
finish
