# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# A machine on which packages are installed and removed: its own user, whose
# logins nothing may cost, a user of naskeys, and Debian's sshd on port 22.
# DEBS is the folder of the packages, and OLD_DEBS, if it is set, that of the
# version before.  With BY=apt, apt puts them there and takes them away.

top=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../../..")
# shellcheck source=tests/integration/lib/suite.bash
. "$top/tests/integration/lib/suite.bash"
dir=$(mktemp -d) && cd "$dir" || exit 1
export DEBIAN_FRONTEND=noninteractive
packages="naskeys libnss-naskeys libpam-naskeys naskeys-gateway"

# Services are started, also where there is no init; of what packages do only
# the pages of the manual are left out, which take their time.
rm -f /var/lib/man-db/auto-update
printf '#!/bin/sh\nexit 0\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
rm -f /usr/sbin/runlevel		# a link to systemctl
printf '#!/bin/sh\necho N 2\n' >/usr/sbin/runlevel
chmod 755 /usr/sbin/runlevel

useradd -m -s /bin/bash local
echo 'local:secret words' | chpasswd 2>/dev/null
ssh-keygen -q -t ed25519 -N '' -f local
ssh-keygen -q -t ed25519 -N '' -f alice
mkdir -m 700 /home/local/.ssh
cp local.pub /home/local/.ssh/authorized_keys
chown -R local: /home/local/.ssh
ssh-keygen -q -t ed25519 -N '' -f root
mkdir -p -m 700 /root/.ssh
cat root.pub >>/root/.ssh/authorized_keys
ssh-keygen -q -A

# A connection into the moment in which sshd starts anew is made again.
login() {	# USER
	local end=$((EPOCHSECONDS + 60)) status
	while :; do
		status=0
		ssh -F none -i "$1" -o BatchMode=yes -o IdentitiesOnly=yes \
		    -o StrictHostKeyChecking=no \
		    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		    "$1@127.0.0.1" true 2>login.err || status=$?
		cat login.err >&2
		[ $status -ne 0 ] && [ $EPOCHSECONDS -lt $end ] &&
		    grep -qE 'Connection (refused|reset|closed)' login.err ||
		    return $status
		sleep 0.1
	done
}
password() { echo 'secret words' | pamtester login local authenticate; }
audit_is_clean() { [ -z "$(dpkg --audit)" ]; }

# The machine is as it should be, and its own users log in.
works() {	# NAME
	check "$1: dpkg --audit" audit_is_clean
	check "$1: the machine's user logs in by key" login local
	check "$1: and by password" password
	check "$1: and root by key" login root
}

put() {	# FILE...
	case ${BY-dpkg} in
	apt) apt_get install --reinstall --allow-downgrades "$@" ;;
	*) dpkg -i "$@" ;;
	esac
}
take() {	# remove|purge PACKAGE...
	case ${BY-dpkg} in
	apt) apt_get "$@" ;;
	*) dpkg "--$1" "${@:2}" ;;
	esac
}
apt_get() {
	apt-get -q -y --no-install-recommends \
	    -o APT::Sandbox::User=root "$@" </dev/null
}

# The version before: where it is not there, these under a lower version.
old_packages() {	# sets $old
	old=${OLD_DEBS-}
	if [ -z "$old" ]; then
		old=$PWD/old
		make_old "$old"
	fi
}
make_old() {	# FOLDER
	local deb tree
	mkdir "$1"
	for deb in "$DEBS"/*.deb; do
		tree=$(mktemp -d)
		dpkg-deb -R "$deb" "$tree/x"
		sed -i -e 's/^Version: .*/Version: 0.0.1/' \
		    -e 's/naskeys (= [^)]*)/naskeys (= 0.0.1)/' \
		    "$tree/x/DEBIAN/control"
		dpkg-deb --root-owner-group -Znone -b "$tree/x" "$1" \
		    >/dev/null
		rm -r "$tree"
	done
}
gateway_answers() {
	printf 'GET /api/versions HTTP/1.1\r\nHost: nas\r\n\
Connection: close\r\n\r\n' | openssl s_client -quiet \
	    -connect 127.0.0.1:8443 2>/dev/null | grep -q '^HTTP/1.1 200'
}
version() { dpkg-query -W -f '${Version} ${Status}' "$1"; }
