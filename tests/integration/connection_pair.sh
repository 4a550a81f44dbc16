#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Pairing with another NAS: two machines with a store, an sshd and a gateway
# each, in both directions; each version of TrueNAS, and machines that mean no
# good, by a websocket server that is not ours.  Whatever fails leaves nothing
# behind on either side, or says what.
# shellcheck source-path=SCRIPTDIR
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib/suite.bash"
. "$here/lib/far.bash"
. "$here/lib/twin.bash"
set -u
install_product
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null
naskeysctl init --configure >/dev/null || fail "init"
cd "$scratch" || exit 1
chmod 755 .
ssh-keygen -q -A
record_syslog || fail "syslog"
check "another machine" make_twin

### Both are whole

nas() {	# PREFIX ADDRESS NAME: helper, gateway and sshd of a machine
	local helper=/usr/libexec/naskeys/naskeys-helper
	$1 $helper --listen /run/naskeys/helper.sock --protocol json \
	    --listen /run/naskeys/gateway.sock --protocol gateway \
	    --listen /run/naskeys/root/pam.sock --protocol pam \
	    2>>"$3.err" &
	wait_until $1 test -S /run/naskeys/root/pam.sock || fail "$3 helper"
	$1 /usr/libexec/naskeys/naskeys-gateway --listen "$2:443" \
	    --listen "[$4]:443" 2>>"$3.err" &
	$1 /usr/sbin/sshd -E "$PWD/$3-sshd.log" -o MaxStartups=100
	wait_until grep -q certificate "$3.err" || fail "$3 gateway"
}
near() { "$@"; }
: >near.err; : >far.err
nas twin $far4 far $far6
nas near 10.9.0.1 near fd09::1
for m in near twin; do
	$m naskeysctl user add boss --uid 5001 --admin --password-stdin \
	    <<<"staple" >/dev/null || fail "$m boss"
	$m naskeysctl user add carol --uid 5003 --shell /usr/sbin/nologin \
	    >/dev/null || fail "$m carol"
done
fingerprint() { $1 naskeysctl --json gateway show | jq -r .fingerprint; }
pin=$(fingerprint twin)
# pair NAME OPTION...: as boss, with the password on standard input
pair() {
	naskeysctl connection pair "$1" --admin-username boss \
	    --password-stdin "${@:2}" <<<"${typed-staple}"
}
far_keys() { twin naskeysctl --json key list carol | jq length; }
nothing() {	# NAME: neither the connection nor a keypair of it is here
	same "$1: nothing is here" "$(naskeysctl --json connection list |
	    jq --arg n "$1" 'map(select(.name == $n)) | length') $(naskeysctl \
	    --json keypair list | jq --arg n "$1 key" \
	    'map(select(.name == $n)) | length')" "0 0"
}

### Whom it trusts

refuses "a certificate that nobody knows" "is not trusted (self-signed" \
    pair x --url https://$far4 --generate-keypair "x key"
says "$pin"
says "--pin-certificate"
refuses "another one than the pinned one" "another one than the pinned" \
    pair x --url https://$far4 --generate-keypair "x key" \
    --pin-certificate "${pin/SHA256:??/SHA256:00}"
nothing x
same "and nobody has logged in there" "$(twin naskeysctl audit |
    grep -c 'auth.login')" 0

### The plan changes nothing

out=$(pair first --url https://$far4 --generate-keypair "first key" \
    --user carol --pin-certificate "$pin" --dry-run)
same "a dry run" "$out" "Certificate of $far4: $pin, pinned
Would generate keypair first key
Would add the key to carol at $far4
Would give carol a shell: /usr/bin/bash for /usr/sbin/nologin
Would log in with it, and add connection first"
nothing first
began() { naskeysctl audit | grep -c "Begin to pair connection first with \
carol at $far4: key SHA256:"; }
same "it does not begin" "$(began)" 0
same "nor there" "$(far_keys) $(twin naskeysctl --json user show carol |
    jq -r .shell)" "0 /usr/sbin/nologin"

### It works

