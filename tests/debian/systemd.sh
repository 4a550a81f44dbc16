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

# Its control groups are below some of its own: what else boots on this kernel
# gives its own the same names.
own_groups=
for h in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
	[ ! -e $h/cgroup.procs ] || ! mkdir "$h/naskeys-${dir##*.}" ||
	    own_groups="$own_groups $h/naskeys-${dir##*.}"
done
: >console
(
	for g in $own_groups; do echo 0 >"$g/cgroup.procs"; done
	exec unshare --mount --pid --ipc --uts --cgroup --fork --kill-child \
	    --propagation private "$top/tests/debian/lib/init" "$PWD/console"
) &
unshared=$!
groups_are_gone() {
	local g
	for g in $own_groups; do
		[ ! -e "$g" ] || find "$g" -depth -type d -exec rmdir {} + ||
		    return 1
	done
}
turn_off() {
	kill -KILL $unshared
	wait $unshared
	wait_until groups_are_gone
} 2>/dev/null
trap turn_off EXIT
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

# ---- what the helper does, in its unit ----

ctl() { inside naskeysctl "$@"; }
as_alice() { inside setpriv --reuid alice --regid alice --init-groups \
    naskeysctl "$@"; }
mkdir /home/shared		# seen from inside, too
cp ./*.pub /home/shared
ssh-keygen -q -t ed25519 -N 'a phrase' -f /home/shared/foreign

check "a user asks it" as_alice key list alice
check "and has started it" is naskeys-helper.service
main() { prop "naskeys-$1.service" MainPID; }
net_of() { inside readlink "/proc/$1/ns/net"; }
refused "which has not the machine's network" \
    test "$(net_of "$(main helper)")" = "$(net_of 1)"
check "but what it asks has" \
    test "$(net_of "$(main network)")" = "$(net_of 1)"
check "a home" ctl user add bob --home /home/bob --create-home \
    --key /home/shared/alice.pub
same "of its user" "$(stat -c %u:%a /home/bob)" "$(inside id -u bob):700"

check "a file in it" ctl key file bob home
check "with the key" grep -qf alice.pub /home/bob/.ssh/authorized_keys
check "that may be" ctl user edit bob --password-login yes
check "a password" sh -c "echo 'other words, long' | nsenter -t $init -m -r \
    naskeysctl user passwd bob --stdin"
check "that PAM takes" sh -c "echo 'other words, long' | nsenter -t $init -m -r \
    pamtester login bob authenticate acct_mgmt open_session close_session"
ssh -F none -i alice -o StrictHostKeyChecking=no -o BatchMode=yes \
    -o UserKnownHostsFile=/dev/null alice@127.0.0.1 'echo ready; sleep 600' \
    >session 2>&1 &
ssh=$!
check "a session" wait_until grep -qx ready session
check "a key is revoked" ctl key revoke alice --terminate --force
has_ended() { ! kill -0 $ssh 2>/dev/null; }
check "its session ends" wait_until has_ended
check "a keypair" ctl keypair generate one
check "one from outside" ctl keypair import two /home/shared/foreign.pub
check "the host keys of another machine" \
    ctl connection scan 127.0.0.1 --timeout 20
check "names are asked there" ctl user add somebody
refused "and a taken one is refused" ctl user add sshd
check "settings of sshd" ctl service set passwordauth=yes
check "are applied" ctl service apply
check "a change of the port" sh -c "nsenter -t $init -m -r \
    naskeysctl service set tcpport=2222 && nsenter -t $init -m -r \
    naskeysctl service apply --confirm-within 5"
check "goes back when nobody confirms it" wait_until login local
check "sshd is restarted" ctl service restart
check "the machine's accounts are taken over" \
    ctl user import --from-system --min-uid 1000 --dry-run
check "the seal's key is changed" ctl seal rotate
check "check finds nothing wrong" ctl check
complaints() {	# UNIT
	inside journalctl --no-pager -q -o cat -p warning -u "$1"
}
same "nothing was refused to it" "$(complaints 'naskeys-*')" ""

# ---- the gateway ----

refused "the gateway is off" gateway_answers
check "until it is started" inside systemctl start naskeys-gateway.socket
check "then it answers" gateway_answers
check "in its unit" is naskeys-gateway.service
cp "$top/tests/debian/lib/gateway_login" /home/shared
ctl user add carol --admin --password-stdin <<<"staple" >/dev/null 2>&1
web() { inside /usr/bin/python3 /home/shared/gateway_login "$@"; }
check "an administrator logs in there" web carol staple
refused "with another password" web carol paper
inside chpasswd <<<"root:root secret" 2>/dev/null
check "the machine's own, by PAM" web root "root secret"
inside systemctl stop naskeys-network.socket naskeys-network.service
refused "nobody, where PAM cannot be asked" web carol staple
refused "and no name is free" ctl user add nobodys
check "until it is started" inside systemctl start naskeys-network.socket
check "then he logs in" web carol staple
check "by whom the connection asks" is naskeys-network.service
same "nothing was refused to it meanwhile" \
    "$(complaints naskeys-helper; complaints naskeys-network)" ""

# ---- the socket of TrueNAS's client ----

socket=/run/middleware/middlewared.sock
refused "it is not there" inside test -e $socket
check "until it is enabled" inside \
    systemctl enable --now naskeys-middleware.service
check "then it accepts" inside test -S $socket
check "in its unit" is naskeys-middleware.service

# ---- upgrade and removal, with systemd ----

package() { inside env DEBIAN_FRONTEND=noninteractive dpkg "$@"; }
cp -r "$DEBS" /home/shared/debs
inside pgrep -x 'naskeys-helper|naskeys-gateway' | sort >pids.before
check "upgrade" package -i /home/shared/debs/*.deb
inside pgrep -x 'naskeys-helper|naskeys-gateway' | sort >pids.after
same "processes of the version before that go on" \
    "$(comm -12 pids.before pids.after)" ""
check "the socket is there" is naskeys-helper.socket
check "the gateway answers again" wait_until gateway_answers
check "the other socket is there, too" is naskeys-middleware.service
check "check finds nothing wrong" ctl check
works "upgraded"
# shellcheck disable=SC2086
check "removal" package --remove $packages
works "removed"
refused "no unit runs" inside systemctl --quiet is-active 'naskeys*.service' \
    'naskeys*.socket'
refused "no process is left" inside pgrep -f naskeys-
check "no unit failed" no_unit_failed

# ---- from the version before ----

# shellcheck disable=SC2086
check "purge" package --purge $packages
old_packages
cp -r "$old" /home/shared/old
ssh-keygen -q -t ed25519 -N '' -f dora
cp dora.pub /home/shared
check "installation of the version before" package -i /home/shared/old/*.deb
check "its socket is there" is naskeys-helper.socket
check "a user" ctl user add dora --key /home/shared/dora.pub --shell /bin/sh
check "who logs in" login dora
check "its gateway" inside systemctl start naskeys-gateway.socket
check "answers" wait_until gateway_answers
inside pgrep -x 'naskeys-helper|naskeys-gateway' | sort >pids.before
check "upgrade" package -i /home/shared/debs/*.deb
inside pgrep -x 'naskeys-helper|naskeys-gateway' | sort >pids.after
same "processes of the version before that go on" \
    "$(comm -12 pids.before pids.after)" ""
for unit in naskeys-helper.socket naskeys-sync.service \
    naskeys-gateway.socket; do
	check "$unit is there" is "$unit"
done
check "no unit failed" no_unit_failed
check "the gateway answers again" wait_until gateway_answers
check "check finds nothing wrong" ctl check
works "upgraded from the version before"
finish
