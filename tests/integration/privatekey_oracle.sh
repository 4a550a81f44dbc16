#!/bin/sh
# SPDX-License-Identifier: ISC
#
# privatekey_oracle.sh [COUNT [SEED]]: hold our reader and writer of private
# keys against ssh-keygen, openssl and puttygen, each as the one who makes and
# the one who reads, for every type, size and form; and against ssh-keygen -y
# for COUNT changed keys, of which it must take 30% at least.  Where our
# verdict is another one, the change must be in the table below.  COUNT is
# 240, or 20000 when LONG is "yes": nine minutes, since each needs a process of
# ssh-keygen.  The 100000 changed lines of keygen_oracle.sh come on top.
# PRIVATEKEY_ORACLE names the driver built of privatekey_oracle.c.

# Functions are called through check().
# shellcheck disable=SC2317

set -u
LC_ALL=C
export LC_ALL

count=240
[ "${LONG-no}" = yes ] && count=20000
count=${1:-$count}
seed=${2:-1}
driver=${PRIVATEKEY_ORACLE:-${BUILD:?names the build}/tests/integration/privatekey_oracle}
failed=0

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
umask 077
cd "$dir" || exit 1

pass() {
	echo "PASS: $1"
}

fail() {
	echo "FAIL: $1"
	failed=1
}

# check NAME COMMAND...: the command must succeed.
check() {
	name=$1
	shift
	if "$@" 2>errors; then
		pass "$name"
	else
		cat errors
		fail "$name"
	fi
}

# public FILE: what ssh-keygen says its public half is, without a comment.
public() {
	ssh-keygen -y -P '' -f "$1" </dev/null | cut -d' ' -f1,2
}

# is_key FILE PUBLIC: we read it, and it is that key.
is_key() {
	"$driver" judge "$1" >ours
	read -r verdict _ type blob _ <ours
	[ "$verdict $type $blob" = "accept $(cut -d' ' -f1,2 "$2")" ] ||
	    { cat ours >&2; return 1; }
}

# is_encrypted FILE
is_encrypted() {
	"$driver" judge "$1" >ours
	[ "$(cat ours)" = \
	    "refuse EACCES Encrypted private keys are not allowed" ]
}

### What others made, in every form

# make_forms KEY: KEY.pem, KEY.p8, KEY.sec1 and so on of the OpenSSH file KEY.
make_forms() {
	for form in pem p8; do
		[ "$1" = ed25519 ] && continue
		cp "$1" "$1.$form"
		case $form in
		pem) m=PEM ;;
		p8) m=PKCS8 ;;
		esac
		ssh-keygen -q -p -P '' -N '' -m "$m" -f "$1.$form" >log
	done
	case $1 in
	rsa*)
		openssl rsa -in "$1.pem" -traditional -out "$1.openssl" ;;
	ec*)
		openssl ec -in "$1.pem" -out "$1.openssl"
		openssl ec -in "$1.pem" -conv_form compressed \
		    -out "$1.compressed"
		openssl ec -in "$1.pem" -no_public -out "$1.alone"
		{ openssl ec -in "$1.pem" -noout -text |
		    sed -n 's/^ASN1 OID: //p' >curve
		openssl ecparam -name "$(cat curve)"; cat "$1.openssl"; } \
		    >"$1.parameters" ;;
	ed25519)
		"$driver" convert pkcs8 "$1" |
		    openssl pkey -out "$1.openssl" ;;
	esac 2>log
	[ "$1" = ed25519 ] ||
	    openssl pkey -in "$1.p8" -out "$1.p8openssl" 2>log
	for version in 2 3; do
		puttygen "$1" -O private -o "$1.ppk$version" \
		    --ppk-param version=$version 2>log
	done
	puttygen "$1.ppk2" -O private-openssh-new -o "$1.new"
	[ "$1" = ed25519 ] ||	# which has no old form
	    puttygen "$1" -O private-openssh -o "$1.old"
}

echo secret >passphrase
for key in ed25519 rsa2048 rsa2049 rsa3072 rsa4096 ec256 ec384 ec521; do
	bits=${key#rsa}
	case $key in
	ed25519) set -- -t ed25519 ;;
	ec*) set -- -t ecdsa -b "${key#ec}" ;;
	*) set -- -t rsa -b "$bits" ;;
	esac
	if ! ssh-keygen -q -N '' -C "$key key" -f $key "$@"; then
		fail "make $key"
		exit 1
	fi
	make_forms $key
	for file in "$key" "$key".[!p]* "$key".p[!u]*; do
		check "we read: $file" is_key "$file" $key.pub
	done
done
openssl genpkey -algorithm ed25519 -out made.ed 2>log
openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out made.rsa \
    2>log
openssl ecparam -genkey -name secp384r1 -out made.ec
for type in rsa ecdsa ed25519; do
	puttygen -q -t $type -C "made by puttygen" -o made.$type.ppk \
	    --new-passphrase /dev/null
	puttygen made.$type.ppk -O public-openssh -o made.$type.pub
	check "we read: puttygen's own $type" is_key made.$type.ppk \
	    made.$type.pub