same "a new key, a pinned certificate" "$(pair first --url https://$far4 \
    --generate-keypair "first key" --user carol --pin-certificate "$pin")" \
    "Certificate of $far4: $pin, pinned
Generated keypair first key
Added the key to carol at $far4
Gave carol a shell: /usr/bin/bash for /usr/sbin/nologin
Added connection first"
same "that it begins is said" "$(began)" 1
check "it lets in" naskeysctl connection test first --command true
same "the host keys are those that are served" "$(naskeysctl --json \
    connection show first | jq -r .attributes.remote_host_key | sort)" \
    "$(twin cat /etc/ssh/ssh_host_{rsa,ecdsa,ed25519}_key.pub |
    cut -d' ' -f1,2 | sort)"
same "a key that is here, any certificate, again" "$(pair second \
    --url https://$far4/ --keypair "first key" --user carol \
    --no-verify-tls 2>err | tail -2)" "carol at $far4 has the key already
Added connection second"
says "its certificate is not verified"
same "the key is there once" "$(far_keys)" 1
same "audit" "$(naskeysctl audit | grep -c "Pair connection first with carol \
at $far4, known by a pinned certificate: add key SHA256:.*, give it a shell")" 1
same "IPv6, root" "$(pair sixth --url "https://[$far6]" --generate-keypair \
    "sixth key" --pin-certificate "$pin" --json | jq -c '.pairing |
    [.protocol, .key_added, .shell_changed, .certificate_trusted]')" \
    '["json-rpc",true,false,true]'
check "it lets in there" naskeysctl connection test sixth --sftp
same "the other direction" "$(twin naskeysctl connection pair back \
    --url https://10.9.0.1 --admin-username boss --password-stdin \
    --keypair "$(twin naskeysctl keypair generate "back key" >/dev/null
    echo "back key")" --user carol --pin-certificate "$(fingerprint near)" \
    <<<staple | tail -1)" "Added connection back"
check "lets in, too" twin naskeysctl connection test back --command true

cat >maker.py <<'P'
"""A token of boss's, for whoever has it."""
import json
import ssl
import sys

import websocket

ws = websocket.create_connection(
    f"wss://{sys.argv[1]}/websocket", timeout=60,
    sslopt={"cert_reqs": ssl.CERT_NONE, "check_hostname": False})


def ask(o):
    ws.send(json.dumps(o))
    return json.loads(ws.recv())


ask({"msg": "connect", "version": "1", "support": ["1"]})
for method, params in (("auth.login", ["boss", "staple"]),
                       ("auth.generate_token", [60, {}, False])):
    answer = ask({"msg": "method", "id": "1", "method": method,
                  "params": params})
print(answer["result"], end="")
# it is worth something as long as who has made it is there
sys.stdout.flush()
sys.stdin.read()
P
coproc MAKER { twin /usr/bin/python3 "$PWD/maker.py" $far4; }
maker=$MAKER_PID
IFS= read -r -t 60 -d '' -N 64 token <&"${MAKER[0]}" || fail "token"
same "a token" "$(naskeysctl connection pair token --url https://$far4 \
    --pin-certificate "$pin" --user carol --keypair "first key" \
    --token-stdin <<<"$token" | tail -1)" "Added connection token"
eval "exec ${MAKER[1]}>&-"
wait $maker
refuses "a token that is none" "it lets nobody in (Invalid token)" \
    sh -c "echo $token | naskeysctl connection pair x --url https://$far4 \
    --pin-certificate $pin --keypair 'first key' --token-stdin"
secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
code() { oathtool -b --hotp -c "$1" "$secret"; }
check "a second factor" twin naskeysctl user otp boss enroll --kind hotp \
    --secret-stdin --code-stdin <<<"$secret
$(code 0)"
refuses "it is asked for" "it wants a one-time password, too" pair x \
    --url https://$far4 --pin-certificate "$pin" --keypair "first key" \
    --user carol
refuses "a wrong one" "it lets nobody in" pair x --url https://$far4 \
    --pin-certificate "$pin" --keypair "first key" --user carol --otp 000000
