#!/bin/bash
# SPDX-License-Identifier: ISC
#
# naskeys-gateway, with websocket clients that are not ours: what it answers,
# passes on and refuses, with a stand-in for the helper and with the helper
# itself.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
here=$(dirname "$(readlink -f "$0")")/gateway
install_product
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null
naskeysctl init --configure >/dev/null || fail "init"
cd "$scratch" || exit 1
chmod 755 .
gateway=/usr/libexec/naskeys/naskeys-gateway
conf=/etc/naskeys/naskeys.conf
port=8443
log=$PWD/standin.log
pid=
python() { /usr/bin/python3 "$@"; }	# whose modules are Debian's
accepts() { (: <"/dev/tcp/127.0.0.1/$port"); }
start() {	# ARGUMENT...
	$gateway --listen 127.0.0.1:$port "$@" 2>gateway.err &
	pid=$!
	wait_until accepts || { sed 's/^/  /' gateway.err; fail "start"; }
}
stop() {
	kill "$pid" && wait "$pid"
	pid=
}
# Its lines are counted where they are printed.
talk() {	# WHAT [ARGUMENT...]
	python "$here/talk.py" "$1" $port "$log" "${@:2}" || bad=1
}
standin() {
	: >"$log"
	chmod 666 "$log"
	rm -f stand.sock
	/usr/bin/python3 "$here/standin.py" "$PWD/stand.sock" "$log" &
	helper=$!
	wait_until listens "$PWD/stand.sock" || fail "stand-in"
}

### What is refused at the start

status "nowhere to listen" 2 $gateway --plain
says "--listen"
refuses "plain on every address" "--plain would send passwords" \
    $gateway --plain --listen 0.0.0.0:$port
refuses "plain on every address of IPv6" "--plain would send passwords" \
    $gateway --plain --listen "[::]:$port"
refuses "a name" "is not like" $gateway --listen localhost:$port
refuses "a folder as certificate" "no certificate" $gateway \
    --listen 127.0.0.1:$port --certificate /etc --key /etc
echo "gateway_listne = x" >$conf
refuses "a mistake in naskeys.conf" "line 1" $gateway --listen 127.0.0.1:1
echo "gateway_origins = https://good.example" >$conf

### Its start at boot

same "not unless somebody says so" "$(find /etc/rc?.d -name '*naskeys-g*')" ""
check "update-rc.d" update-rc.d naskeys-gateway defaults
same "then it is started" "$(cd /etc && echo rc2.d/S*naskeys-gateway \
    rc6.d/K*naskeys-gateway | sed 's/[0-9][0-9]naskeys/NNnaskeys/g')" \
    "rc2.d/SNNnaskeys-gateway rc6.d/KNNnaskeys-gateway"

init=/etc/init.d/naskeys-gateway
status "nor where it is not said" 6 $init start
says "gateway_listen"
echo "gateway_listen = 127.0.0.1:$port" >>$conf
status "where it is" 0 $init start
check "it runs" $init status
check "it stops" $init stop
sed -i /gateway_listen/d $conf

### With a stand-in for the helper

standin
start --plain --gateway-socket "$PWD/stand.sock"
same "its user" "$(ps -o user= -p "$pid" | cut -c1-7)" naskeys
same "its rights" "$(sed -n 's/^\(CapEff\|CapPrm\|NoNewPrivs\|Seccomp\):\t/\1 /p' \
    /proc/$pid/status | tr '\n' ' ')" \
    "CapPrm 0000000000000000 CapEff 0000000000000000 NoNewPrivs 1 Seccomp 2 "
talk all "$pid"
talk terminate "$pid" SIGTERM
wait "$pid"
same "it ends well" $? 0
start --plain --gateway-socket "$PWD/stand.sock"
talk terminate "$pid" SIGKILL
wait "$pid" 2>/dev/null

mutants=300
[ "${LONG-no}" = no ] || mutants=20000
start --plain --gateway-socket "$PWD/stand.sock"
python "$here/mutate.py" $port "$pid" $mutants || bad=1
stop

echo "gateway_proxy_header = x-real-remote-addr" >$conf
start --plain --gateway-socket "$PWD/stand.sock"
talk proxy
stop
many=1000
[ "${LONG-no}" = no ] || many=10000
echo "gateway_clients = $many" >$conf
start --plain --gateway-socket "$PWD/stand.sock"
talk many "$pid" $many
stop
echo "gateway_connections = 2" >$conf
start --plain --gateway-socket "$PWD/stand.sock"
talk helpers
kill $helper
wait $helper 2>/dev/null
talk nobody
stop
rm -f $conf

### TLS

start --gateway-socket "$PWD/stand.sock"
own=/var/lib/naskeys/gateway
same "its key" "$(stat -c '%a %U' $own/key.pem)" "600 root"
same "its certificate" "$(stat -c '%a %U' $own/certificate.pem)" "644 root"
shown=$(naskeysctl --json gateway show | jq -r .fingerprint)
same "for people" "$(naskeysctl gateway show | sed -n 's/^Fingerprint  //p')" \
    "$shown"
