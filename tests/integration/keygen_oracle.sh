#!/bin/sh
# SPDX-License-Identifier: ISC
#
# keygen_oracle.sh [COUNT [SEED]]: hold our parser of key lines against
# ssh-keygen.  What we take, ssh-keygen must take, with the same fingerprints
# and bits; where we are stricter, the class must be one of the table below.
# COUNT is the number of changed lines that are tried: 5000, or 100000 when
# LONG is "yes".  At least 30% of them must be taken by ssh-keygen.  Private
# keys come on top of them in privatekey_oracle.sh.  KEYLINE_ORACLE names the
# driver built of keyline_oracle.c.

# Functions are called through check().
# shellcheck disable=SC2317

set -u
LC_ALL=C
export LC_ALL

count=5000
[ "${LONG-no}" = yes ] && count=100000
count=${1:-$count}
seed=${2:-1}
driver=${KEYLINE_ORACLE:-${BUILD:?names the build}/tests/integration/keyline_oracle}
failed=0

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
umask 077

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
	if "$@"; then pass "$name"; else fail "$name"; fi
}

# generate FILE ssh-keygen-arguments...
generate() {
	file=$1
	shift
	if ! ssh-keygen -q -N '' -C "$(basename "$file") key" -f "$file" "$@"
	then
		fail "generate $file"
		exit 1
	fi
}

# same_verdict FILE: fingerprints and bits of the key line in FILE agree.
same_verdict() {
	"$driver" <"$1" >"$dir/ours"
	read -r word bits sha256 md5 _ <"$dir/ours"
	[ "$word" = accept ] || return 1
	ssh-keygen -lf "$1" >"$dir/theirs" || return 1
	read -r tbits tsha256 _ <"$dir/theirs"
	ssh-keygen -lE md5 -f "$1" >"$dir/theirs" || return 1
	read -r _ tmd5 _ <"$dir/theirs"
	[ "$bits $sha256 $md5" = "$tbits $tsha256 $tmd5" ]
}

# is_public_text FILE LINE-FILE: FILE is read as the key of LINE-FILE.
is_public_text() {
	"$driver" --text <"$1" >"$dir/ours"
	"$driver" <"$2" >"$dir/theirs"
	cmp -s "$dir/ours" "$dir/theirs"
}

# is_private FILE: FILE is refused as a private key, as text and in one line.
is_private() {
	"$driver" --text <"$1" | grep -q '^refuse EPERM .* private key' ||
	    return 1
	{ tr '\n' ' ' <"$1"; echo; } | "$driver" |
	    grep -q '^refuse EPERM .*private key'
}

### Keys of every type

cd "$dir" || exit 1
generate ed25519 -t ed25519
generate ed25519ca -t ed25519
generate rsa2048 -t rsa -b 2048
generate rsaca -t rsa -b 3072
for bits in 256 384 521; do
	generate "ecdsa$bits" -t ecdsa -b "$bits"
done
cat ed25519.pub ecdsa256.pub | "$driver" --sk >sk
sed -n 1p sk >sk-ed25519.pub
sed -n 2p sk >sk-ecdsa.pub

plain="ed25519 rsa2048 rsaca ecdsa256 ecdsa384 ecdsa521 sk-ed25519 sk-ecdsa"
for key in $plain; do
	check "same verdict: $key" same_verdict "$key.pub"
done

### Certificates of every type, by authorities of every type

n=0
for ca in ed25519ca rsaca ecdsa256 ecdsa384 ecdsa521; do
	for key in $plain; do
		n=$((n + 1))
		case $((n % 3)) in
		0) set -- -n alice,bob -V +52w -O force-command=/bin/true ;;
		1) set -- -V 20200101:20990101 -O clear -O permit-pty ;;
		2) set -- -n carol -O source-address=192.0.2.0/24,2001:db8::/32 ;;
		esac
		cp "$key.pub" "by-$ca-$key.pub"
		ssh-keygen -q -s "$ca" -I "id $n" -z "$n" "$@" \
		    "by-$ca-$key.pub" || fail "sign $key by $ca"
		check "same verdict: certificate of $key by $ca" \
		    same_verdict "by-$ca-$key-cert.pub"
	done
done

### Public keys in other forms

