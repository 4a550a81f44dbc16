#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Edits with few and with many users, against one SQLite commit, on the
# machine's real disk; and the system calls that sync, counted.  The maps lie
# on a tmpfs, as they do in /run, in a mount namespace of our own.
# needs: disk
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/users.bash"
set -eu
[ "${1-}" = inside ] ||
    exec unshare --mount --propagation private bash "$0" inside
users=20000
[ "${LONG-no}" = no ] || users=1000000
dir=$(mktemp -d /var/tmp/naskeys-bench.XXXXXX)
chmod 711 "$dir"	# the user of a home in it gets there
trap 'umount "$dir"/*/maps; rm -rf "$dir"' EXIT
for state in small large; do
	mkdir -m 700 "$dir/$state"
	mkdir "$dir/$state/maps"
	mount -t tmpfs -o mode=755 maps "$dir/$state/maps"
done
make_users 1000 100000 "$dir/keys" >"$dir/small.json"
make_users $users 100000 "$dir/keys" >"$dir/large.json"
import "$dir/small" "$dir/small.json" >/dev/null
import "$dir/large" "$dir/large.json" >/dev/null
echo "1000 users and $users users:"
"$BUILD/tests/bench/bench_edit" "$helper" "$dir/small" "$dir/large" 300

# ten edits on one open connection, after one that opens everything
{
	for i in $(seq 0 10); do
		printf '{"jsonrpc":"2.0","id":%d,"method":"user.update",' "$i"
		printf '"params":[9,{"full_name":"Name %d"}]}\n' "$i"
		sleep 0.05
	done
} | strace -f -o "$dir/trace" -e trace=fsync,fdatasync,sync_file_range,write \
    "$helper" --state-dir "$dir/small" >"$dir/answers"
grep -q '"error"' "$dir/answers" && { head -3 "$dir/answers"; exit 1; }
echo "sync calls of each of ten edits (expected: 1):" \
    "$(awk '/fsync|fdatasync/ { n++ }
	/write\(1, / { printf "%d ", n; n = 0 }' "$dir/trace" |
	cut -d' ' -f2-)"