done
# PuTTYgen writes an EC key's number as short as an INTEGER.
for n in 1 2 3 4 5 6 7 8; do
	puttygen -q -t ecdsa -b 256 -o made.ppk --new-passphrase /dev/null
	puttygen made.ppk -O public-openssh -o made.pub
	puttygen made.ppk -O private-openssh -o made.old
	check "we read: puttygen's SEC1, $n" is_key made.old made.pub
done
for key in made.rsa made.ec; do
	public $key >$key.pub
	check "we read: openssl's own ${key#made.}" is_key $key $key.pub
done
"$driver" convert openssh made.ed >made.ed.new
public made.ed.new >made.ed.pub
check "we read: openssl's own Ed25519" is_key made.ed made.ed.pub

### Encrypted by others, in every form

for key in ed25519 rsa2048 ec256; do
	for form in RFC4716 PEM PKCS8; do
		cp $key locked
		ssh-keygen -q -p -P '' -N secret -m $form -f locked >log
		check "encrypted: $key as $form" is_encrypted locked
	done
	for version in 2 3; do
		puttygen $key -O private -o locked --new-passphrase \
		    passphrase --ppk-param version=$version 2>log
		check "encrypted: $key by puttygen, $version" \
		    is_encrypted locked
	done
done
for cipher in des3 aes256; do
	openssl rsa -in rsa2048.pem -traditional -$cipher -passout \
	    pass:secret -out locked 2>log
	check "encrypted: openssl, PKCS#1, $cipher" is_encrypted locked
	openssl ec -in ec256.pem -$cipher -passout pass:secret -out locked \
	    2>log
	check "encrypted: openssl, SEC1, $cipher" is_encrypted locked
done
openssl pkcs8 -topk8 -in rsa2048.pem -passout pass:secret -out locked
check "encrypted: openssl, PKCS#8" is_encrypted locked

### What we write

# others_read FILE PUBLIC: ssh-keygen (or openssl) and puttygen know the key.
others_read() {
	if grep -q 'BEGIN PRIVATE KEY' "$1" && [ "$3" = ed25519 ]; then
		openssl pkey -in "$1" >theirs	# ssh-keygen does not yet
		cmp "$1" theirs >&2 || return 1
	else
		[ "$(public "$1")" = "$(cut -d' ' -f1,2 "$2")" ] || return 1
	fi
	if ! grep -q 'BEGIN PRIVATE KEY' "$1"; then	# nor does puttygen
		puttygen "$1" -O public-openssh -o theirs || return 1
		[ "$(cut -d' ' -f1,2 theirs)" = \
		    "$(cut -d' ' -f1,2 "$2")" ] || return 1
	fi
}

# same_text FILE COMMAND...: the command writes exactly what is in FILE.
same_text() {
	file=$1
	shift
	"$@" >theirs 2>log
	cmp "$file" theirs >&2
}

for key in ed25519 rsa2048 rsa2049 rsa3072 rsa4096 ec256 ec384 ec521; do
	for from in $key $key.ppk2 $key.openssl; do
		for form in openssh pkcs8 pkcs1; do
			[ $form = pkcs1 ] && [ "${key#rsa}" = $key ] && continue
			"$driver" convert $form "$from" >written
			check "others read: $from as $form" \
			    others_read written $key.pub $key
		done
	done
	"$driver" convert pkcs8 $key >written
	check "as openssl writes it: $key as pkcs8" \
	    same_text written openssl pkey -in written
	[ "${key#rsa}" = $key ] || {
		"$driver" convert pkcs1 $key >written
		check "as openssl writes it: $key as pkcs1" \
		    same_text written openssl rsa -traditional -in written
		check "as ssh-keygen writes it: $key as pkcs1" \
		    cmp written $key.pem
	}
	"$driver" convert public $key >line
	check "public line: $key" cmp line $key.pub
	"$driver" convert openssh $key >written
	cp written again
	ssh-keygen -q -p -P '' -N '' -f again >log
	"$driver" convert openssh again >twice
	check "through ssh-keygen and back: $key" cmp written twice
done

### What we make

# is_sound FILE: openssl finds nothing wrong with the key in it.
is_sound() {
	"$driver" convert pkcs8 "$1" | openssl pkey -check -noout >log
}

for wish in "ssh-ed25519 0" "ecdsa-sha2-nistp256 0" "ecdsa-sha2-nistp384 0" \
    "ecdsa-sha2-nistp521 0" "ssh-rsa 2048" "ssh-rsa 0"; do
	# shellcheck disable=SC2086
	"$driver" generate $wish "made by us" >own
	"$driver" convert public own >own.line
	check "we make: $wish" others_read own own.line "$wish"
	[ "$wish" = "ssh-ed25519 0" ] ||
	    check "sound: $wish" is_sound own
	printf x >data
	check "it signs: $wish" ssh-keygen -q -Y sign -n file -f own data
	rm -f data.sig
