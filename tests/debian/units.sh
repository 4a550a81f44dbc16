#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The units as they are packaged: systemd takes them, and none is more exposed
# than is said here.  In tenths, as "systemd-analyze security" counts.  Two of
# the helper's and sync's are NoNewPrivileges=, without which AppArmor's profiles
# work; eleven of the network's are just that.
set -u
. "$(dirname "$0")/../integration/lib/suite.bash"
dir=$(mktemp -d) && cd "$dir" || exit 1
for deb in "$DEBS"/naskeys*.deb; do dpkg-deb -x "$deb" .; done
# the programs that the units name, in their places
dpkg -i "$DEBS"/*.deb >/dev/null 2>&1

units=$(find . -path '*systemd/system/*' -type f | sort)
for unit in $units; do
	check "${unit##*/}: systemd takes it" \
	    systemd-analyze verify --man=no "$unit"
done
exposure() {	# UNIT
	systemd-analyze security --offline=true --no-pager "$1" |
	    sed -n 's/.*exposure level for [^:]*: \([0-9]*\)\.\([0-9]\).*/\1\2/p' |
	    sed 's/^0*//'
}
at_most() {	# LEVEL UNIT
	local level
	level=$(exposure "$(find . -path "*systemd/system/$2")")
	echo "$2: $level"
	[ "${level:-100}" -le "$1" ]
}
while read -r level unit; do
	check "$unit: exposure at most $level tenths" at_most "$level" "$unit"
done <<EOF
20 naskeys-helper.service
20 naskeys-sync.service
31 naskeys-network.service
10 naskeys-gateway.service
20 naskeys-middleware.service
EOF
same "services that are looked at" \
    "$(find . -path '*systemd/system/*.service' -type f | wc -l)" 5
# What is asked for at either socket is the same.
hardening() {	# SERVICE
	sed -n '/^KillMode=/,/^\[Install\]/s/^[A-Z].*=.*/&/p' \
	    "$(find . -path "*systemd/system/$1")" | sort
}
same "the helper has the same rights at both sockets" \
    "$(hardening naskeys-middleware.service)" \
    "$(hardening naskeys-helper.service)"
finish
