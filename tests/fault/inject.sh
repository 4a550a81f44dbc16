#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A fault in each system call of an edit: every fourth, or each of them.
set -eu
count=(-q)
[ "${LONG:-no}" != yes ] || count=()
exec "$BUILD/tests/fault/inject" "${count[@]}"
