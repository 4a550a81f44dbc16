#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Lookups and enumeration through glibc's dispatch, against a module that
# answers a constant and against "files".
set -eu
users="10000 100000"
[ "${LONG-no}" = no ] || users="$users 1000000"
cd "$BUILD"
# shellcheck disable=SC2086
tests/bench/bench_nss "$(readlink -f .libs/libnss_naskeys.so.2)" \
    "$PWD/tests/bench/libnss_constant.so.2" \
    "$PWD/tests/bench/libnss_floor.so.2" $users
