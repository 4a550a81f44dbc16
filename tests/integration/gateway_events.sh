#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What websocket clients that are not ours are told of changes that others
# make, over TLS: each has a helper process of its own.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
cd "$(mktemp -d)" || exit 1
chmod 755 .
umask 022
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null
naskeysctl init --configure >/dev/null || fail "init"
web=8445
accepts() { (: <"/dev/tcp/127.0.0.1/$web"); }
/usr/libexec/naskeys/naskeys-helper \
    --listen /run/naskeys/helper.sock --protocol json \
    --listen /run/naskeys/gateway.sock --protocol gateway \
    --listen /run/naskeys/root/pam.sock --protocol pam 2>helper.err &
acceptor=$!
wait_until listens /run/naskeys/gateway.sock || fail "acceptor"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -keyout tls.key -out tls.pem -days 2 -subj /CN=nas \
    -addext subjectAltName=IP:127.0.0.1 2>/dev/null
/usr/libexec/naskeys/naskeys-gateway --listen 127.0.0.1:$web \
    --certificate "$PWD/tls.pem" --key "$PWD/tls.key" 2>gateway.err &
gateway=$!
wait_until accepts || fail "gateway"
naskeysctl user add boss --uid 5001 --admin --password-stdin \
    <<<"staple" >/dev/null
naskeysctl user add dora --uid 5002 --admin --password-stdin \
    <<<"drawer" >/dev/null
for i in $(seq 2000); do
	printf '{"username":"many%s","uid":%s,"full_name":"%s",%s}\n' "$i" \
	    $((20000 + i)) "$(printf '%0200d' "$i")" \
	    '"group_create":true,"password_disabled":true'
done >many

cat >events.py <<'P'
"""Subscribers, and what they hear of what naskeysctl does."""
import asyncio
import glob
import json
import socket
import ssl
import subprocess
import sys

import websocket
import websockets

PORT = sys.argv[1]
WAIT = 60
TLS = ssl.create_default_context(cafile="tls.pem")


def result(ok, name, why=""):
    print(("PASS: " if ok else "FAIL: ") + name, flush=True)
    if not ok:
        print(f"  {why}", flush=True)


def same(name, got, want):
    result(got == want, name, f"got {got!r}, wanted {want!r}")


def ctl(*args):
    return subprocess.run(["naskeysctl", *args], check=True,
                          stdout=subprocess.PIPE).stdout


def at_home(method, *params):
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                       "params": params}) + "\n"
    out = subprocess.run(["/usr/libexec/naskeys/naskeys-helper"], check=True,
                         input=line.encode(), stdout=subprocess.PIPE).stdout
    return json.loads(out)["result"]


class Current:
    """JSON-RPC, with python3-websockets."""

    async def open(self, **more):
        self.events = []
        self.ws = await websockets.connect(
            f"wss://127.0.0.1:{PORT}/api/current", ssl=TLS, max_size=None,
            ping_interval=None, open_timeout=WAIT, **more)
        return self

    async def hear(self):
        return json.loads(await asyncio.wait_for(self.ws.recv(), WAIT))

    async def call(self, method, *params):
        await self.ws.send(json.dumps({
            "jsonrpc": "2.0", "id": 1, "method": method,
            "params": params}))
        while True:
            message = await self.hear()
            if "id" in message:
                return message.get("result", message.get("error"))
            self.events.append(message)

    async def event(self):
        message = self.events.pop(0) if self.events else await self.hear()
        assert message["jsonrpc"] == "2.0" and "id" not in message
        assert message["method"] == "collection_update"
        return message["params"]


class Legacy:
    """The older protocol, with python3-websocket."""

    def __init__(self):
        self.ws = websocket.create_connection(
            f"wss://127.0.0.1:{PORT}/websocket", timeout=WAIT,
            sslopt={"ca_certs": "tls.pem"})
        self.say(msg="connect", version="1", support=["1"])
        assert self.hear()["msg"] == "connected"

    def say(self, **message):
        self.ws.send(json.dumps(message))

    def hear(self):
        return json.loads(self.ws.recv())

    def call(self, method, *params):
        self.say(msg="method", id="m", method=method, params=params)
        return self.hear().get("result")


def wakes():
    """How often each helper that serves the gateway has been awake."""
    found = {}
    for path in glob.glob("/proc/[0-9]*"):
        try:
            with open(path + "/cmdline", "rb") as f:
                args = f.read().split(b"\0")
            if b"gateway" not in args or b"--listen" in args:
                continue
            with open(path + "/status", encoding="utf-8") as f:
                found[path] = [line for line in f
                               if line.startswith("voluntary_ctxt")]
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


async def log_in(**more):
    """As boss, with an API key."""
    c = await Current().open(**more)
    key = at_home("api_key.create", {
        "name": f"key {id(c)}", "username": "boss"})["key"]
    answer = await c.call("auth.login_ex", {
        "mechanism": "API_KEY_PLAIN", "username": "boss", "api_key": key})
    assert answer["response_type"] == "SUCCESS", answer
    return c


