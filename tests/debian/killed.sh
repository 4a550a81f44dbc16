#!/bin/bash
# SPDX-License-Identifier: ISC
#
# dpkg and its scripts are killed when they begin one of the commands that
# change something, and the administrator goes on as dpkg(1) says: installation
# and upgrade in the middle, and with LONG, at each of these commands, and
# removal and purge as well.
set -u
. "$(dirname "$0")/lib/debian.bash"

commands="naskeysctl invoke-rc.d update-rc.d deb-systemd-helper
    pam-auth-update dpkg-trigger mkdir mv rm rmdir cp sed kill cat chmod touch
    find sync"
real=$PATH
stop_at=0

# The first on the way, they count who comes by.  The scripts and dpkg are one
# group of processes, which is not that of a service that they start.
mkdir shim
cat >shim/.run <<EOF
#!/bin/sh
PATH=$real
n=\$((\$(cat $PWD/count) + 1))
echo \$n >$PWD/count
echo "\$n \${0##*/} \$*" >>$PWD/seen
[ \$n -ne "\$STOP_AT" ] || kill -s KILL 0
exec "\${0##*/}" "\$@"
EOF
chmod 755 shim/.run
for c in $commands; do ln -s .run "shim/$c"; done

interrupted() {	# COMMAND...: killed at the command number $stop_at
	echo 0 >count
	: >seen
	STOP_AT=$stop_at PATH=$PWD/shim:$real setsid --wait "$@"
}
how_many() {	# COMMAND...
	stop_at=0
	interrupted "$@" >/dev/null 2>&1
	cat count
}
# The commands at which to stop, of n, and without LONG, the others that are
# named.
stops() {
	if [ "${LONG-no}" = yes ]; then
		seq "$1"
	else
		echo $(($1 / 2)) "${@:2}"
	fi
}
state() { [ "$(dpkg-query -W -f '${db:Status-Status}' naskeys)" = "$1" ]; }
users_log_in() {	# NAME
	check "$1: the machine's user logs in by key" login local
	check "$1: and by password" password
}

/etc/init.d/ssh start >/dev/null
make_old old

n=$(how_many dpkg -i "$DEBS"/*.deb)
check "commands of an installation" test "$n" -gt 10
# what has just been changed there is half of it, or all
after_nsswitch=$(($(sed -n \
    '/ sed .*nsswitch/ { s/ .*//; p; q }' seen) + 1))
naskeysctl user add alice --key alice.pub --shell /bin/sh >/dev/null
check "the user logs in" login alice

for stop_at in $(stops "$n" 1 $after_nsswitch); do
	dpkg --purge $packages >/dev/null 2>&1
	refused "installation is killed at command $stop_at" \
	    interrupted dpkg -i "$DEBS"/*.deb
	users_log_in "installation, $stop_at"
	dpkg --configure -a >/dev/null 2>&1
	users_log_in "installation, $stop_at, went on"
	check "installation, $stop_at, again" dpkg -i "$DEBS"/*.deb
	works "installation, $stop_at, done"
	check "naskeys is in order" naskeysctl check
done
naskeysctl user add alice --key alice.pub --shell /bin/sh >/dev/null

dpkg -i old/*.deb >/dev/null 2>&1
n=$(how_many dpkg -i "$DEBS"/*.deb)
for stop_at in $(stops "$n"); do
	dpkg -i old/*.deb >/dev/null 2>&1
	refused "upgrade is killed at command $stop_at" \
	    interrupted dpkg -i "$DEBS"/*.deb
	users_log_in "upgrade, $stop_at"
	check "upgrade, $stop_at: the user logs in" login alice
	dpkg --configure -a >/dev/null 2>&1
	users_log_in "upgrade, $stop_at, went on"
	check "upgrade, $stop_at, again" dpkg -i "$DEBS"/*.deb
	works "upgrade, $stop_at, done"
	check "upgrade, $stop_at: the user logs in after it" login alice
	check "naskeys is in order" naskeysctl check
done

[ "${LONG-no}" = yes ] || finish
for how in remove purge; do
	n=$(how_many dpkg --$how $packages)
	dpkg -i "$DEBS"/*.deb >/dev/null 2>&1
	for stop_at in $(stops "$n"); do
		refused "$how is killed at command $stop_at" \
		    interrupted dpkg --$how $packages
		users_log_in "$how, $stop_at"
		dpkg --configure -a >/dev/null 2>&1
		users_log_in "$how, $stop_at, went on"
		dpkg --$how $packages >/dev/null 2>&1
		works "$how, $stop_at, done"
		refused "$how, $stop_at: naskeys is gone" state installed
		check "$how, $stop_at, installation" dpkg -i "$DEBS"/*.deb
		works "$how, $stop_at, installed"
	done
done
finish
