#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Other machines pair with this one through the gateway, as each version of
# TrueNAS does it, by websocket clients that are not ours; and then log in,
# with the key that they gave and the host keys that they got.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
set -u
install_product
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null
naskeysctl init --configure >/dev/null || fail "init"
. "$(dirname "$0")/lib/sshd.bash"
chmod 755 .
web=8444
conf=/etc/ssh/sshd_config.d/00-test.conf
printf '%s\n' "Port 22" "Port $port" "ListenAddress 127.0.0.1:$port" \
    "PidFile $PWD/sshd.pid" >$conf
start() { /usr/sbin/sshd -E "$PWD/sshd.log" && wait_until test -s sshd.pid; }
start || fail "sshd"
accepts() { (: <"/dev/tcp/127.0.0.1/$web"); }
/usr/libexec/naskeys/naskeys-helper \
    --listen /run/naskeys/helper.sock --protocol json \
    --listen /run/naskeys/gateway.sock --protocol gateway \
    --listen /run/naskeys/root/pam.sock --protocol pam 2>helper.err &
acceptor=$!
wait_until listens /run/naskeys/gateway.sock || fail "acceptor"
/usr/libexec/naskeys/naskeys-gateway --plain --listen 127.0.0.1:$web \
    2>gateway.err &
gateway=$!
wait_until accepts || fail "gateway"

for k in a b c d; do ssh-keygen -q -t ed25519 -N '' -C "$k@far" -f key_$k; done
ssh-keygen -q -t rsa -N '' -C replication -f key_rsa
naskeysctl user add boss --uid 5001 --admin --password-stdin \
    <<<"staple" >/dev/null
naskeysctl user add dora --uid 5002 --password-stdin <<<"drawer" >/dev/null
# no home, no shell, no password: what the peer's own target refuses
naskeysctl user add carol --uid 5003 --shell /usr/sbin/nologin \
    --key key_d.pub >/dev/null
echo 'root:root secret' | chpasswd

cat >legacy.py <<'P'
"""The initiator of SCALE 22.12 and later, with python3-websocket."""
import json
import sys
import uuid

import websocket


class Refused(Exception):
    pass


class Peer:
    def __init__(self, port):
        self.ws = websocket.create_connection(
            f"ws://127.0.0.1:{port}/websocket", timeout=60)
        self.ws.send(json.dumps({"msg": "connect", "version": "1",
                                 "support": ["1"], "features": []}))
        assert json.loads(self.ws.recv())["msg"] == "connected"

    def call(self, method, *params):
        number = str(uuid.uuid4())
        self.ws.send(json.dumps({"msg": "method", "id": number,
                                 "method": method, "params": params}))
        answer = json.loads(self.ws.recv())
        assert answer["msg"] == "result" and answer["id"] == number
        error = answer.get("error")
        if error:
            raise Refused(f"{error['error']} {error['reason']}")
        return answer["result"]

    def enter(self, how, secret):
        if how == "token":
            maker = Peer(sys.argv[1])
            assert maker.call("auth.login", "boss", secret, None) is True
            token = maker.call("auth.generate_token", 60, {}, False)
            return self.call("auth.login_with_token", token)
        name, form = how.split("/")
        return self.call("auth.login", name, secret,
                         *([None] if form == "3" else []))


def pair(how, secret, user, public, filters, sudo):
    peer = Peer(sys.argv[1])
    if not peer.enter(how, secret):
        print("not logged in")
    answer = peer.call("keychaincredential.ssh_pair", {
        "remote_hostname": "any-host", "username": user,
        "public_key": public})
    row = peer.call("user.query", [["username", "=", user]] + filters,
                    {"get": True})
    update = {}
    if row["shell"] == "/usr/sbin/nologin":
        update["shell"] = "/usr/bin/bash"
    if sudo and not {"ALL", "/usr/sbin/zfs"} & set(
            row["sudo_commands_nopasswd"]):
        update["sudo_commands_nopasswd"] = \
            row["sudo_commands_nopasswd"] + ["/usr/sbin/zfs"]
    peer.call("user.update", row["id"], update)
    peer.ws.close()
    return answer["port"], answer["host_key"], sorted(update)


how, secret, user, file, end, version = sys.argv[2:8]
with open(file) as f:
    key = f.read().strip() + end.replace("n", "\n").replace("-", "")
local = [["local", "=", True]] if version >= "24.10" else []
try:
    port, text, update = pair(how, secret, user, key, local,
                              "sudo" in sys.argv[8:])
except Refused as e:
    print(e)
    sys.exit(1)
lines = [" ".join(line.split()[1:]) for line in text.split("\n")
         if line and not line.startswith("# ")]