for key in ed25519 rsa2048 ecdsa256 ecdsa384 ecdsa521 sk-ed25519 sk-ecdsa; do
	ssh-keygen -e -m RFC4716 -f "$key.pub" >"$key.rfc4716"
	type=$(cut -d' ' -f1 "$key.pub")
	blob=$(cut -d' ' -f2 "$key.pub")
	comment=$(sed -n 's/^Comment: "\(.*\)"$/\1/p' "$key.rfc4716")
	echo "$type $blob $comment" >line
	check "RFC 4716: $key" is_public_text "$key.rfc4716" line
	sed 's/$/\r/' "$key.rfc4716" >crlf
	check "RFC 4716 with CRLF: $key" is_public_text crlf line
done
for key in rsa2048 ecdsa256 ecdsa384 ecdsa521; do
	ssh-keygen -e -m PKCS8 -f "$key.pub" >"$key.spki"
	check "PEM of $key" is_public_text "$key.spki" "$key.pub"
done
ssh-keygen -e -m PEM -f rsa2048.pub >rsa2048.pkcs1
check "PKCS#1 of rsa2048" is_public_text rsa2048.pkcs1 rsa2048.pub

### Private keys, whole and cut

for key in ed25519 rsa2048 ecdsa256 ecdsa384 ecdsa521; do
	for form in RFC4716 PEM PKCS8; do	# RFC4716: OpenSSH's own
		for pass in '' secret; do
			cp "$key" private
			ssh-keygen -q -p -P '' -N "$pass" -m "$form" \
			    -f private >/dev/null
			what="$key as $form${pass:+, encrypted}"
			check "private: $what" is_private private
			sed 1d private >piece
			[ "$pass$form" = secretPEM ] || [ "$key" = rsa2048 ] ||
			    check "private without first line: $what" \
			    is_private piece
			sed '1d;$d' private >piece
			[ -n "$pass" ] && [ "$form" = PEM ] && continue
			check "private without armor: $what" is_private piece
			tr -d '\n' <piece >word
			check "private in one word: $what" is_private word
			sed 's/$/\r/' private >piece
			check "private with CRLF: $what" is_private piece
		done
	done
	sed '1d;s/^...//' "$key" >piece
	head -c 300 piece >word
	check "private without its first letters: $key" is_private word
done

### Where we are stricter on purpose

blob() {
	cut -d' ' -f2 "$1" | base64 -d
}

encode() {
	base64 -w 0
}

ed=$(cut -d' ' -f1,2 ed25519.pub)
rsablob=$(cut -d' ' -f2 rsa2048.pub)
sk="sk-ssh-ed25519@openssh.com"
generate rsa1024 -t rsa -b 1024
generate dsa -t dsa
ssh-keygen -q -s ed25519ca -I x -h -n host ed25519.pub
mv ed25519-cert.pub hostcert
ssh-keygen -q -s ed25519ca -I x -O critical:strange@example.org ed25519.pub
mv ed25519-cert.pub strangecert
ssh-keygen -q -s rsaca -t ssh-rsa -I x ed25519.pub
mv ed25519-cert.pub sha1cert
ssh-keygen -q -s dsa -I x ed25519.pub
mv ed25519-cert.pub dsacert
tab=$(printf '\t')

