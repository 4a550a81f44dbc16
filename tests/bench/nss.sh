#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Lookups and enumeration through glibc's dispatch, against a module that
# answers a constant and against "files".
set -eu
rounds=150 users="10000 100000"
[ "${LONG-no}" = no ] || rounds=1000 users="$users 1000000"
cd "$BUILD"
# shellcheck disable=SC2086
tests/bench/bench_nss $rounds "$(readlink -f .libs/libnss_naskeys.so.2)" \
    "$PWD/tests/bench/libnss_constant.so.2" \
    "$PWD/tests/bench/libnss_floor.so.2" $users
