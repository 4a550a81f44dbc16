#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A machine with systemd boots: accounts are published before sshd starts, the
# helper starts when somebody asks it, and can do in its unit's sandbox what it
# is there for.
set -u
. "$(dirname "$0")/lib/debian.bash"

check "installation, nothing runs" dpkg -i "$DEBS"/*.deb
check "a user" naskeysctl user add alice --key alice.pub --shell /bin/sh
/etc/init.d/naskeys stop >/dev/null 2>&1
rm -rf /run/naskeys
# What this machine would start besides.
for d in /etc/systemd/system/*.wants; do
	for f in "$d"/*; do
		case $f in *naskeys* | */ssh.service) ;; *) rm "$f" ;; esac
	done
done
systemctl --quiet mask console-getty.service getty.target

: >console
unshare --mount --pid --ipc --uts --cgroup --fork --kill-child \
    --propagation private "$top/tests/debian/lib/init" "$PWD/console" &
unshared=$!
# Its first process, as we see it.
init=
find_init() { init=$(pgrep -P $unshared) && [ -n "$init" ]; }
inside() { nsenter -t "$init" -m -p -i -u -C -r -w/ -- "$@"; }
has_booted() {
	case $(inside systemctl is-system-running) in
	running | degraded) ;;
	*) return 1 ;;
	esac
}
password() {
	echo 'secret words' | inside pamtester login local authenticate
}
prop() { inside systemctl show -P "$2" "$1"; }
is() { inside systemctl --quiet is-active "$1"; }
no_unit_failed() {
	[ -z "$(inside systemctl --failed --plain --no-legend |
	    grep -e naskeys -e ssh)" ]
}
# journal UNIT: for whoever reads why
journal() { inside journalctl --no-pager -q -n 20 -u "$1"; }
check "the machine boots" wait_until find_init || finish
check "until all has started" wait_until has_booted
check "no unit of ours failed" no_unit_failed
check "sync was run" is naskeys-sync.service
check "before sshd" test "$(prop naskeys-sync.service \
    ExecMainExitTimestampMonotonic)" -le "$(prop ssh.service \
    ExecMainStartTimestampMonotonic)"
check "before nss-user-lookup.target" test "$(prop naskeys-sync.service \
    ExecMainExitTimestampMonotonic)" -le "$(prop nss-user-lookup.target \
    ActiveEnterTimestampMonotonic)"
refused "the helper waits until somebody asks" is naskeys-helper.service
check "the user logs in" login alice
works "booted"
finish
