#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Pairing with a fault in each system call on this side, and with its
# processes killed: both machines have all of it, or nothing.
# shellcheck source-path=SCRIPTDIR
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib/suite.bash"
. "$here/lib/far.bash"
set -u
install_product
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null
cd "$scratch" || exit 1
chmod 755 .
ip link set lo up

useradd -m -s /bin/bash -p '*' nas
install -d -m 700 -o nas -g nas /home/nas/.ssh
keys_file=/home/nas/.ssh/authorized_keys
touch $keys_file
chown nas: $keys_file
make_far_keys keys || fail "host keys"
printf '%s\n' "Port 2201" "PidFile $PWD/nas-sshd.pid" \
    "HostKey $PWD/keys/rsa_2048" "HostKey $PWD/keys/ecdsa_256" \
    "HostKey $PWD/keys/ed25519_256" "StrictModes no" >nas-sshd.conf
mkdir -p /run/sshd
/usr/sbin/sshd -f "$PWD/nas-sshd.conf" -E "$PWD/nas-sshd.log"
echo /usr/sbin/nologin >shell
NAS_SHELL=$PWD/shell /usr/bin/python3 "$here/gateway/truenas.py" /home/nas \
    "$PWD/keys" 9001=25.04,nologin 9002=23.10,nologin 9003=idle \
    >truenas.out 2>truenas.err &
far=$!
wait_until grep -q ready truenas.out || fail "truenas.py"

few=(-n 1 -k 5) more=(-n 1 -k 5)
[ "${LONG-no}" = no ] || few=(-n 40 -k 40) more=(-k 200)
# faults PORT OPTION...
faults() {
	"$BUILD/tests/integration/pair_fault" "${@:2}" \
	    /usr/libexec/naskeys/naskeys-helper "http://127.0.0.1:$1" nas \
	    $keys_file "$PWD/shell" 9003 2>err || {
		tail -n 5 err
		fail "pairing with port $1"
	}
}
echo "JSON-RPC, with a new key:"
faults 9001 "${more[@]}"
echo "The older protocol, with a key that is here:"
faults 9002 -e "${few[@]}"
kill $far "$(cat nas-sshd.pid)"
finish
