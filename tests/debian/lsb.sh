#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A machine without systemd boots: its scripts start in the order that insserv
# makes of their headers, and accounts are published before sshd starts.
set -u
. "$(dirname "$0")/lib/debian.bash"

check "installation" dpkg -i "$DEBS"/*.deb
check "a user" naskeysctl user add alice --key alice.pub --shell /bin/sh
check "and gateway's script, which is off" \
    sh -c '! ls /etc/rc2.d/S*naskeys-gateway'
check "and the one of TrueNAS's client" \
    sh -c 'ls /etc/rc2.d/K*naskeys-middleware && ! ls /etc/rc2.d/S*middleware'
/etc/init.d/naskeys stop >/dev/null
rm -rf /run/naskeys

order() { ls /etc/rc2.d | sed -n "s/^S\([0-9][0-9]\)$1\$/\1/p"; }
check "naskeys starts before sshd" test "$(order naskeys)" -lt "$(order ssh)"
check "and stops when the machine does" \
    sh -c 'ls /etc/rc0.d/K*naskeys /etc/rc6.d/K*naskeys'

# What rc(8) does; the rest of this machine has nothing to start here.
boot() {
	local link
	for link in /etc/rc2.d/S*; do
		case $link in
		*naskeys*) "$link" start || return 1 ;;
		*ssh)
			login_is_ready || return 1
			"$link" start || return 1
			;;
		esac
	done
}
login_is_ready() {
	/usr/libexec/naskeys/naskeys-authorized-keys alice |
	    grep -qF "$(cut -d' ' -f2 alice.pub)"
}
check "the machine boots" boot
check "the helper accepts" listens /run/naskeys/helper.sock
check "the gateway does not" sh -c '! pgrep -x naskeys-gateway'
check "the user logs in" login alice
works "booted"
check "status" /etc/init.d/naskeys status
check "starting it again changes nothing" /etc/init.d/naskeys start
check "restart" /etc/init.d/naskeys restart
check "the helper accepts" listens /run/naskeys/helper.sock
refused "the gateway has no address" /etc/init.d/naskeys-gateway start
echo 'gateway_listen = 127.0.0.1:8443' >/etc/naskeys/naskeys.conf
check "the gateway starts" /etc/init.d/naskeys-gateway start
check "and answers" gateway_answers
check "it stops" /etc/init.d/naskeys-gateway stop
socket=/run/middleware/middlewared.sock
check "nobody is served at $socket" test ! -e $socket
check "until it is started" /etc/init.d/naskeys-middleware start
check "then it accepts" listens $socket
same "in a folder of root's" "$(stat -c '%U %a' /run/middleware)" "root 755"
same "everybody" "$(stat -c '%U %a' $socket)" "root 666"
check "status" /etc/init.d/naskeys-middleware status
check "restart" /etc/init.d/naskeys-middleware restart
check "upgrade" dpkg -i "$DEBS"/*.deb
refused "not enabled, it is off after it" /etc/init.d/naskeys-middleware status
update-rc.d naskeys-middleware enable
check "it starts again" /etc/init.d/naskeys-middleware start
check "upgrade" dpkg -i "$DEBS"/*.deb
check "enabled, it is on" /etc/init.d/naskeys-middleware status
check "it stops" /etc/init.d/naskeys-middleware stop
check "and its socket goes" test ! -e $socket
check "the helper stops" /etc/init.d/naskeys stop
refused "status" /etc/init.d/naskeys status
check "logins by key go on" login alice
finish
