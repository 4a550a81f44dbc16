#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Kills, injected faults, full disks and lost power: few of each, or with
# LONG=yes the full counts.
set -u
programs=$BUILD/tests/fault
bad=0
if [ "${LONG-no}" = yes ]; then
	kills=170 disk=200 power=400 first=
else
	kills=8 disk=20 power=30 first=-q
fi
"$programs/kill" -n $kills || bad=1
# shellcheck disable=SC2086
"$programs/inject" $first || bad=1
"$programs/full_disk" -n $disk || bad=1
"$programs/power" -n $power || bad=1
exit $bad
