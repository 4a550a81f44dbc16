#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Import of many users with a key each, against the sqlite3 shell's .import
# of the same rows into the same tables with the same indexes.
# needs: disk
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/users.bash"
set -eu
users=20000
[ "${LONG-no}" = no ] || users=1000000
dir=$(mktemp -d /var/tmp/naskeys-bench.XXXXXX)
trap 'rm -rf "$dir"' EXIT
make_users $users 100000 "$dir/keys" >"$dir/users.json"

mkdir -m 700 "$dir/state"
call "$dir/state" group.create '[{"name":"everybody","gid":9999}]' >/dev/null
start=$(now)
{ printf '{"jsonrpc":"2.0","id":1,"method":"user.import","params":[{}]}\n'
    cat "$dir/users.json"; } |
    /usr/bin/time -f %M -o "$dir/memory" "$helper" --state-dir "$dir/state" |
    grep -v naskeys.progress >"$dir/answer"
ours=$(elapsed "$start" "$(now)")
grep -q "\"users\":$users,.*\"keys\":$users" "$dir/answer" || { cat "$dir/answer"; exit 1; }

# The same rows, dumped, then .imported into empty tables.  What .import
# reads is text: a blob becomes as many hexadecimal digits as it has bytes,
# and tables that are STRICT would refuse those.
db=$dir/state/naskeys.db
tables=$(sqlite3 "$db" "SELECT name FROM sqlite_schema
    WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
for t in $tables; do
	columns=$(sqlite3 "$db" "SELECT group_concat(CASE WHEN type = 'BLOB'
	    THEN 'substr(hex(' || name || '), 1, length(' || name || '))'
	    ELSE name END) FROM pragma_table_info('$t')")
	sqlite3 -csv "$db" "SELECT $columns FROM $t" >"$dir/$t.csv"
done
sqlite3 "$db" .schema | sed 's/ STRICT, / /; s/ STRICT;/;/' >"$dir/schema"
new=$dir/new.db
sqlite3 "$new" 'PRAGMA journal_mode = WAL' >/dev/null
sqlite3 "$new" <"$dir/schema"
{
	echo 'PRAGMA synchronous = FULL;'
	echo 'PRAGMA ignore_check_constraints = on;'
	echo 'BEGIN;'
	for t in $tables; do echo ".import --csv $dir/$t.csv $t"; done
	echo 'COMMIT;'
} >"$dir/script"
start=$(now)
sqlite3 "$new" <"$dir/script" >"$dir/log" 2>&1 || :
theirs=$(elapsed "$start" "$(now)")
for t in $tables; do
	for file in "$db" "$new"; do
		sqlite3 "$file" "SELECT '$t', count(*) FROM $t"
	done
done | uniq -u >"$dir/differ"
if [ -s "$dir/log" ] || [ -s "$dir/differ" ]; then
	head -5 "$dir/log" "$dir/differ"
	exit 1
fi
echo "import of $users users with a key each: $ours s, .import $theirs s," \
    "ratio $(ratio "$ours" "$theirs");" \
    "memory $(($(cat "$dir/memory") / 1024)) MiB"