served() {
	openssl s_client -connect 127.0.0.1:$port "$@" </dev/null 2>/dev/null |
	    openssl x509 -noout -fingerprint -sha256 2>/dev/null |
	    cut -d= -f2
}
same "the fingerprint" "SHA256:$(served)" "$shown"
curl() {
	python - "$@" <<'P'
import http.client
import ssl
import sys

context = ssl.create_default_context(cafile=sys.argv[1])
context.check_hostname = False
c = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[2]), timeout=60,
                                context=context)
c.request("GET", "/api/versions")
sys.exit(c.getresponse().status != 200)
P
}
check "who has pinned it" curl $own/certificate.pem $port
refused "who has not" curl /etc/ssl/certs/ca-certificates.crt $port
same "TLS 1.1" "$(served -tls1_1 -cipher ALL:@SECLEVEL=0)" ""
refused "no TLS" python -c "
import http.client
c = http.client.HTTPConnection('127.0.0.1', $port, timeout=60)
c.request('GET', '/api/versions')
c.getresponse()"
stop
start --gateway-socket "$PWD/stand.sock"
same "it is kept" "SHA256:$(served)" "$shown"
stop
rm $own/key.pem
start --gateway-socket "$PWD/stand.sock"
check "half of a pair is made anew" [ "SHA256:$(served)" != "$shown" ]
stop

openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.pem \
    -subj /CN=nas -days 2 2>/dev/null
start --certificate "$PWD/rsa.pem" --key "$PWD/rsa.key"
same "a certificate that is configured" "$(served)" \
    "$(openssl x509 -in rsa.pem -noout -fingerprint -sha256 | cut -d= -f2)"
stop
refuses "a key of another one" "belongs to another certificate" $gateway \
    --listen 127.0.0.1:$port --certificate "$PWD/rsa.pem" --key $own/key.pem
openssl rsa -in rsa.key -aes128 -passout pass:secret -out closed.key \
    2>/dev/null
refuses "a key with a passphrase" "one with a passphrase" $gateway \
    --listen 127.0.0.1:$port --certificate "$PWD/rsa.pem" \
    --key "$PWD/closed.key"

### Sockets that are handed over, to somebody who is not root

chown -R naskeys-gateway: $own
setpriv --reuid naskeys-gateway --regid naskeys-gateway --clear-groups \
    systemd-socket-activate -l 127.0.0.1:$port $gateway 2>/dev/null &
pid=$!
wait_until accepts
check "handed over" curl $own/certificate.pem $port
stop
chown -R root: $own

### The helper itself

/usr/libexec/naskeys/naskeys-helper --listen /run/naskeys/gateway.sock \
    --protocol gateway --listen /run/naskeys/root/pam.sock --protocol pam \
    2>>helper.err &
acceptor=$!
wait_until listens /run/naskeys/gateway.sock || fail "acceptor"
naskeysctl user add alice --admin >/dev/null

# Somebody who has taken over the gateway, in its place.
cat >taken.py <<'P'
import array
import json
import os
import socket
import sys

HELLO = {"naskeys": 1, "protocol": "jsonrpc", "path": "/api/current",
         "address": "127.0.0.1", "port": 1, "tls": True,
         "options": {"legacy_jobs": True, "private_methods": True}}


def talk(*lines, fd=None):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect("/run/naskeys/gateway.sock")
    text = "".join(line + "\n" for line in lines).encode()
    if fd is not None:
        s.sendmsg([text], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                            array.array("i", [fd]))])
    else:
        s.sendall(text)
    s.shutdown(socket.SHUT_WR)
    heard = b""
    try:
        while part := s.recv(65536):
            heard += part
    except ConnectionResetError:
        pass            # what was said has not been read
    return heard.decode().splitlines()


def call(method, *params):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                       "params": list(params)})


def number(line):
    return json.loads(line[1:])["error"]["data"]["error"]


user = {"username": "foe", "full_name": "foe", "group_create": True}
for h in (HELLO, dict(HELLO, address="::1"), dict(HELLO, protocol="legacy",
                                                  path="/websocket")):
    heard = talk(json.dumps(h), call("core.ping"))
    print(len(heard) > 0)
answers = [a for a in talk(json.dumps(HELLO), call("user.create", user),
                           call("user.query"), call("user.update", 1, {}),
                           call("naskeys.sync"))
           if a.startswith("=")]
print([number(a) for a in answers])
for h in (dict(HELLO, uid=0), dict(HELLO, user="root"),
          dict(HELLO, address="root"), {}):
    print(talk(json.dumps(h), call("core.ping")))
fd = os.open("/dev/null", os.O_RDONLY)
answers = [a for a in talk(json.dumps(HELLO), call("user.import"), fd=fd)
           if a.startswith("=")]
print([number(a) for a in answers])
P
same "in the gateway's place" "$(setpriv --reuid naskeys-gateway \
    --regid naskeys-gateway --clear-groups /usr/bin/python3 "$PWD/taken.py")" \
    "True
True
True
[207, 207, 207, 207]
[]
[]
[]
[]
[207]"
refused "somebody else in its place" setpriv --reuid nobody --regid nogroup \
    --clear-groups /usr/bin/python3 "$PWD/taken.py"
same "nothing has come of it" "$(naskeysctl --json user list |
    jq -r '.[].username' | tr '\n' ' ')" "root alice "
kill $acceptor
wait $acceptor 2>/dev/null
exit $bad
