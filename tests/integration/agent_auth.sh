#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Authentication by an ssh-agent: the helper's side, asked as the PAM module
# asks it, with ssh-keygen, ssh-add and ssh-agent as those who make keys and
# certificates and sign, and agents that lie.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
set -u
install_product
ask=$BUILD/tests/integration/agent_auth
cd "$(mktemp -d)" || exit 1
umask 077
naskeysctl init >/dev/null || fail "init"
unset SSH_AUTH_SOCK
eval "$(ssh-agent -a "$PWD/agent")" >/dev/null
trap 'kill $SSH_AGENT_PID' EXIT

# authenticates NAME WANTED ARGUMENTS...: the code of the last answer, how
# many lists and how many signatures the agent was asked for
authenticates() {
	local name=$1 wanted=$2
	shift 2
	same "$name" "$($ask "$@" 2>&1)" "$wanted"
}
holds() {	# KEY...: the agent has these and no others
	ssh-add -q -D && [ $# -eq 0 ] || ssh-add -q "$@"
}
# lines [OPTIONS] PUB: alice's only line
lines() {
	[ $# -eq 1 ] || printf '%s ' "$1"
	cat "${*: -1}"
}
gives() {	# [OPTIONS] PUB
	lines "$@" >lines
	naskeysctl key set --force alice lines >/dev/null 2>err ||
	    { cat err; fail "key set: $*"; }
}
fingerprint() { ssh-keygen -lf "$1" | cut -d' ' -f2; }

key() { ssh-keygen -q -N '' -f "$@" || fail "ssh-keygen $*"; }
key ed -t ed25519
key other -t ed25519
key ec256 -t ecdsa -b 256
key ec384 -t ecdsa -b 384
key ec521 -t ecdsa -b 521
key rsa2048 -t rsa -b 2048
key rsa3072 -t rsa -b 3072
key ca -t ed25519
key ca_rsa -t rsa -b 2048
for name in alice bob; do
	naskeysctl user add $name >/dev/null || fail "user add $name"
done
naskeysctl key add bob other.pub >log

# ---- each type of key ----

for k in ed ec256 ec384 ec521 rsa2048 rsa3072; do
	holds $k
	gives $k.pub
	authenticates "$k" "OK 1 1" real alice
	authenticates "$k is not bob's" "AUTH_ERR 1 0" real bob
done
holds other ed ec256
gives ec256.pub
authenticates "the one among others" "OK 1 1" real alice
gives ed.pub
holds
authenticates "an agent without keys" "AUTH_ERR 1 0" real alice
holds other
authenticates "another one's key" "AUTH_ERR 1 0" real alice
holds ed

# ---- accounts ----

authenticates "nobody" "USER_UNKNOWN 0 0" real carol
authenticates "root" "USER_UNKNOWN 0 0" real root
check "lock" naskeysctl user lock alice
authenticates "a locked account" "AUTH_ERR 0 0" real alice
check "unlock" naskeysctl user unlock alice >log
authenticates "an unlocked one" "OK 1 1" real alice
check "an account that expires" naskeysctl user edit alice --expires +1s
sleep 1.1
authenticates "an expired account" "AUTH_ERR 0 0" real alice
check "and does not" naskeysctl user edit alice --expires never
authenticates "is good again" "OK 1 1" real alice

# ---- options of the line ----

while read -r options; do
	gives "$options" ed.pub
	authenticates "refused: $options" "AUTH_ERR 0 0" real alice
done <<'EOF'
command="/bin/true"
restrict
restrict,pty
no-pty,command="id",no-X11-forwarding
expiry-time="20200101"
expiry-time="20990101",expiry-time="20200101"
from="*"
from="192.0.2.1"
EOF
gives cert-authority ed.pub
authenticates "an authority's key" "AUTH_ERR 1 0" real alice
while read -r options; do
	gives "$options" ed.pub
	authenticates "taken: $options" "OK 1 1" real alice
done <<'EOF'
no-pty
environment="A=restrict,command=b"
expiry-time="20990101"
touch-required,verify-required
permitopen="localhost:80",no-port-forwarding
EOF
while read -r wanted rhost from; do
	gives "from=\"$from\"" ed.pub
	[ "$wanted" = yes ] && wanted="OK 1 1" || wanted="AUTH_ERR 0 0"
	authenticates "from=\"$from\" for $rhost" "$wanted" real alice sudo \
	    "$rhost"
done <<'EOF'
yes 192.0.2.1 192.0.2.1
yes 192.0.2.1 *
yes 192.0.2.1 192.0.2.0/24
no 192.0.3.1 192.0.2.0/24
yes 192.0.3.1 192.0.2.0/23
no 192.0.2.1 !192.0.2.1,*
no 192.0.2.1 *,!bad.example
yes 2001:db8::1 2001:db8::/32
yes 2001:0DB8::0:1 2001:db8::1
no ::1 127.0.0.1
yes ::ffff:192.0.2.1 192.0.2.1
no host.example *
no host.example host.example
no fe80::1%lo *
EOF
lines 'command="true"' ed.pub >two
cat ed.pub >>two
check "key set" naskeysctl key set --force alice two
authenticates "a second line of the same key" "OK 1 1" real alice
gives ec256.pub
check "a key that expires" naskeysctl key add alice ed.pub --expires +1s
sleep 1.1
authenticates "an expired key" "AUTH_ERR 1 0" real alice
gives ed.pub
check "another one's key beside" naskeysctl key add alice ec256.pub
naskeysctl key remove alice "$(fingerprint ed.pub)" >/dev/null
authenticates "a removed key" "AUTH_ERR 1 0" real alice

# ---- certificates ----

# sign NAME KEY OPTIONS...: NAME and its certificate
sign() {
	local name=$1 k=$2
	shift 2
	cp "$k" "$name"
	cp "$k.pub" "$name.pub"
	ssh-keygen -q -I id "$@" "$name.pub" 2>err || { cat err; fail sign; }
}
gives 'cert-authority' ca.pub
for k in ed ec256 ec384 ec521 rsa2048; do
	sign cert $k -s ca -n bob,alice
	holds cert
	authenticates "certificate of $k" "OK 1 1" real alice
done
holds ed ca
authenticates "the authority's key is no key" "AUTH_ERR 1 0" real alice
# certificate WANTED NAME OPTIONS...: of an Ed25519 key, signed so
certificate() {
	local wanted=$1 name=$2
	shift 2
	[ "$wanted" = yes ] && wanted="OK 1 1" || wanted="AUTH_ERR 1 0"
	sign cert ed "$@"
	holds cert
	authenticates "certificate: $name" "$wanted" real alice sudo "$rhost"
}
rhost=
certificate no "of another user" -s ca -n bob
certificate no "without principals" -s ca
certificate no "a name that begins so" -s ca -n alice2
certificate no "a pattern" -s ca -n 'a*'
certificate no "of a host" -s ca -h -n alice
certificate no "over" -s ca -n alice -V 20200101:20200102
certificate no "not yet" -s ca -n alice -V 20990101:20990102
certificate yes "in its time" -s ca -n alice -V -1d:+1d
certificate no "forced command" -s ca -n alice -O force-command=id
certificate no "source address" -s ca -n alice \
    -O source-address=192.0.2.0/24
certificate no "unknown critical option" -s ca -n alice -O critical:x@y=1
certificate yes "unknown extension" -s ca -n alice -O extension:x@y=1
certificate no "another authority" -s other -n alice
certificate no "an RSA authority that is not ours" -s ca_rsa -n alice
rhost=192.0.2.7
certificate yes "source address that admits" -s ca -n alice \
    -O source-address=10.0.0.1,192.0.2.0/24
certificate no "source address that does not" -s ca -n alice \
    -O source-address=10.0.0.0/8
rhost=
gives 'cert-authority' ca_rsa.pub
certificate yes "an RSA authority" -s ca_rsa -n alice -t rsa-sha2-512
certificate no "and with SHA-1" -s ca_rsa -n alice -t ssh-rsa
gives 'cert-authority,principals="ops,admins"' ca.pub
certificate yes "a principal of the line" -s ca -n admins
certificate no "is instead of the name" -s ca -n alice
for options in restrict 'command="id"' 'from="*"'; do
	gives "cert-authority,$options" ca.pub
	authenticates "cert-authority,$options" "AUTH_ERR 0 0" real alice
done
gives ca.pub
certificate no "an authority without cert-authority" -s ca -n alice
gives 'cert-authority' ca.pub
sign cert ed -s ca -n alice
cut -d' ' -f2 cert-cert.pub | base64 -d >blob
# a byte of the principal's name: the signature no longer fits
sed 's/alice/alicf/' blob >changed
{ printf 'ssh-ed25519-cert-v01@openssh.com '; base64 -w0 changed; echo; } \
    >forged.pub
naskeysctl user add alicf >/dev/null
lines cert-authority ca.pub >lines
check "key set" naskeysctl key set --force alicf lines
authenticates "a forged certificate" "AUTH_ERR 1 0" -p forged.pub \
    other-key alicf

# ---- security keys ----

openssl genpkey -algorithm ed25519 -out sk_ed.pem 2>err
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -out sk_ec.pem 2>err
# touches WANTED NAME FLAGS
touches() {
	[ "$1" = yes ] && set -- "OK 1 1" "$2" "$3" ||
	    set -- "AUTH_ERR 1 1" "$2" "$3"
	authenticates "$2, flags $3" "$1" -k "$sk.pem" -p "$offered" -f "$3" \
	    security-key alice
}
for sk in sk_ed sk_ec; do
	"$ask" -k $sk.pem line >$sk.pub
	check "$sk is one for ssh-keygen" ssh-keygen -lf $sk.pub
	offered=$sk.pub
	gives $sk.pub
	touches yes $sk 1
	touches no $sk 0
	touches yes $sk 5
	touches no "$sk only verified" 4
	gives no-touch-required $sk.pub
	touches yes "$sk no-touch-required" 0
	gives verify-required $sk.pub
	touches no "$sk verify-required" 1
	touches yes "$sk verify-required" 5
	gives verify-required,no-touch-required $sk.pub
	touches yes "$sk verify-required,no-touch-required" 4
	gives cert-authority ca.pub
	offered=$sk-cert.pub
	ssh-keygen -q -s ca -I id -n alice $sk.pub
	touches yes "$sk certificate" 1
	touches no "$sk certificate" 0
	ssh-keygen -q -s ca -I id -n alice -O no-touch-required $sk.pub
	touches no "$sk certificate without touch" 0
	gives cert-authority,no-touch-required ca.pub
	touches yes "$sk and the line" 0
	ssh-keygen -q -s ca -I id -n alice $sk.pub
	touches no "$sk the line alone" 0
	ssh-keygen -q -s ca -I id -n alice -O verify-required $sk.pub
	touches no "$sk certificate verify-required" 1
	touches yes "$sk certificate verify-required" 5
done

# ---- agents that lie ----

holds ed
gives ed.pub
authenticates "says nothing but no" "AUTH_ERR 1 0" refuses alice
authenticates "garbage" "AUTH_ERR 1 0" garbage alice
authenticates "a list of nothing" "AUTH_ERR 1 0" no-keys alice
authenticates "an answer that is cut" "AUTH_ERR 1 0" cut alice
authenticates "an answer that is longer" "AUTH_ERR 1 0" longer alice
authenticates "an answer to something else" "AUTH_ERR 1 0" crossed alice
authenticates "10,000 keys" "AUTH_ERR 1 0" many alice
authenticates "the 64th key" "OK 1 1" -p ed.pub -a 63 far alice
authenticates "the 65th key" "AUTH_ERR 1 0" -p ed.pub -a 64 far alice
authenticates "one key all the time" "AUTH_ERR 1 8" -p ed.pub flood alice
authenticates "signs something else" "AUTH_ERR 1 1" other-data alice
authenticates "signs with another key" "AUTH_ERR 1 1" -p other.pub \
    other-key bob
authenticates "signs again" "OK 1 1" -n 3 real alice
authenticates "replays a signature" "AUTH_ERR 1 1" -n 2 replay alice
authenticates "key removed while it signs" "AUTH_ERR 1 1" -a \
    "naskeysctl key set --force alice ec256.pub >log" meanwhile alice
gives ed.pub
authenticates "account locked while it signs" "AUTH_ERR 1 1" -a \
    "naskeysctl user lock alice >log" meanwhile alice
naskeysctl user unlock alice >log
authenticates "the helper is well" "OK 1 1" real alice
same "an answer that nobody asked for" "$($ask unasked alice)" "AUTH_ERR"
same "hangs up" "$($ask leaves alice)" "status 0"
if [ "${LONG-no}" = yes ]; then
	authenticates "two answers of half a minute each" "AUTH_ERR 1 1" \
	    -a 31 slow alice
fi

# ---- who may ask ----

/usr/libexec/naskeys/naskeys-helper --listen /run/naskeys/pam.sock \
    --protocol pam 2>log &
helper=$!
trap 'kill $SSH_AGENT_PID $helper' EXIT
wait_until listens /run/naskeys/pam.sock
asks() { "$@" -s /run/naskeys/pam.sock "${who[@]}" 2>&1; }
who=(real alice)
same "root asks the listener" "$(asks "$ask")" "OK 1 1"
cp "$ask" /usr/local/bin/ask
somebody=(setpriv --reuid "$(naskeysctl user show alice --json | jq .uid)"
    --clear-groups)
same "alice may not" "$(asks "${somebody[@]}" /usr/local/bin/ask)" "PERM_DENIED 0 0"
who=(unasked alice)
same "nor answer" "$(asks "${somebody[@]}" /usr/local/bin/ask)" "PERM_DENIED"
finish
