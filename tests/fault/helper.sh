#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The installed helper's own requests: killed, and with a fault, at each
# system call of them, or at some.
set -eu
count=(-n 3 -k 200 -f 60)
[ "${LONG:-no}" != yes ] || count=(-n 50 -k 32 -f 12)
exec "$BUILD/tests/fault/helper" "${count[@]}" "$BUILD/naskeys-helper"
