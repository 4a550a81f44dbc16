#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The helper's writer killed in each phase of an edit, while readers look on.
set -eu
count=(-n 6)
[ "${LONG:-no}" != yes ] || count=(-n 167)
exec "$BUILD/tests/fault/kill" "${count[@]}"
