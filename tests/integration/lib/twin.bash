# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# A second NAS behind the cable of far.bash: its own names, store, homes,
# sshd and gateway, in namespaces of its own.  naskeys is installed before.

twin_pid=
# A command there.
twin() { nsenter -t "$twin_pid" -m -u -n -r -- "$@"; }

make_twin() {
	make_far || return 1
	ip netns exec far unshare -m -u --propagation private sleep infinity &
	twin_pid=$!
	wait_until twin_is_there || return 1
	twin bash -eu <<'TWIN'
hostname far
new=$(mktemp -d)
mount -t tmpfs -o mode=755 tmpfs "$new"
cp -a /etc/. "$new"
mount --bind "$new" /etc
for f in /home /root /var/lib/naskeys /run; do
	mount -t tmpfs -o mode=755 tmpfs $f
done
mkdir /run/sshd
rm -f /etc/naskeys/seal.key /etc/ssh/ssh_host_*
ssh-keygen -q -A
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf
naskeysctl init --configure
TWIN
}
twin_is_there() { [ "$(cat "/proc/$twin_pid/comm")" = sleep ]; }

# Its sshd: twin_sshd PORT
twin_sshd() {
	twin /usr/sbin/sshd -p "$1" -E "$PWD/twin-sshd.log" \
	    -o PidFile="$PWD/twin-sshd.pid" -o MaxStartups=100 &&
	    wait_until test -s twin-sshd.pid
}

# Its helper.
twin_helper() {
	twin /usr/libexec/naskeys/naskeys-helper \
	    --listen /run/naskeys/helper.sock --protocol json \
	    --listen /run/naskeys/gateway.sock --protocol gateway \
	    --listen /run/naskeys/root/pam.sock --protocol pam \
	    2>>twin-helper.err &
	wait_until twin test -S /run/naskeys/gateway.sock
}