async def main():
    a = await Current().open()
    same("before a login there is no subscription",
         (await a.call("core.subscribe", "user.query"))["data"]["error"], 207)
    same("what a program can log in with",
         "API_KEY_PLAIN" in await a.call("auth.mechanism_choices"), True)
    a = await log_in()
    await a.call("core.subscribe", "user.query")
    await a.call("core.subscribe", "keychaincredential.query")
    b = Legacy()
    same("a login by password", b.call("auth.login", "dora", "drawer"), True)
    b.say(msg="sub", id="s", name="user.query")
    same("a subscription", b.hear(), {"msg": "ready", "subs": ["s"]})

    ctl("user", "add", "eve", "--uid", "6001")
    e = await a.event()
    same("one who is new", (e["msg"], e["collection"],
                            e["fields"]["username"]),
         ("added", "user.query", "eve"))
    same("without a secret", e["fields"]["unixhash"], "********")
    number = e["id"]
    e = b.hear()
    same("in the older protocol it is flat", (
        sorted(e), e["msg"], e["collection"], e["id"],
        e["fields"]["username"]), (
            ["collection", "fields", "id", "msg"], "added", "user.query",
            number, "eve"))
    ctl("user", "edit", "eve", "--full-name", "Eve")
    e = await a.event()
    same("one who is changed", (e["msg"], e["id"], e["fields"]["full_name"]),
         ("changed", number, "Eve"))
    same("there, too", b.hear()["msg"], "changed")
    ctl("user", "delete", "eve", "--force")
    same("one who is gone", await a.event(), {
        "msg": "removed", "collection": "user.query", "id": number})
    same("there, too", b.hear(), {
        "msg": "removed", "collection": "user.query", "id": number})
    ctl("keypair", "generate", "pair", "--type", "ed25519")
    e = await a.event()
    same("a keypair", (e["msg"], e["fields"]["name"],
                       e["fields"]["attributes"]),
         ("added", "pair", "********"))
    answer = await a.call("user.update", 2, {"full_name": "The Boss"})
    e = await a.event()
    same("what oneself does is told, too", (
        answer["full_name"], e["fields"]["full_name"]),
        ("The Boss", "The Boss"))
    same("there, too", b.hear()["msg"], "changed")

    c = await Current().open()
    await c.call("core.set_options", {"legacy_jobs": False})
    await c.call("auth.login", "dora", "drawer")
    await c.call("core.subscribe", "core.get_jobs")
    await a.call("core.subscribe", "core.get_jobs")
    same("a job's answer is the job's",
         await c.call("service.control", "STOP", "ssh"), True)
    course = [("added", "WAITING"), ("changed", "RUNNING"),
              ("changed", "SUCCESS")]
    same("after its course", [(e["params"]["msg"],
                               e["params"]["fields"]["state"])
                              for e in c.events], course)
    same("by which it is known",
         c.events[0]["params"]["fields"]["message_ids"], [1])
    heard = []
    while not heard or heard[-1]["fields"]["state"] != "SUCCESS":
        heard.append(await a.event())
    same("somebody else hears its end, too", (
        heard[-1]["id"], heard[-1]["fields"]["result"]), (1, True))
    number = b.call("service.control", "STOP", "ssh")
    same("in the older protocol the answer is its id", number, 2)
    number = b.call("core.job_wait", number)
    row = b.call("core.get_jobs", [["id", "=", number]], {"get": True})
    same("what it comes to stands there", (row["state"], row["result"]),
         ("SUCCESS", True))

    for _ in range(WAIT // 2):
        before = wakes()
        await asyncio.sleep(2)
        after = wakes()
        if after == before:
            break
    same("nobody looks while nothing changes", after, before)
    result(len(before) >= 2, "each has a process", before)

    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    small.connect(("127.0.0.1", int(PORT)))
    slow = await log_in(sock=small, server_hostname="127.0.0.1",
                        max_queue=1)
    await slow.call("core.subscribe", "user.query")
    slow.ws.transport.pause_reading()
    ctl("user", "import", "many")
    names = set()
    while len(names) < 2000:
        e = await a.event()
        if e["collection"] == "core.get_jobs":
            continue
        assert e["msg"] == "added", e
        names.add(e["fields"]["username"])
    same("beside somebody who does not read, all is heard", len(names), 2000)
    for _ in range(2000):
        e = b.hear()
    same("there, too", e["msg"], "added")
    ctl("user", "edit", "boss", "--full-name", "Boss")
    same("and what comes then", (await a.event())["msg"], "changed")
    same("there, too", b.hear()["msg"], "changed")

    b.say(msg="unsub", id="s")
    b.call("core.ping")
    ctl("user", "lock", "boss")
    ctl("user", "edit", "dora", "--full-name", "Dora")
    same("whoever is locked hears nothing, and is out",
         (await a.call("user.query"))["data"]["error"], 207)
    same("not even before", a.events, [])
    same("nor who has unsubscribed", b.call("core.ping"), "pong")


asyncio.run(main())
P
timeout 300 /usr/bin/python3 events.py $web >events.out 2>&1 ||
    fail "the clients"
cat events.out
grep -q '^FAIL' events.out && bad=1
same "nothing is complained of" "$(cat helper.err)" ""

kill $gateway $acceptor
wait $gateway $acceptor 2>/dev/null
finish
