#!/bin/bash
# SPDX-License-Identifier: ISC
#
# naskeys-authorized-keys started as sshd starts it, against an empty program
# and what the same system calls cost in one; and with many users against few.
set -eu
rounds=200 users="1000 10000 100000"
[ "${LONG-no}" = no ] || rounds=1500 users="$users 1000000"
cd "$BUILD"
# shellcheck disable=SC2086
tests/bench/bench_akc $rounds "$PWD/naskeys-authorized-keys" \
    "$PWD/tests/bench/empty" "$PWD/tests/bench/empty_alike" \
    "$PWD/tests/bench/calls" $users