done

### Changed keys: the same verdict as ssh-keygen's, or a row of this table

# Who takes it alone <tab> what was changed (a regular expression) <tab> why.
tab=$(printf '\t')
sed "s/  */ /g; s/ | /$tab/g" >differences <<'TABLE'
ours | ^openssh text crlf$ | lines may end in CRLF
ours | ^openssh text blank-before$ | empty lines may stand before the key
theirs | text text-before$ | text before the key
theirs | text text-behind$ | text behind the key
theirs | ^openssh .*-padding blocks-more$ | more than 16 bytes of padding
theirs | ^openssh .*-options | options of a key derivation that is none
theirs | ^openssh .*-(type|curve|cipher|kdf|comment) zero-behind$ | NUL behind a name
theirs | ^openssh .*-comment | comment that is no line of UTF-8
theirs | ^openssh .* zero-before$ | number that is not in its shortest form
theirs | ^openssh ed-seed-point | seed of another Ed25519 key
theirs | ^openssh ec-d | private number of another point
theirs | ^openssh rsa-(d|iqmp|p|q) | RSA numbers that do not belong together
theirs | ^pkcs. .* long-length$ | length that is not in its shortest form
theirs | ^pkcs. .*-(30|04) (twice|zero-behind)$ | something behind the key
theirs | ^pkcs. .*-(30|04|a1) (flip|last)$ | something changed inside
theirs | ^pkcs8 (rsa|ec)-1-02 | another version of PKCS#8
theirs | ^pkcs8 ec-7-02 | another version of SEC1
theirs | ^pkcs8 ec-8-04 | private number of another point
theirs | ^pkcs8 ec-(9|10)-(a1|03) | another point
theirs | ^pkcs8 rsa-4-05 | RSA without its NULL
theirs | ^pkcs. rsa-.*-02 | RSA numbers that do not belong together
TABLE

ssh-keygen -q -t rsa -b 1024 -N '' -C small -f rsa1024
mkdir changed
"$driver" mutate "$seed" "$count" changed ed25519 ec256 ec384 ec521 rsa1024 \
    rsa1024 >names
seq "$count" | sed 's|^|changed/|' >files
xargs "$driver" judge <files | sed 's/^accept [^ ]* \([^ ]* [^ ]*\).*/\1/
    s/^refuse.*/-/' >ours
while read -r file; do
	verdict=$(ssh-keygen -y -P '' -f "$file" </dev/null 2>/dev/null |
	    cut -d' ' -f1,2)
	echo "${verdict:--}"
done <files >theirs

# Name, our verdict, theirs: tabs between them.
paste names ours theirs | awk -F "$tab" '
	NR == FNR { who[FNR] = $1; what[FNR] = $2; why[FNR] = $3; n = FNR; next }
	{ keys++; taken += $3 != "-"; accepted += $2 != "-" }
	$2 != $3 {
		alone = $3 == "-" ? "ours" : $2 == "-" ? "theirs" : "both"
		for (i = 1; i <= n; i++)
			if (who[i] == alone && $1 ~ what[i])
				break
		if (i > n) {
			print "key " FNR ": " $1 ": taken by " alone
			bad++
		} else
			seen[who[i] " alone: " why[i]]++
	}
	END {
		for (c in seen)
			print "# " c ": " seen[c]
		printf "# %d keys, %d taken by ssh-keygen, %d by us\n",
		    keys, taken, accepted
		if (taken * 100 < keys * 30) {
			print "too few keys are taken by ssh-keygen"
			bad++
		}
		exit bad > 0
	}' differences - >report
status=$?
sort report
[ "$(wc -l <ours)" -eq "$count" ] || fail "changed keys: judged all"
check "changed keys: $count, seed $seed" [ "$status" -eq 0 ]

### Each difference by itself

# taken_by WHO FILE: exactly that one of us takes it.
taken_by() {
	who=
	"$driver" judge "$2" | grep -q '^accept' && who=ours
	[ -n "$(public "$2" 2>/dev/null)" ] && who=$who${who:+,}theirs
	[ "$who" = "$1" ] || { echo "taken by: $who" >&2; return 1; }
}

sed 's/$/\r/' ed25519 >crlf
{ echo; cat ed25519; } >before
{ echo words; cat ec256.p8; } >words
cat ed25519 rsa2048 >two
check "ours alone: lines may end in CRLF" taken_by ours crlf
check "ours alone: empty lines before" taken_by ours before
check "ours alone: Ed25519 in PKCS#8" taken_by ours ed25519.openssl
check "ours alone: PuTTY" taken_by ours ec256.ppk3
check "theirs alone: text before the key" taken_by theirs words
check "theirs alone: a second key behind" taken_by theirs two
exit "$failed"
