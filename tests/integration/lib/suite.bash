# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# What the integration scripts share.  A script runs inside a private machine
# (tests/integration/machine), with BUILD naming the build folder.

bad=0
scratch=${TMPDIR:-/tmp}
pass() { echo "PASS: $*"; }
fail() { echo "FAIL: $*"; bad=1; }
# A suite that misspells something has shown nothing.
exec {suite_out}>&1
command_not_found_handle() {
	echo "FAIL: there is no command $1" >&"$suite_out"
	return 127
}

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
# refused NAME COMMAND...: passes when it fails, and has been started
refused() {
	local name=$1 got=0
	shift
	"$@" >"$scratch/check.$$" 2>&1 || got=$?
	if [ $got -eq 0 ] || [ $got -eq 126 ] || [ $got -eq 127 ]; then
		echo "  $* -> $got"
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

# status NAME WANTED COMMAND...: the exit status; the output in out and err
status() {
	local name=$1 wanted=$2 got=0
	shift 2
	"$@" >out 2>err </dev/null || got=$?
	if [ "$got" -ne "$wanted" ]; then
		sed 's/^/  /' err
	fi
	same "$name" "$got" "$wanted"
}
says() { check "says: $1" grep -qF -e "$1" err; }
# refuses NAME TEXT COMMAND...: status 1 and one sentence that has the text
refuses() {
	local name=$1 text=$2
	shift 2
	status "$name" 1 "$@"
	says "$text"
	same "$name: one sentence" "$(wc -l <err)" 1
}

# jq takes 35 ms to start, gojq 3.  It prints the members of objects sorted: a
# script that compares such text with another's does without.
quick_jq() { jq() { gojq "$@"; }; }

# wait_until COMMAND...: until it succeeds.  Nothing takes a minute, however
# busy the machine is: a wait in vain fails, whoever looks at what it returns.
wait_until() {
	local end=$((EPOCHSECONDS + 60))
	until "$@" 2>/dev/null; do
		[ $EPOCHSECONDS -lt $end ] || {
			echo "FAIL: in vain waited for $*" >&"$suite_out"
			bad=1
			return 1
		}
		sleep 0.05
	done
}
# listens SOCKET: does somebody accept there?  Its file comes a moment before.
listens() { grep -q " 00010000 .* $1\$" /proc/net/unix; }

# record_syslog: whatever is logged from here on is in the file "syslog", to be
# searched; $logger writes it.  The machine's /dev is the real one, so /dev/log
# needs another.
record_syslog() {
	local f
	mkdir dev
	mount -t tmpfs -o mode=755 tmpfs dev
	for f in null zero full random urandom tty; do
		touch dev/$f
		mount --bind /dev/$f dev/$f
	done
	mkdir dev/pts dev/shm
	mount --bind /dev/pts dev/pts
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	for f in 0:stdin 1:stdout 2:stderr; do
		ln -s "/proc/self/fd/${f%:*}" "dev/${f#*:}"
	done
	mount --rbind dev /dev
	perl -e 'use strict; use IO::Socket::UNIX;
	    my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
		Local => "/dev/log") or die "/dev/log: $!";
	    chmod 0666, "/dev/log";
	    $| = 1;
	    while (defined $s->recv(my $message, 1 << 18)) {
		print "$message\n";
	    }' >syslog 2>syslog.err &
	logger=$!
	wait_until test -S /dev/log
}

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

# Put the build into this machine as an administrator would; STAGE is what
# "make install" has put into a folder once, for all scripts of a run.
install_product() {
	if [ -n "${STAGE-}" ]; then
		# Not its folders: those that are there stay as they are, and
		# / is that of the real machine.
		(cd "$STAGE" && find . ! -type d \
		    -exec cp -d --parents -t / {} +)
	else
		make -C "$BUILD" -s install
	fi >"$scratch/install.$$" 2>&1 || {
		cat "$scratch/install.$$"
		fail "make install"
		exit 1
	}
	rm -f "$scratch/install.$$"
	ldconfig
}

finish() { exit $bad; }
