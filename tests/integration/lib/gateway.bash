# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034,SC2154
#
# The product as it is installed, with an sshd at $port, the acceptor and the
# gateway at $web of 127.0.0.1: what the scripts share that ask over it.

truenas=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../truenas
install_product
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null 2>&1
naskeysctl init --configure >/dev/null || fail "init"
# shellcheck source=tests/integration/lib/sshd.bash
. "$(dirname "${BASH_SOURCE[0]}")/sshd.bash"
chmod 755 .
web=8444 web_tls=8445
gateways=
echo 'root:root secret' | chpasswd 2>/dev/null || fail "root's password"

# start_configured: an sshd which "sshd -T" tells about
start_configured() {
	printf '%s\n' "Port 22" "Port $port" "ListenAddress 127.0.0.1:$port" \
	    "PidFile $PWD/sshd.pid" >/etc/ssh/sshd_config.d/00-test.conf
	/usr/sbin/sshd -E "$PWD/sshd.log" && wait_until test -s sshd.pid
}
start_configured || fail "sshd"

# start_acceptor: the helper's own side
start_acceptor() {
	/usr/libexec/naskeys/naskeys-helper \
	    --listen /run/naskeys/helper.sock --protocol json \
	    --listen /run/naskeys/gateway.sock --protocol gateway \
	    --listen /run/naskeys/root/pam.sock --protocol pam 2>helper.err &
	acceptor=$!
	wait_until listens /run/naskeys/gateway.sock || fail "acceptor"
}
accepts() { (: <"/dev/tcp/127.0.0.1/$1"); }
start_gateway() {	# PORT ARGUMENT...
	/usr/libexec/naskeys/naskeys-gateway --listen "127.0.0.1:$1" \
	    "${@:2}" 2>"gateway.$1.err" &
	gateways+=" $!"
	wait_until accepts "$1" || fail "gateway"
}
stop_all() {
	stop_sshd
	# shellcheck disable=SC2086
	kill $gateways "$acceptor"
	# shellcheck disable=SC2086
	wait $gateways "$acceptor" 2>/dev/null
}
# rows MODULE ARGUMENT...: its lines are counted where they are printed
rows() {
	/usr/bin/python3 "$truenas/$1.py" $web "${@:2}" || bad=1
}