assert text == "".join(f"any-host {line}\n\n" for line in lines)
assert len("\n".join(lines)) <= 1024 and all(
    len(line.split()) == 2 for line in lines)
with open("known", "w") as f:
    f.writelines(f"[127.0.0.1]:{port} {line}\n" for line in lines)
print(port, [line.split()[0] for line in lines], update)
P
cat >core.py <<'P'
"""The initiator of CORE and SCALE 22.02, with python3-websockets."""
import asyncio
import json
import sys

import websockets


async def main(port, how, secret, file):
    async with websockets.connect(f"ws://127.0.0.1:{port}/websocket") as ws:
        async def ask(message):
            await ws.send(json.dumps(message))
            return json.loads(await asyncio.wait_for(ws.recv(), 60))

        async def call(method, *params):
            answer = await ask({"msg": "method", "id": "1",
                                "method": method, "params": params})
            return answer.get("result", answer.get("error"))

        await ask({"msg": "connect", "version": "1", "support": ["1"]})
        if how == "token":
            print(await call("auth.token", secret))
        else:
            print(await call("auth.login", "root", secret))
        with open(file) as f:
            got = await call("replication.pair", {
                "hostname": "any-host", "public-key": f.read(),
                "user": "root"})
        lines = [line.split()[1:] for line in got["ssh_hostkey"].split("\n")
                 if line]
        with open("known", "w") as f:
            f.writelines(f"[127.0.0.1]:{got['ssh_port']} {' '.join(line)}\n"
                         for line in lines)
        print(got["ssh_port"], [line[0] for line in lines])
        if how != "token":
            print(await call("auth.generate_token", 60, {}, False))


asyncio.run(main(*sys.argv[1:]))
P
cat >current.py <<'P'
"""Any method by JSON-RPC, as boss."""
import json
import sys

import websocket

ws = websocket.create_connection(f"ws://127.0.0.1:{sys.argv[1]}/api/current",
                                 timeout=60)


def call(method, *params):
    ws.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                        "params": params}))
    answer = json.loads(ws.recv())
    return answer.get("result", answer.get("error", {}).get("data"))


assert call("auth.login", "boss", "staple") is True
print(json.dumps(call(sys.argv[2], *json.loads(sys.argv[3]))))
P
cat >local.py <<'P'
"""One request to the machine's own socket."""
import socket
import sys

s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect("/run/naskeys/helper.sock")
s.sendall(sys.stdin.buffer.read())
print(s.makefile().readline())
P
legacy() { /usr/bin/python3 legacy.py $web "$@" 2>&1; }
core() { /usr/bin/python3 core.py $web "$@" 2>&1; }
current() { /usr/bin/python3 current.py $web "$@" 2>&1; }
keys() { naskeysctl --json key list "$1" | jq length; }
# enters KEY USER: by this key, and by no other host key than those it got
enters() {
	ssh -F none -p $port -i "$1" -o BatchMode=yes -o IdentitiesOnly=yes \
	    -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$PWD/known" \
	    -o LogLevel=ERROR -o HostKeyAlgorithms="${3-ssh-ed25519}" \
	    "$2@127.0.0.1" id -un 2>>ssh.err
}
three="['ssh-rsa', 'ecdsa-sha2-nistp256', 'ssh-ed25519']"

# ---- 22.12 and later ----

same "pairing sets the shell (G.2 sets_user_attributes, invalid_homedir)" \
    "$(legacy boss/3 staple carol key_a.pub n 24.10)" "$port $three ['shell']"
for t in ssh-ed25519 ecdsa-sha2-nistp256 rsa-sha2-512; do
	same "a login behind $t (G.7 row 2)" "$(enters key_a carol $t)" carol
done
same "the host keys are those that are served (G.7 row 5)" \
    "$(cut -d' ' -f2,3 known | sort)" "$(ssh-keyscan -p $port 127.0.0.1 \
    2>/dev/null | grep -v '^#' | cut -d' ' -f2,3 | sort)"
for end in - n nn; do
	same "the same key again, \"$end\" at its end (G.7 row 4)" \
	    "$(legacy boss/2 staple carol key_a.pub $end 22.12)" \
	    "$port $three []"
done
same "it is there once, beside the other" "$(keys carol)" 2
same "by a token" "$(legacy token staple carol key_b.pub n 25.04)" \
    "$port $three []"
same "a login" "$(enters key_b carol)" carol
same "as root, of root" "$(legacy root/3 "root secret" root key_c.pub n 27)" \
    "$port $three []"
same "a login of root" "$(enters key_c root)" root
same "with sudo, where there is no such program" \
    "$(legacy boss/3 staple carol key_b.pub n 27 sudo | cut -c1-16)" \
    "11 [EINVAL] user"
