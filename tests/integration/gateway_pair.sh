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
. "$(dirname "$0")/lib/gateway.bash"
start_acceptor
start_gateway $web --plain

for k in a b c d; do ssh-keygen -q -t ed25519 -N '' -C "$k@far" -f key_$k; done
ssh-keygen -q -t rsa -N '' -C replication -f key_rsa
naskeysctl user add boss --uid 5001 --admin --password-stdin \
    <<<"staple" >/dev/null
naskeysctl user add dora --uid 5002 --password-stdin <<<"drawer" >/dev/null
# no home, no shell, no password: what the peer's own target refuses
naskeysctl user add carol --uid 5003 --shell /usr/sbin/nologin \
    --key key_d.pub >/dev/null

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
# HOW SECRET USER FILE END VERSION [sudo]
pair() { /usr/bin/python3 "$truenas/initiator.py" $web "$@" 2>&1; }
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
    "$(pair boss staple carol key_a.pub n 24.10)" "$port $three ['shell']"
for t in ssh-ed25519 ecdsa-sha2-nistp256 rsa-sha2-512; do
	same "a login behind $t (G.7 row 2)" "$(enters key_a carol $t)" carol
done
same "the host keys are those that are served (G.7 row 5)" \
    "$(cut -d' ' -f2,3 known | sort)" "$(ssh-keyscan -p $port 127.0.0.1 \
    2>/dev/null | grep -v '^#' | cut -d' ' -f2,3 | sort)"
for end in - n nn; do
	same "the same key again, \"$end\" at its end (G.7 row 4)" \
	    "$(pair boss staple carol key_a.pub $end 22.12)" \
	    "$port $three []"
done
same "it is there once, beside the other" "$(keys carol)" 2
same "by a token" "$(pair token staple carol key_b.pub n 25.04)" \
    "$port $three []"
same "a login" "$(enters key_b carol)" carol
same "as root, of root" "$(pair root "root secret" root key_c.pub n 27)" \
    "$port $three []"
same "a login of root" "$(enters key_c root)" root
same "with sudo, where there is no such program" \
    "$(pair boss staple carol key_b.pub n 27 sudo | cut -c1-16)" \
    "11 [EINVAL] user"
install -m 755 /bin/true /usr/sbin/zfs
same "with sudo" "$(pair boss staple carol key_b.pub n 27 sudo)" \
    "$port $three ['sudo_commands_nopasswd']"
same "again" "$(pair boss staple carol key_b.pub n 27 sudo)" \
    "$port $three []"

# ---- CORE and SCALE 22.02 ----

same "root's password (G.7 row 3)" \
    "$(pair root "root secret" root key_rsa.pub n "CORE 13.0")" \
    "$port $three []"
same "a login of root with it" "$(enters key_rsa root)" root
same "a token" "$(pair token staple root key_rsa.pub n "SCALE 22.02")" \
    "$port $three []"
same "root's keys" "$(keys root)" 2

# ---- what is refused ----

same "nobody" "$(pair boss wrong carol key_c.pub n 27)" "not logged in
207 [ENOTAUTHENTICATED] Not authenticated"
same "who is no administrator" "$(pair dora drawer dora key_c.pub n 27)" \
    "not logged in
207 [ENOTAUTHENTICATED] Not authenticated"
same "an unknown user" "$(pair boss staple nobody-here key_c.pub n 27)" \
    "14 [EFAULT] User nobody-here does not exist: naskeys has no account of \
this name"
# lacks KIND FILE: of the host's keys
lacks() {
	mv "/etc/ssh/$2" away
	same "without $2" "$(pair boss staple carol key_c.pub n 27 |
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
start_configured || fail "sshd"
same "RSA of 4096 bits" "$(pair boss staple carol key_a.pub n 27)" \
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
pairs 1 boss replication.pair root ADDRESS keep key_rsa
pairs 1 boss $method carol ADDRESS add key_c
pairs 1 boss $method dora "this machine" add key_d
[ $bad -eq 0 ] || sed 's/^/  /' out ssh.err

stop_all
finish
