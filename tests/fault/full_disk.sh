#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A full disk under the store, full maps, and both.
set -eu
count=(-n 100)
[ "${LONG:-no}" != yes ] || count=(-n 600)
exec "$BUILD/tests/fault/full_disk" "${count[@]}"
