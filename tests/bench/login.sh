#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A whole ssh login through naskeys-authorized-keys, against the same login
# with AuthorizedKeysFile; in turn, medians.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../integration/lib/suite.bash"
set -eu
rounds=40
[ "${LONG-no}" = no ] || rounds=300
install_product
naskeysctl init --configure >/dev/null
mkdir -p /var/empty
cd "$(mktemp -d)"
ssh-keygen -q -t ed25519 -N '' -f key
ssh-keygen -q -A
naskeysctl user add alice --key key.pub >/dev/null
mkdir -p /etc/ssh/keys
cp key.pub /etc/ssh/keys/alice
rm /etc/ssh/sshd_config.d/10-naskeys.conf
for how in command file; do
	if [ $how = command ]; then
		port=2221
		set -- -o AuthorizedKeysFile=none -o \
		    "AuthorizedKeysCommand=/usr/libexec/naskeys/naskeys-authorized-keys %u %t %k %U" \
		    -o AuthorizedKeysCommandUser=naskeys-akc
	else
		port=2222
		set -- -o AuthorizedKeysFile=/etc/ssh/keys/%u
	fi
	/usr/sbin/sshd -p $port -o ListenAddress=127.0.0.1 -E "log.$how" \
	    -o UsePAM=no -o PidFile="$PWD/pid.$how" "$@"
done
sleep 0.3
login() {
	ssh -F none -p "$1" -i key -o BatchMode=yes -o IdentitiesOnly=yes \
	    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
	    -o LogLevel=ERROR -o KexAlgorithms=curve25519-sha256 \
	    alice@127.0.0.1 true
}
login 2221
login 2222
for i in $(seq $rounds); do	# who is first changes
	a=$(date +%s%N); login $((2221 + i % 2))
	b=$(date +%s%N); login $((2222 - i % 2))
	c=$(date +%s%N)
	if [ $((i % 2)) -eq 0 ]; then
		echo "$(((b - a) / 1000)) $(((c - b) / 1000))"
	else
		echo "$(((c - b) / 1000)) $(((b - a) / 1000))"
	fi
done >samples
kill "$(cat pid.command)" "$(cat pid.file)"
median() { sort -g | awk '{ v[NR] = $1 } END { print v[int(NR / 2) + 1] }'; }
echo "ssh login: $(cut -d' ' -f1 samples | median) us by the command," \
    "$(cut -d' ' -f2 samples | median) us by the file; median of ratios" \
    "$(awk '{ printf "%.3f\n", $1 / $2 }' samples | median)"
