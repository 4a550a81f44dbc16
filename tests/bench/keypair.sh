#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Keys and keypairs against ssh-keygen: generating a key, process for process;
# checking and fingerprinting a file of public keys; and a list of keypairs
# with private halves against one without.
set -eu
cd "$BUILD"
rounds=20 few=3 lists=2 keys=500 many=2000
[ "${LONG-no}" = no ] ||
    rounds=400 few=100 lists=20 keys=10000 many=10000
dir=$(mktemp -d /tmp/naskeys-bench.XXXXXX)
trap 'rm -rf "$dir"' EXIT
bench() { tests/bench/bench_commands "$@"; }
helper=$PWD/naskeys-helper
keygen=$(command -v ssh-keygen)

echo "Generating a key: naskeys-helper with the request, ssh-keygen"
mkdir -m 700 "$dir/state"
"$helper" --state-dir "$dir/state" --sync
# the floor: a helper that is asked for nothing but an answer
echo '{"jsonrpc":"2.0","id":1,"method":"core.ping","params":[]}' \
    >"$dir/request"
bench "no key at all, against ed25519 256, $rounds rounds" "$rounds" \
    "$dir/request" "$dir/made" "$helper" --state-dir "$dir/state" -- \
    "$keygen" -q -N '' -t ed25519 -f "$dir/made"
while read -r type bits n; do
	[ -n "$type" ] || continue
	printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":[%s]}\n' \
	    keychaincredential.generate_ssh_key_pair \
	    "{\"type\":\"$type\",\"bits\":$bits}" >"$dir/request"
	bench "$type $bits, $n rounds" "$n" "$dir/request" "$dir/made" \
	    "$helper" --state-dir "$dir/state" -- \
	    "$keygen" -q -N '' -t "$type" -b "$bits" -f "$dir/made"
done <<END
ed25519 256 $rounds
ecdsa 256 $rounds
ecdsa 384 $rounds
ecdsa 521 $rounds
rsa 2048 $few
$([ "${LONG-no}" = no ] || printf 'rsa 3072 %s\nrsa 4096 %s' "$few" "$few")
END

echo "Public keys of a file, checked and fingerprinted: ours, ssh-keygen -lf"
for t in ed25519 rsa ecdsa; do
	ssh-keygen -q -t $t -N '' -f "$dir/$t"
done
for t in ed25519 rsa ecdsa; do
	ssh-keygen -q -s "$dir/ed25519" -I id -n somebody "$dir/$t.pub"
done
plain="ssh-ed25519 rsa-2048 rsa-3072 rsa-4096 ecdsa-sha2-nistp256
    ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 sk-ssh-ed25519@openssh.com
    sk-ecdsa-sha2-nistp256@openssh.com"
certificates="$dir/ed25519-cert.pub $dir/rsa-cert.pub $dir/ecdsa-cert.pub"
# keys NAME COUNT ROUNDS TYPE...
keys() {
	local name=$1 count=$2 n=$3
	shift 3
	tests/bench/make_keys "$count" "$@" >"$dir/keys"
	tests/bench/list_keys "$dir/keys" >"$dir/ours"
	ssh-keygen -lf "$dir/keys" >"$dir/theirs"
	cmp "$dir/ours" "$dir/theirs"
	bench "$count $name" "$n" /dev/null "$dir/none" \
	    tests/bench/list_keys "$dir/keys" -- \
	    "$keygen" -lf "$dir/keys"
}
# shellcheck disable=SC2086
{
	keys "of all types" $keys 3 $plain
	keys "and certificates" $((keys / 4)) 3 $plain $certificates
	keys "of three types" $many 3 ssh-ed25519 rsa-3072 \
	    ecdsa-sha2-nistp256
	keys "ed25519" $many $lists ssh-ed25519
	keys "rsa 3072" $many $lists rsa-3072
}

echo "A list of $many keypairs: sealed private halves, public halves alone"
for kind in sealed public; do
	mkdir -m 700 "$dir/$kind"
	"$helper" --state-dir "$dir/$kind" --sync
	tests/bench/make_keypairs "$dir/$kind" $many $kind
done
printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":[[],%s]}\n' \
    keychaincredential.query '{"select":["id","name","type","key_type",
    "bits","fingerprint","public_key","has_private","created_at"]}' |
    tr -d '\n' >"$dir/request"
echo >>"$dir/request"
rm "$dir/sealed/seal.key"	# what is not there is not opened
strace -f -e trace=file -o "$dir/trace" \
    "$helper" --state-dir "$dir/sealed" <"$dir/request" >"$dir/list"
[ "$(grep -o '"has_private":true' "$dir/list" | wc -l)" -eq $many ]
! grep -F seal.key "$dir/trace"
bench "list, no file of the key opened" "$lists" "$dir/request" \
    "$dir/none" "$helper" --state-dir "$dir/sealed" -- \
    "$helper" --state-dir "$dir/public"
