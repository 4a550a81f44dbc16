#!/bin/bash
# SPDX-License-Identifier: ISC
#
# All maps from nothing (--sync), against makedb on the same passwd lines: by
# the clock, and by what both take of the processors, which says more while
# others use them.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/users.bash"
set -eu
users=20000 rounds=5
[ "${LONG-no}" = no ] || users=1000000 rounds=3
dir=$(mktemp -d /var/tmp/naskeys-bench.XXXXXX)
maps=$dir/state/maps	# on a tmpfs, as in /run
trap 'umount "$maps" 2>/dev/null || :; rm -rf "$dir"' EXIT
make_users $users 100000 "$dir/keys" >"$dir/users.json"
import "$dir/state" "$dir/users.json" >/dev/null
mount -t tmpfs -o mode=0755 tmpfs "$maps"
passwd_lines "$dir/users.json" >"$dir/passwd"

# as Debian's libnss-db feeds it: by number, by name, by uid
feed() {
	awk -F: '{ printf "0%u ", n++; print
	    printf ".%s ", $1; print
	    printf "=%s ", $3; print }' "$dir/passwd"
}
feed >"$dir/feed"
# timed NAME COMMAND...: the least seconds of all rounds, by the clock and on
# the processors, into $dir/NAME.clock and $dir/NAME.cpu
timed() {
	local name=$1 TIMEFORMAT='%R %U %S' times
	shift
	{ time "$@" 2>&3; } 3>&2 2>"$dir/times"
	read -r -a times <"$dir/times"
	echo "${times[0]}" >>"$dir/$name.clock.all"
	awk -v u="${times[1]}" -v s="${times[2]}" \
	    'BEGIN { printf "%.3f\n", u + s }' >>"$dir/$name.cpu.all"
	sort -g "$dir/$name.clock.all" | head -1 >"$dir/$name.clock"
	sort -g "$dir/$name.cpu.all" | head -1 >"$dir/$name.cpu"
}
for _ in $(seq $rounds); do
	rm -f "$maps"/*
	timed ours "$helper" --state-dir "$dir/state" --sync
	timed theirs makedb --quiet -o "$maps/passwd.db" "$dir/feed"
	rm -f "$maps/passwd.db"
done
umount "$maps"
echo "--sync of $users users with a key each: $(<"$dir/ours.clock") s," \
    "makedb of the same passwd lines: $(<"$dir/theirs.clock") s, ratio" \
    "$(ratio "$(<"$dir/ours.clock")" "$(<"$dir/theirs.clock")")"
echo "  on the processors: $(<"$dir/ours.cpu") s," \
    "$(<"$dir/theirs.cpu") s," \
    "ratio $(ratio "$(<"$dir/ours.cpu")" "$(<"$dir/theirs.cpu")")"