# CLASS <tab> what our sentence says <tab> a line that ssh-keygen takes
cat >strict <<EOF
small RSA${tab}RSA key is smaller${tab}$(cat rsa1024.pub)
DSA${tab}DSA keys${tab}$(cat dsa.pub)
signature name as type${tab}name signatures, not keys${tab}rsa-sha2-512 $rsablob
signature name inside${tab}name signatures, not keys${tab}ssh-rsa $({ printf '\0\0\0\014rsa-sha2-256'; blob rsa2048.pub | tail -c +12; } | encode)
webauthn name${tab}webauthn types${tab}webauthn-sk-ecdsa-sha2-nistp256@openssh.com $(cut -d' ' -f2 sk-ecdsa.pub)
short name inside${tab}names no type inside${tab}ssh-ed25519 $({ printf '\0\0\0\007ED25519'; blob ed25519.pub | tail -c +16; } | encode)
NUL behind the name inside${tab}names no type inside${tab}ssh-ed25519 $({ printf '\0\0\0\014ssh-ed25519\0'; blob ed25519.pub | tail -c +16; } | encode)
NUL behind the curve${tab}curve is not the one${tab}ecdsa-sha2-nistp256 $({ printf '\0\0\0\023ecdsa-sha2-nistp256\0\0\0\011nistp256\0'; blob ecdsa256.pub | tail -c +36; } | encode)
no point of Ed25519${tab}no point on its curve${tab}ssh-ed25519 $({ printf '\0\0\0\013ssh-ed25519\0\0\0\040\002'; printf '%031d' 0 | tr 0 '\000'; } | encode)
neutral point of Ed25519${tab}no point on its curve${tab}ssh-ed25519 $({ printf '\0\0\0\013ssh-ed25519\0\0\0\040\001'; printf '%031d' 0 | tr 0 '\000'; } | encode)
long RSA number${tab}not in its shortest form${tab}ssh-rsa $({ printf '\0\0\0\007ssh-rsa\0\0\0\004\0\001\0\001'; blob rsa2048.pub | tail -c +19; } | encode)
even RSA exponent${tab}exponent is not odd${tab}ssh-rsa $({ printf '\0\0\0\007ssh-rsa\0\0\0\003\001\0\002'; blob rsa2048.pub | tail -c +19; } | encode)
RSA exponent of 1${tab}exponent is not odd${tab}ssh-rsa $({ printf '\0\0\0\007ssh-rsa\0\0\0\001\001'; blob rsa2048.pub | tail -c +19; } | encode)
long RSA exponent${tab}exponent is longer${tab}ssh-rsa $({ printf '\0\0\0\007ssh-rsa\0\0\0\011\001\001\001\001\001\001\001\001\001'; blob rsa2048.pub | tail -c +19; } | encode)
even RSA modulus${tab}modulus is even${tab}ssh-rsa $({ blob rsa2048.pub | head -c -1; printf '\002'; } | encode)
empty application${tab}application is empty${tab}$sk $({ printf '\0\0\0\032sk-ssh-ed25519@openssh.com'; blob ed25519.pub | tail -c +16; printf '\0\0\0\0'; } | encode)
application with NUL${tab}application is empty${tab}$sk $({ printf '\0\0\0\032sk-ssh-ed25519@openssh.com'; blob ed25519.pub | tail -c +16; printf '\0\0\0\005ssh:\0'; } | encode)
host certificate${tab}host's certificate${tab}$(cat hostcert)
unknown critical option${tab}critical option that sshd does not know${tab}$(cat strangecert)
certificate signed with SHA-1${tab}signed with SHA-1${tab}$(cat sha1cert)
certificate signed by DSA${tab}signed by a type of key${tab}$(cat dsacert)
NUL behind a signature's name${tab}signature is malformed${tab}ssh-ed25519-cert-v01@openssh.com $({ blob by-ed25519ca-ed25519-cert.pub | head -c -87; printf '\0\0\0\124\0\0\0\014ssh-ed25519\0'; blob by-ed25519ca-ed25519-cert.pub | tail -c 68; } | encode)
certificate as authority${tab}cannot be a certification authority${tab}cert-authority $(cat by-ed25519ca-ed25519-cert.pub)
unknown option${tab}no such key option${tab}nonsense $ed
option that takes no value${tab}takes none${tab}pty="yes" $ed
option without value${tab}lacks its value${tab}command $ed
value without quotes${tab}double quotes${tab}command=ls $ed
empty option${tab}an empty one${tab},pty $ed
text behind a value${tab}other than a comma${tab}command="ls"x $ed
type as options${tab}base64 text of the key is cut${tab}ssh-rsa $ed
type among options${tab}type of key is not taken${tab}ssh-rsa,pty $ed
trailing comma${tab}end with a comma${tab}pty, $ed
option twice${tab}once only${tab}from="*",from="*" $ed
empty command${tab}command is empty${tab}command="" $ed
bad network${tab}a network must be${tab}from="10.0.0.1/8" $ed
incomplete address${tab}an address must be${tab}from="192.0.2" $ed
host that cannot be${tab}a host may contain only${tab}from="a b" $ed
empty from${tab}from= has an empty entry${tab}from="" $ed
from that lets nobody in${tab}only excludes${tab}from="!192.0.2.1" $ed
bad time${tab}expiry-time must be${tab}expiry-time="20990231" $ed
bad environment${tab}environment must be${tab}environment="A B=c" $ed
bad permitopen${tab}permitopen must be${tab}permitopen="::1:80" $ed
bad permitlisten${tab}permitlisten must be${tab}permitlisten=":1:80" $ed
bad port${tab}a port must be${tab}permitopen="host:http" $ed
bad tunnel${tab}tunnel must be${tab}tunnel="tun0" $ed
bad principals${tab}principals must be${tab}cert-authority,principals="a,,b" $ed
principals alone${tab}principals needs${tab}principals="a" $ed
control character${tab}control character${tab}$ed $(printf '\033')c
not UTF-8${tab}not valid UTF-8${tab}$ed $(printf '\377')
EOF

