# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# A real sshd and its clients, in a folder of their own: what the scripts
# share that log in.

cd "$(mktemp -d)" || exit 1
chmod 700 .
port=2222
ssh-keygen -q -A

start_sshd() {	# "yes" or "no" for UsePAM, OPTIONS...
	local pam=$1
	shift
	/usr/sbin/sshd -p $port -E "$PWD/sshd.log" -o UsePAM="$pam" \
	    -o ListenAddress=127.0.0.1 -o PidFile="$PWD/sshd.pid" \
	    -o LogLevel=VERBOSE -o MaxStartups=100 "$@"
	wait_until test -s sshd.pid
}
# Until it has gone, it has the port, and the file to remove.
stop_sshd() {
	local pid
	pid=$(cat sshd.pid)
	kill "$pid"
	wait_until has_gone "$pid"
	rm -f sshd.pid
}
has_gone() { ! kill -0 "$1" 2>/dev/null; }
login() {	# KEY USER [COMMAND...]
	local key=$1 user=$2
	shift 2
	ssh -F none -p $port -i "$key" -o BatchMode=yes \
	    -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
	    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
	    "$user@127.0.0.1" "${@:-id -un}"
}
fingerprint() { ssh-keygen -lf "$1" | cut -d' ' -f2; }
