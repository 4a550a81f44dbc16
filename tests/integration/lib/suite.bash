# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# What the integration scripts share.  A script runs inside a private machine
# (tests/integration/machine), with BUILD naming the build folder.

bad=0
scratch=${TMPDIR:-/tmp}
pass() { echo "PASS: $*"; }
fail() { echo "FAIL: $*"; bad=1; }

# check NAME COMMAND...: passes when the command succeeds
check() {
	local name=$1
	shift
	if "$@" >"$scratch/check.$$" 2>&1; then
		pass "$name"
	else
		echo "  $* -> $?"
		sed 's/^/  /' "$scratch/check.$$"
		fail "$name"
	fi
	rm -f "$scratch/check.$$"
}
# refused NAME COMMAND...: passes when it fails
refused() {
	local name=$1
	shift
	if "$@" >"$scratch/check.$$" 2>&1; then
		echo "  $* succeeded"
		sed 's/^/  /' "$scratch/check.$$"
		fail "$name"
	else
		pass "$name"
	fi
	rm -f "$scratch/check.$$"
}
# same NAME GOT WANTED
same() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		printf '  got:    %s\n  wanted: %s\n' "$2" "$3"
		fail "$1"
	fi
}

# wait_until COMMAND...: until it succeeds.  Nothing takes a minute, however
# busy the machine is.
wait_until() {
	local end=$((EPOCHSECONDS + 60))
	until "$@" 2>/dev/null; do
		[ $EPOCHSECONDS -lt $end ] || return 1
		sleep 0.05
	done
}
# listens SOCKET: does somebody accept there?  Its file comes a moment before.
listens() { grep -q " 00010000 .* $1\$" /proc/net/unix; }

# on_tty COMMAND LINE...: at a terminal, where somebody types the lines, each
# when it is asked for: the last line on the screen is not at its end.
on_tty() {
	local command=$1 line seen=0
	shift
	: >"$scratch/screen.$$"
	for line; do
		wait_until prompted $seen
		seen=$(stat -c %s "$scratch/screen.$$")
		printf '%s\n' "$line"
	done | script -qec "$command" /dev/null | tee "$scratch/screen.$$"
	rm -f "$scratch/screen.$$"
}
# prompted SIZE: after so much of the screen
prompted() {
	[ "$(stat -c %s "$scratch/screen.$$")" -gt "$1" ] &&
	    [ -n "$(tail -c 1 "$scratch/screen.$$")" ]
}

# Put the build into this machine as an administrator would.
install_product() {
	make -C "$BUILD" -s install >"$scratch/install.$$" 2>&1 || {
		cat "$scratch/install.$$"
		fail "make install"
		exit 1
	}
	rm -f "$scratch/install.$$"
	ldconfig
}

finish() { exit $bad; }