while IFS=$tab read -r class why line; do
	printf '%s\n' "$line" >one
	if ! ssh-keygen -lf one >/dev/null 2>&1; then
		fail "stricter: $class (ssh-keygen refuses it too)"
	elif "$driver" <one | grep '^refuse' | grep -qF "$why"; then
		pass "stricter: $class"
	else
		fail "stricter: $class: $("$driver" <one)"
	fi
done <strict

# What the line must look like in a class whose sentence says other things as
# well; and where we alone take it, which is what sshd does.
cat >forms <<EOF
type as options${tab}^ssh-rsa[^!-~]+(sk-)?(ssh|ecdsa)-
type among options${tab}^ssh-[!-~]*,
EOF
cat >alone <<EOF
blanks behind options${tab}^[!-~].*[^!-~][^!-~]+(sk-)?(ssh|ecdsa)-${tab}pty  $ed
EOF
while IFS=$tab read -r class _ line; do
	printf '%s\n' "$line" >one
	if "$driver" <one | grep -q '^accept' &&
	    ! ssh-keygen -lf one >/dev/null 2>&1; then
		pass "ours alone: $class"
	else
		fail "ours alone: $class"
	fi
done <alone

### Changed lines in bulk

# A line of a key of its own stands between any two, so that it can be told
# what ssh-keygen said of which.  (Where a line has no comment, ssh-keygen
# prints what lies in memory, newlines too, so only the first fields count.)

cat ./*.pub >all
"$driver" <all >verdicts
paste -d ' ' verdicts all |
    sed -n 's/^accept [^ ]* [^ ]* [^ ]* [^ ]* //p' >seeds
"$driver" --mutate "$seed" "$count" <seeds >changed
"$driver" <changed >ours
generate marker -t ed25519
marker=$(cat marker.pub)
mark=$(ssh-keygen -lf marker.pub | cut -d' ' -f2)
{
	echo "$marker"
	sed "a\\
$marker" changed
} >marked
ssh-keygen -lf marked 2>/dev/null | awk -v mark="$mark" '
	$2 == mark { if (NR > 1) print verdict; verdict = "-"; next }
	verdict == "-" && $1 ~ /^[0-9]+$/ && $2 ~ /^SHA256:/ &&
	    length($2) == 50 { verdict = $1 " " $2 }' >theirs

# Line by line: verdict of ours, tab, verdict of theirs.
paste -d "$tab" ours theirs >both
awk -F "$tab" '
	FILENAME == "strict" {
		class[FNR] = $1
		why[FNR] = $2
		n = FNR
		next
	}
	FILENAME == "forms" { form[$1] = $2; next }
	FILENAME == "alone" { alone[$1] = $2; next }
	FILENAME == "changed" { line[FNR] = $0; next }
	{ lines++; taken += $2 != "-" }
	$1 ~ /^accept/ {
		accepted++
		split($1, f, " ")
		for (c in alone)
			if ($2 == "-" && line[FNR] ~ alone[c]) {
				seen["ours alone: " c]++
				next
			}
		if ($2 != f[2] " " f[3]) {
			print "line " FNR ": ours " $1 ", theirs " $2
			bad++
		}
	}
	$1 ~ /^refuse/ && $2 != "-" {
		for (i = 1; i <= n; i++)
			if (index($1, why[i]) && (!(class[i] in form) ||
			    line[FNR] ~ form[class[i]]))
				break
		if (i > n) {
			print "line " FNR ": stricter for no reason: " $1
			bad++
		} else
			seen["stricter: " class[i]]++
	}
	END {
		for (c in seen)
			print "# " c ": " seen[c]
		printf "# %d lines, %d taken by ssh-keygen, %d by us\n",
		    lines, taken, accepted
		if (lines > 0 && taken * 100 < lines * 30) {
			print "too few lines are taken by ssh-keygen"
			bad++
		}
		exit bad > 0
	}' strict forms alone changed both >report
status=$?
cat report
[ "$(wc -l <ours)" -eq "$count" ] || fail "changed lines: judged all"
[ "$(wc -l <theirs)" -eq "$count" ] || fail "changed lines: ssh-keygen all"
check "changed lines: $count, seed $seed" [ "$status" -eq 0 ]

exit "$failed"
