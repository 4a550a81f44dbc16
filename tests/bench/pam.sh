#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A whole login through pam_naskeys at the default hash, against one crypt(3)
# with pam_permit, and against pam_unix with the same hash in /etc/shadow.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../integration/lib/suite.bash"
set -eu
rounds=15
many=50000
[ "${LONG-no}" = no ] || rounds=300 many=1000000
install_product
naskeysctl init --configure >/dev/null
for m in naskeys permit unix; do
	for t in auth account session; do
		echo "$t required pam_$m.so"
	done >/etc/pam.d/bench_$m
done
useradd -u 1500 -M -d /nonexistent -s /bin/sh unixuser
printf 'unixuser:secret\n' | chpasswd -c YESCRYPT
hash=$(sed -n 's/^unixuser:\([^:]*\):.*/\1/p' /etc/shadow)
# somebody who takes what a login says, as the helper does
mkdir -p /run/naskeys/root
"$BUILD/tests/integration/pam_server" /run/naskeys/root/pam.sock /dev/null \
    FAILURE=OK &
server=$!
sleep 0.2
for users in 10 $many; do
	"$BUILD/tests/bench/bench_pam" $rounds $users "$hash" secret unixuser
done
kill $server