same "a right one, from standard input" "$(naskeysctl connection pair otp \
    --url https://$far4 --admin-username boss --password-stdin --otp - \
    --pin-certificate "$pin" --keypair "first key" --user carol <<<"staple
$(code 1)" | tail -1)" "Added connection otp"
check "without it again" twin naskeysctl user otp boss remove

### Unpair

refuses "another connection has its key there" "logs in to carol at $far4 \
with the same key" naskeysctl --force connection delete first --unpair
for c in second token otp; do
	naskeysctl --force connection delete $c >/dev/null || fail "$c"
done
naskeysctl --json connection show first | jq -r .attributes.remote_host_key \
    >far.keys
check "the same machine by another name" naskeysctl connection add again \
    --host "$far6" --user carol --keypair "first key" --host-key far.keys
refuses "it is known by its host keys" "The connection again logs in to carol" \
    naskeysctl --force connection delete first --unpair
naskeysctl --force connection delete again >/dev/null || fail "again"
same "unpair" "$(naskeysctl --force connection delete first --unpair)" \
    "Removed its key $(naskeysctl --json keypair show "first key" |
    jq -r .fingerprint) on the remote
Deleted connection first"
same "the key has gone" "$(far_keys)" 0
same "audit of it" "$(naskeysctl audit |
    grep -c "Unpair connection first: remove key SHA256:.* of carol")" 1
twin naskeysctl --json key list root | jq -r '.[0].fingerprint' >was
twin naskeysctl key remove root "$(cat was)" >/dev/null
refuses "one that is gone there" "could not be removed: [$far6] port 22: it \
does not let the user in" naskeysctl --force connection delete sixth --unpair
check "the connection stays" naskeysctl connection show sixth

### Every failure takes it back

# After the exchange: nobody answers on the SSH port, or somebody else does.
untouched() {
	nothing "$1"
	same "$1: nothing is there" "$(twin naskeysctl --json user show carol |
	    jq -c '[.sshpubkey, .shell]')" "$before"
	same "$1: its end is said" "$(naskeysctl audit | grep -c "Pairing \
connection $1 with carol at $far4 has failed, and nothing of it is left")" 1
}
twin naskeysctl user edit carol --shell /usr/sbin/nologin >/dev/null
before=$(twin naskeysctl --json user show carol | jq -c '[.sshpubkey, .shell]')
kill "$(twin cat /run/sshd.pid)"
refuses "no sshd" "the key does not let in" pair down --url https://$far4 \
    --pin-certificate "$pin" --generate-keypair "down key" --user carol
untouched down
twin naskeysctl user lock carol >/dev/null
twin /usr/sbin/sshd -E "$PWD/far-sshd.log"
refuses "a locked account" "it does not let the user in" pair locked \
    --url https://$far4 --pin-certificate "$pin" --user carol \
    --generate-keypair "locked key"
untouched locked
twin naskeysctl user unlock carol >/dev/null
refuses "an unknown account" "make sure that home directory for nobody-here \
user on the remote system exists" pair unknown --url https://$far4 \
    --pin-certificate "$pin" --generate-keypair "unknown key" \
    --user nobody-here
nothing unknown
typed=wrong refuses "a wrong password" "Invalid username or password" \
    pair wrong --url https://$far4 --pin-certificate "$pin" \
    --generate-keypair "wrong key" --user carol
nothing wrong

### Each version of TrueNAS, and what is none

twin useradd -m -s /bin/bash -p '*' nas
make_far_keys keys || fail "host keys"
ssh-keygen -q -t ed25519 -N '' -C '' -f keys/other
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -keyout keys/tls.key -out keys/tls.pem -days 2 -subj /CN=far4.example \
    -addext subjectAltName=DNS:far4.example,IP:$far4 2>openssl.err ||
    fail "certificate"
printf '%s\n' "Port 2201" "PidFile $PWD/nas-sshd.pid" \
    "HostKey $PWD/keys/rsa_2048" "HostKey $PWD/keys/ecdsa_256" \
    "HostKey $PWD/keys/ed25519_256" "StrictModes no" >nas-sshd.conf
