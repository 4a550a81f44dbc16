#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Power failures: what was not yet synced is lost, or part of it.
set -eu
count=(-n 300)
[ "${LONG:-no}" != yes ] || count=(-e 400 -n 5000)
exec "$BUILD/tests/fault/power" "${count[@]}"