install -m 755 /bin/true /usr/sbin/zfs
same "with sudo" "$(legacy boss/3 staple carol key_b.pub n 27 sudo)" \
    "$port $three ['sudo_commands_nopasswd']"
same "again" "$(legacy boss/3 staple carol key_b.pub n 27 sudo)" \
    "$port $three []"

# ---- CORE and SCALE 22.02 ----

core root "root secret" key_rsa.pub >out
same "root's password (G.7 row 3)" "$(head -2 out)" "True
$port $three"
same "a login of root with it" "$(enters key_rsa root)" root
same "a token" "$(core token "$(tail -1 out)" key_rsa.pub)" "True
$port $three"
same "root's keys" "$(keys root)" 2

# ---- what is refused ----

same "nobody" "$(legacy boss/3 wrong carol key_c.pub n 27)" "not logged in
207 [ENOTAUTHENTICATED] Not authenticated"
same "who is no administrator" "$(legacy dora/3 drawer dora key_c.pub n 27)" \
    "not logged in
207 [ENOTAUTHENTICATED] Not authenticated"
same "an unknown user" "$(legacy boss/3 staple nobody-here key_c.pub n 27)" \
    "14 [EFAULT] User nobody-here does not exist: naskeys has no account of \
this name"
# lacks KIND FILE: of the host's keys
lacks() {
	mv "/etc/ssh/$2" away
	same "without $2" "$(legacy boss/3 staple carol key_c.pub n 27 |
	    cut -d: -f1)" "14 [EFAULT] Host $1 key not configured"
	mv away "/etc/ssh/$2"
}
lacks RSA ssh_host_rsa_key
lacks ECDSA ssh_host_ecdsa_key.pub
lacks ED25519 ssh_host_ed25519_key.pub
same "nothing has come of it" "$(keys carol) $(keys dora)" "3 0"

# ---- the largest keys that fit ----

stop_sshd
rm /etc/ssh/ssh_host_rsa_key*
ssh-keygen -q -t rsa -b 4096 -N '' -C a-very-long-comment-of-an-administrator \
    -f /etc/ssh/ssh_host_rsa_key
start || fail "sshd"
same "RSA of 4096 bits" "$(legacy boss/3 staple carol key_a.pub n 27)" \
    "$port $three []"
same "a login behind it" "$(enters key_a carol rsa-sha2-512)" carol

# ---- by JSON-RPC, and at the machine itself ----

request() { jq -nc --arg k "$(cat "$1")" --arg u "$2" \
    '[{remote_hostname: "x", username: $u, public_key: $k}]'; }
same "JSON-RPC" "$(current keychaincredential.ssh_pair \
    "$(request key_c.pub carol)" | jq -c '[.port, (.host_key | length)]')" \
    "[$port,976]"
locally() {	# UID
	jq -nc --argjson p "$(request key_d.pub dora)" '{jsonrpc: "2.0",
	    id: 1, method: "keychaincredential.ssh_pair", params: $p}' |
	    setpriv --reuid "$1" --regid "$1" --clear-groups \
	    /usr/bin/python3 "$PWD/local.py" |
	    jq -c '[.result.port, .error.data.error]'
}
same "a user, for itself" "$(locally 5002)" "[null,13]"
same "an administrator" "$(locally 5001)" "[$port,null]"
same "that key is there" "$(keys dora)" 1

# ---- who it was ----

naskeysctl audit --json | jq -r '.[] | select(.action | test("pair$")) |
    "\(.actor) \(.action) \(.object): \(.text)"' |
    sed 's/127\.0\.0\.1:[0-9]*/ADDRESS/' | sort | uniq -c |
    sed 's/^ *//' >out
pairs() {	# COUNT ACTOR METHOD USER FROM WORD KEY
	check "audit: $2, $4, $6 $7" grep -qFx "$1 $2 $3 $4: Pair user $4 \
with a machine, from $5: $6 key $(fingerprint "$7.pub")" out
}
method=keychaincredential.ssh_pair
pairs 1 boss $method carol ADDRESS add key_a
pairs 4 boss $method carol ADDRESS keep key_a
pairs 1 boss $method carol ADDRESS add key_b
pairs 1 root $method root ADDRESS add key_c
pairs 1 root replication.pair root ADDRESS add key_rsa
pairs 1 root replication.pair root ADDRESS keep key_rsa
pairs 1 boss $method carol ADDRESS add key_c
pairs 1 boss $method dora "this machine" add key_d
[ $bad -eq 0 ] || sed 's/^/  /' out ssh.err

stop_sshd
kill $gateway $acceptor
wait $gateway $acceptor 2>/dev/null
finish