twin /usr/sbin/sshd -f "$PWD/nas-sshd.conf" -E "$PWD/nas-sshd.log"

pair_call=keychaincredential.ssh_pair
# NAME|VERSION AND WHAT IT DOES|WHAT IS SAID|OPTIONS: it works
works=(
"CORE 11.3|11.3|Added connection"
"CORE 13|13.0|Added connection"
"SCALE 22.12|22.12|Added connection"
"23.10, without a shell|23.10,nologin|Gave nas a shell|--sudo"
"24.10|24.10|Let nas run /usr/sbin/zfs by sudo|--sudo"
"24.10, a second factor|24.10,otp|Added connection|--otp 123456"
"25.04|25.04|Added connection"
"25.10, a second factor|25.10,otp|Added connection|--otp 123456"
"27, in pieces|27,pieces:$pair_call|Added connection"
)
# It fails, and leaves nothing.
fails=(
"a standby|25.04,lie-redirect|pair with https://other.example"
"no second factor|24.10,otp|Invalid username or password"
"not HTTP|raw,smtp|it does not speak HTTP"
"not the API|24.10,http|HTTP status 200"
"closed at once|raw,close|it closed the connection"
"silent|raw,silent|no end within 1 second: it was still asking"
"a byte at a time|raw,drip|no end within 1 second"
"silent with the key|25.04,silent:$pair_call|still giving it the key"
"silent with the shell|23.10,nologin-silent1:user.update|still changing"
"silent by SSH|25.04,lie-port-silent|waiting for its greeting"
"refuses the key|25.04,refuse:$pair_call|because it is so"
"closes when it has the key|25.04,close1:$pair_call|it closed the connection"
"other host keys|22.12,lie-other-keys|ITS HOST KEY HAS CHANGED"
"no port|25.04,lie-port-text|neither its SSH port nor"
"refuses the shell|23.10,nologin-refuse:user.update|because it is so"
)
[ "${LONG-no}" = no ] || fails+=(
"garbage|raw,garbage|what answers there is no API of a NAS"
"a wrong upgrade|raw,wrong|answer to an upgrade is wrong"
"a head without end|raw,endless|no API of a NAS"
"an expired account|25.04,lie-expired|credentials have expired"
"a denied account|25.04,lie-denied|does not have API access"
"closes|24.10,close:connect|it closed the connection"
"closes at login|25.04,close:auth.login_ex|it closed the connection"
"closes at the look|25.04,close:user.query|it closed the connection"
"silent at login|25.04,silent:auth.login_ex|still logging in to its API"
"silent at the look|24.10,silent:user.query|still looking at the account"
"nonsense|25.04,nonsense:auth.login_ex|makes no sense"
"a deep text|25.04,deep:user.query|makes no sense"
"a binary one|25.04,binary:user.query|no server may send"
"a huge one|25.04,huge:user.query|no server may send"
"nothing but news|25.04,chatter:user.query|makes no sense"
"a drip|25.04,drip:user.query|no end within 1 second"
"rows that are none|25.04,lie-rows|no account of its own"
"a row that is none|25.04,lie-row|no account of its own"
"port 0|25.04,lie-port|neither its SSH port nor"
"port 70000|25.04,lie-port-big|neither its SSH port nor"
"no host keys|25.04,lie-no-keys|no host key that is taken"
"host keys that are none|25.04,lie-keys|its host keys are none"
"half a host key|25.04,lie-one-key|makes no sense"
"a thousand host keys|25.04,lie-many-keys|its host keys are none"
"nonsense for the key|25.04,nonsense:$pair_call|makes no sense"
)
specs=() number=9000
for row in "${works[@]}" "${fails[@]}"; do
	IFS='|' read -r _ spec _ <<<"$row"
	specs+=("$((++number))=$spec")
done
specs+=("9500=25.04,tls" "9501=raw,silent" "9502=25.04,lie-keeps")
twin /usr/bin/python3 "$here/gateway/truenas.py" /home/nas "$PWD/keys" \
    "${specs[@]}" >truenas.out 2>truenas.err &
