#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Revocation with everything real: the list is held against ssh-keygen, and
# sshd refuses what stands in files.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
check "init --configure" naskeysctl init --configure
check "check" naskeysctl check
. "$(dirname "$0")/lib/sshd.bash"
chmod 755 .
krl=/var/lib/naskeys/revoked.krl
helper=/usr/libexec/naskeys/naskeys-helper

# ---- the list, as ssh-keygen reads it ----

is_revoked() { ! ssh-keygen -Q -f $krl "$1" >/dev/null; }
hex_string() { printf '%08x%s' $((${#1} / 2)) "$1"; }	# of hexadecimal
hex() { printf %s "$1" | xxd -p | tr -d '\n'; }
tail_of() { cut -d' ' -f2 "$1.pub" | base64 -d | tail -c "$2" | xxd -p |
	tr -d '\n'; }
security_key() {	# TYPE FILE HEX-STRINGS...
	local type=$1 file=$2 all
	shift 2
	all=$(hex_string "$(hex "$type")")
	for s; do all=$all$(hex_string "$s"); done
	echo "$type $(xxd -r -p <<<"$all" | base64 -w0) sk" >"$file.pub"
}

ssh-keygen -q -t ed25519 -N '' -f ca
for t in ed25519 rsa ecdsa dsa; do ssh-keygen -q -t $t -N '' -f t_$t; done
for b in 384 521; do ssh-keygen -q -t ecdsa -b $b -N '' -f t_ecdsa$b; done
security_key sk-ssh-ed25519@openssh.com t_sk_ed25519 \
    "$(tail_of t_ed25519 32)" "$(hex ssh:)"
security_key sk-ecdsa-sha2-nistp256@openssh.com t_sk_ecdsa \
    "$(hex nistp256)" "$(tail_of t_ecdsa 65)" "$(hex ssh:)"
types="ed25519 rsa ecdsa dsa ecdsa384 ecdsa521 sk_ed25519 sk_ecdsa"
for t in $types; do
	ssh-keygen -q -s ca -I "$t" -n x t_$t.pub
	refused "no list has $t" is_revoked t_$t.pub
	refused "nor its certificate" is_revoked t_$t-cert.pub
done
left=$types
for t in $types; do
	left=${left#* }
	[ "$t" = "${types##* }" ] && left=
	check "revoke $t" naskeysctl key revoke "$(fingerprint t_$t.pub)"
	check "$t is revoked" is_revoked t_$t.pub
	check "and its certificate" is_revoked t_$t-cert.pub
	for o in $left ca; do is_revoked "${o/#/$([ "$o" = ca ] || echo t_)}.pub" &&
		fail "$o is not revoked with $t"; done
done
ssh-keygen -q -t ed25519 -N '' -f spare
ssh-keygen -q -s ca -I spare -n x spare.pub
refused "another's certificate is not" is_revoked spare-cert.pub
check "revoke the authority" naskeysctl key revoke "$(fingerprint ca.pub)"
check "it is" is_revoked spare-cert.pub
refused "its key is not" is_revoked spare.pub
cp $krl before.krl
check "sync" naskeysctl sync
check "changes nothing in the list" cmp before.krl $krl
mkdir -m 700 apart
{
	# 42 characters of chance, and one without the bits that do not count
	head -c 33000 /dev/urandom | base64 -w 44 | cut -c1-42 |
	    sed 's/.*/SHA256:&A/'
	fingerprint t_rsa.pub
} | sed 's/.*/{"jsonrpc":"2.0","id":1,"method":"user.revoke_key","params":["&"]}/' |
    "$helper" --state-dir apart >answers
same "a thousand more, in a folder of their own" \
    "$(grep -c '"fingerprints"' answers)" 1001
krl=apart/revoked.krl
same "ssh-keygen finds them all" \
    "$(ssh-keygen -Q -l -f $krl | grep -ci 'hash: *sha256:')" 1001
check "the last one too" is_revoked t_rsa-cert.pub
refused "and no others" is_revoked spare.pub
check "which is the list that there should be" "$helper" --state-dir apart \
    --check
krl=/var/lib/naskeys/revoked.krl
perl -e 'open($f, "+<", $ARGV[0]) && sysseek($f, 200, 0) &&
    sysread($f, $b, 1) && sysseek($f, 200, 0) &&
    syswrite($f, ~$b & "\xff") or die' $krl
refused "check sees one byte" naskeysctl check
check "which sync mends" naskeysctl sync
check "check" naskeysctl check

# ---- sshd ----

serve() {
	"$helper" --listen /run/naskeys/helper.sock \
	    --listen /run/naskeys/root/helper.sock \
	    --listen /run/naskeys/pam.sock --protocol pam \
	    --listen /run/naskeys/root/pam.sock --protocol pam \
	    2>>helper.log &
	serving=$!
	wait_until listens /run/naskeys/root/pam.sock
}
serve
check "pam-auth-update" pam-auth-update --enable naskeys
for k in file good second third authority certified stopped; do
	ssh-keygen -q -t ed25519 -N '' -f $k
done
ssh-keygen -q -s authority -I one -n homely certified.pub
check "user with a home" naskeysctl user add homely --home /home/homely \
    --create-home --key good.pub
check "user without" naskeysctl user add alice --home /nonexistent \
    --key good.pub --key second.pub --key stopped.pub
check "another" naskeysctl user add bob --home /nonexistent --key second.pub
ssh=/home/homely/.ssh
mkdir -m 700 $ssh
{ cat file.pub third.pub; echo "cert-authority $(cat authority.pub)"; } \
    >$ssh/authorized_keys
chown -R homely: $ssh
start_sshd yes
for k in file third good certified; do
	same "login by $k" "$(login $k homely)" homely
done
naskeysctl --json key revoke "$(fingerprint file.pub)" >out
same "revoked from a file alone, it is dead" "$(jq -c '[.dead, .users]' out)" \
    '[true,[]]'
refused "the key in the file is refused" login file homely
same "its neighbour is not" "$(login third homely)" homely
check "revoke what is certified" naskeysctl key revoke \
    "$(fingerprint certified.pub)"
refused "the certificate is refused" login certified homely
ssh-keygen -q -t ed25519 -N '' -f certified2
ssh-keygen -q -s authority -I two -n homely certified2.pub
same "another certificate is not" "$(login certified2 homely)" homely
check "revoke the authority" naskeysctl key revoke \
    "$(fingerprint authority.pub)"
refused "now it is" login certified2 homely
same "keys of the store go on" "$(login good homely)" homely

# ---- the file is there at every moment ----

for i in $(seq 20); do ssh-keygen -q -t ed25519 -N '' -f r$i; done
cat r*.pub >many
check "twenty keys" naskeysctl key add homely many
(
	n=0
	while [ ! -e enough ]; do
		[ "$(login good homely)" = homely ] || echo "login $n"
		n=$((n + 1))
		[ $n -ne 3 ] || touch some
	done
) >failed 2>&1 &
beside=$!
wrong=
for i in $(seq 20); do
	naskeysctl key revoke "$(fingerprint r$i.pub)" >out 2>&1 ||
	    wrong="$wrong r$i"
	[ $((i % 5)) -ne 0 ] || ! login r$i homely >out 2>&1 ||
	    wrong="$wrong (r$i)"
done
check "beside some logins" wait_until test -e some
touch enough
wait $beside
same "twenty revocations" "$wrong" ""
same "no login failed" "$(cat failed)" ""

# ---- its return ----

refused "it does not come back" naskeysctl key add alice r1.pub
same "and one sentence says so" "$(naskeysctl key add alice r1.pub 2>&1 |
    grep -c "has been revoked. Use another key")" 1
refused "nor by key set" naskeysctl --force key set bob r1.pub
check "unless forced" naskeysctl --force key add alice r1.pub
same "then it lets in" "$(login r1 alice)" alice

# ---- sessions ----

session() {	# NAME KEY USER: a session that stays
	login "$2" "$3" "echo \$PPID >$PWD/$1.pid; exec sleep 1000" &
	eval "$1=\$!"
}
install -m 666 /dev/null one.pid
for s in two three four five; do cp -p one.pid $s.pid; done
session one second alice
session two good alice
session three second bob
session four good homely
session five stopped alice
for s in one two three four five; do
	wait_until test -s $s.pid
done
recorded() { naskeysctl --json key revoke SHA256:"$(printf 'A%.0s' $(seq 43))" |
	jq -e '.sessions == []'; }
check "without --terminate" recorded
naskeysctl --json key revoke "$(fingerprint second.pub)" --terminate >out
same "those of the key are ended" \
    "$(jq -c '[.sessions[] | [.username, .ended]] | sort' out)" \
    '[["alice",true],["bob",true]]'
# shellcheck disable=SC2154
wait "$one"
check "one has gone" wait_until test ! -e /proc/"$(cat one.pid)"
# shellcheck disable=SC2154
wait "$three"
check "the other too" wait_until test ! -e /proc/"$(cat three.pid)"
for s in two four five; do
	check "session $s goes on" test -e /proc/"$(cat $s.pid)"
done
# who has the key can stop sshd's child, which runs as the user
kill -STOP "$(cat five.pid)"
status=0
naskeysctl key revoke "$(fingerprint stopped.pub)" --terminate >out ||
    status=$?
same "a stopped session" "$status" 0
check "is ended" grep -q "^Ended session" out
# shellcheck disable=SC2154
wait "$five"
refused "refused again" login stopped alice
naskeysctl --force key revoke homely --terminate >out 2>&1
same "all keys of a user" "$(grep -c "^Revoked the key" out)" 1
# shellcheck disable=SC2154
wait "$four"
# shellcheck disable=SC2154
wait "$two"
same "with the sessions of others by it" "$(grep -c "^Ended session" out)" 2
refused "nobody is left" login good homely
check "check" naskeysctl check

# ---- the last way in ----

ssh-keygen -q -t ed25519 -N '' -f lastkey
key=$(fingerprint lastkey.pub)
usermod -p '*' root
naskeysctl user add boss --admin --key lastkey.pub >out 2>&1
same "an administrator with a key alone" "$(naskeysctl --json user show boss |
    jq -c '[.admin, .password_disabled]')" '[true,true]'
last() { # COMMAND...: refused, with the reason
	! naskeysctl "$@" >out 2>&1 && grep -q 'no administrator could log in' out
}
check "keeps the key" last key remove boss "$key"
check "also from those who revoke it" last key revoke "$key"
check "and a shell" last user edit boss --shell /usr/sbin/nologin
has_key() { naskeysctl key list boss | grep -q SHA256; }
check "the key is there" has_key
useradd -M second-boss
usermod -a -G naskeys-admin second-boss
check "a member of naskeys-admin without a password" \
    last key remove boss "$key"
usermod -p "$(openssl passwd -6 x)" second-boss
check "one with a password is a way" \
    naskeysctl key remove boss "$key"
naskeysctl key add boss lastkey.pub >out
usermod -L second-boss
check "not when it is locked" \
    last key remove boss "$key"
usermod -p "$(openssl passwd -6 x)" root
check "root's password is a way" \
    naskeysctl key remove boss "$key"
naskeysctl key add boss lastkey.pub >out
usermod -p '*' root
check "force" \
    naskeysctl --force key remove boss "$key"

stop_sshd
kill $serving
wait $serving 2>/dev/null
finish
