#!/bin/bash
# SPDX-License-Identifier: ISC
#
# All maps from nothing (--sync), against makedb on the same passwd lines.
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
best_ours=999 best_theirs=999
for _ in $(seq $rounds); do
	rm -f "$maps"/*
	start=$(now)
	"$helper" --state-dir "$dir/state" --sync
	t=$(elapsed "$start" "$(now)")
	best_ours=$(printf '%s\n%s\n' "$t" "$best_ours" | sort -g | head -1)
	start=$(now)
	makedb --quiet -o "$maps/passwd.db" "$dir/feed"
	t=$(elapsed "$start" "$(now)")
	best_theirs=$(printf '%s\n%s\n' "$t" "$best_theirs" | sort -g | head -1)
	rm -f "$maps/passwd.db"
done
umount "$maps"
echo "--sync of $users users with a key each: $best_ours s," \
    "makedb of the same passwd lines: $best_theirs s," \
    "ratio $(ratio "$best_ours" "$best_theirs")"