wait_until grep -q ready truenas.out || fail "truenas.py"
keys_file=/home/nas/.ssh/authorized_keys
twin install -d -m 700 -o nas -g nas /home/nas/.ssh
far_file() { twin cat $keys_file 2>/dev/null; }
reset_file() {
	twin sh -c "echo '# mine' >$keys_file; chown nas: $keys_file"
}
# root's, on the next port
as_root() {
	naskeysctl --force connection pair nas --user nas --timeout 1 \
	    --url http://$far4:$number --password-stdin \
	    --generate-keypair "nas key" "$@" <<<staple
}
number=9000
for row in "${works[@]}"; do
	IFS='|' read -r name _ said options <<<"$row"
	number=$((number + 1))
	reset_file
	# shellcheck disable=SC2086
	check "$name" sh -c "naskeysctl --force connection pair nas --user nas \
	    --url http://$far4:$number --password-stdin --generate-keypair \
	    'nas key' $options <<P | grep '$said'
staple
P"
	check "$name: lets in" naskeysctl connection test nas --command true
	same "$name: it is there once" "$(far_file | grep -c ^ssh-)" 1
	same "$name: no sudo rule unless it is asked for" "$(grep \
	    "^$number .*user.update" truenas.out | grep -c sudo_commands)" \
	    "$([[ $options == *--sudo* ]]; echo $((1 - $?)))"
	naskeysctl --force connection delete nas --unpair >/dev/null ||
	    fail "$name: unpair"
	same "$name: unpaired" "$(far_file)" "# mine"
	naskeysctl --force keypair delete "nas key" >/dev/null
done
for row in "${fails[@]}"; do
	IFS='|' read -r name spec said options <<<"$row"
	number=$((number + 1))
	reset_file
	status "$name" 1 as_root
	says "$said"
	refused "$name: nothing stays there" grep -q "may still be there" err
	same "$name: nothing is there" "$(far_file)" "# mine"
	[[ $spec != *nologin-silent1* ]] ||
	    same "$name: nor the shell" "$(grep "^$number .*user.update" \
	    truenas.out | tail -1 | grep -o '"shell": *"[^"]*"' |
	    tr -d ' ')" '"shell":"/usr/sbin/nologin"'
	nothing nas
done

# One that lets nobody in, and takes nothing back: what stays there is said.
number=9502
reset_file
status "who takes nothing back" 1 as_root
says "What was changed of nas at $far4 may still be there, the key"
says "what is here stays here"
says "What had failed: "
says "waiting for its greeting"
same "it is still there" "$(far_file | grep -c ^ssh-)" 1
nothing nas
same "as the audit log says" "$(naskeysctl audit | grep -c "What pairing \
connection nas has changed of nas at $far4 is still there, the key: ")" 1
same "no password was logged" "$(grep -c staple syslog)" 0
same "or kept in the audit log" "$(naskeysctl audit --json |
    grep -c staple)" 0

### A certificate that the machine trusts

as_tls() {	# NAME HOST
	naskeysctl connection pair "$1" --url "https://$2:9500" --user nas \
	    --generate-keypair "$1 key" --password-stdin <<<staple
}
silent_tls() {
	naskeysctl connection pair tls --url "https://$far4:9501" --user nas \
	    --timeout 1 --generate-keypair "tls key" --password-stdin \
	    <<<staple
}
refuses "silent at TLS" "no end within 1 second: it was still beginning TLS" \
    silent_tls
nothing tls
refuses "one of nobody" "is not trusted (self-signed" as_tls tls far4.example
mkdir -p /etc/ssl/certs
cat keys/tls.pem >>/etc/ssl/certs/ca-certificates.crt
reset_file
for h in far4.example $far4; do
	same "one for $h" "$(as_tls "tls $h" $h |
	    sed -n 's/.*, \(trusted\)$/\1/p')" trusted
done
refuses "not for another name" "ostname mismatch" as_tls tls far.example
finish
