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
