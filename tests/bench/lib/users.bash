# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# What the benchmarks share.

helper=$BUILD/naskeys-helper

# N lines for user.import, a key each; 100 keys serve in turn.
make_users() {	# N FIRST-UID KEY-FOLDER
	local n=$1 first=$2 keys=$3 i
	mkdir -p "$keys"
	for i in $(seq 100); do
		[ -f "$keys/k$i" ] ||
		    ssh-keygen -q -t ed25519 -N '' -C "key $i" -f "$keys/k$i"
	done
	cat "$keys"/k*.pub | awk -v n="$n" -v first="$first" '
	    { key[NR - 1] = $1 " " $2 }
	    END {
		for (i = 0; i < n; i++)
			printf "{\"username\":\"u%07d\",\"uid\":%d," \
			    "\"group\":%s,\"full_name\":\"User %d\"," \
			    "\"home\":\"/mnt/pool/home/u%07d\"," \
			    "\"shell\":\"/bin/bash\"," \
			    "\"keys\":[\"%s u%07d\"]}\n", i, first + i, \
			    "2", i, i, key[i % NR], i
	    }'
}

# The same users as lines of passwd(5), without a key.
passwd_lines() {	# FILE
	awk -F'"' '{ split($7, uid, "[:,]")
	    printf "%s:x:%s:9999:%s:%s:%s\n", $4, uid[2], $12, $16, $20
	    }' "$1"
}

# A call of the helper with a state of its own; prints the result.
call() {	# STATE-DIR METHOD PARAMS
	printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' \
	    "$2" "$3" | "$helper" --state-dir "$1"
}

# Import a file into a new state.
import() {	# STATE-DIR FILE
	mkdir -p -m 700 "$1"
	call "$1" group.create '[{"name":"everybody","gid":9999}]' >/dev/null
	{ printf '{"jsonrpc":"2.0","id":1,"method":"user.import","params":[{}]}\n'
	    cat "$2"; } | "$helper" --state-dir "$1" |
	    grep -v naskeys.progress
}

now() { date +%s.%N; }
# ratio A B: A / B with two digits
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
elapsed() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", b - a }'; }
