#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Independent websocket clients against the gateway.

usage: talk.py WHAT PORT LOG

WHAT is "all", with standin.py as the helper, or the name of one scenario.
LOG is the stand-in's.  Prints PASS: and FAIL: lines.
"""
import asyncio
import http.client
import json
import resource
import socket
import struct
import sys
import time

import websocket
import websockets

PORT = int(sys.argv[2])
LOG = sys.argv[3]
WAIT = 60               # seconds: nothing takes as long
bad = False


def result(ok, name, why=""):
    global bad
    print(("PASS: " if ok else "FAIL: ") + name, flush=True)
    if not ok:
        print(f"  {why}", flush=True)
        bad = True


def same(name, got, want):
    result(got == want, name, f"got {got!r}, wanted {want!r}")


def connect(path="/api/current", source="127.0.0.1", **more):
    return websockets.connect(
        f"ws://127.0.0.1:{PORT}{path}", compression=None, max_size=None,
        ping_interval=None, open_timeout=WAIT, local_addr=(source, 0),
        **more)


async def send(ws, method, *params, ident=1):
    await ws.send(json.dumps({"jsonrpc": "2.0", "id": ident,
                              "method": method, "params": list(params)}))


async def hear(ws):
    return json.loads(await asyncio.wait_for(ws.recv(), WAIT))


async def call(ws, method, *params):
    await send(ws, method, *params)
    return await hear(ws)


async def closed(ws):
    """The code with which it is closed."""
    try:
        while True:
            await asyncio.wait_for(ws.recv(), WAIT)
    except websockets.ConnectionClosed as e:
        return e.rcvd.code if e.rcvd else None, \
            e.rcvd.reason if e.rcvd else None


def log_lines(kind):
    with open(LOG, encoding="utf-8") as f:
        return [line.split(" ", 1)[1].strip() for line in f
                if line.startswith(kind + " ")]


# ---- HTTP ----

def get(path, method="GET", **headers):
    c = http.client.HTTPConnection("127.0.0.1", PORT, timeout=WAIT)
    c.request(method, path, headers=headers)
    r = c.getresponse()
    return r.status, r.read()


def test_http():
    status, body = get("/api/versions")
    versions = json.loads(body)
    result(status == 200 and versions[-1] == "v27.0.0" and
           "v24.10" not in versions, "versions", body)
    status, body = get("/api/boot_id")
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as f:
        same("boot id", json.loads(body), f.read().strip())
    same("nothing there", get("/api/v2.0/user")[0], 404)
    same("nothing is posted", get("/api/versions", "POST")[0], 404)
    same("a websocket without an upgrade", get("/websocket")[0], 400)


async def upgrade(path="/api/current", **headers):
    try:
        async with connect(path, extra_headers=headers):
            return 101
    except websockets.InvalidStatusCode as e:
        return e.status_code


async def test_origin():
    same("no origin", await upgrade(), 101)
    same("our own page", await upgrade(Origin="http://127.0.0.1"), 101)
    same("a stranger's page", await upgrade(Origin="https://evil"), 403)
    same("an opaque page", await upgrade(Origin="null"), 403)
    same("a page that is configured",
         await upgrade(Origin="https://good.example"), 101)
    same("no such path", await upgrade("/api/v1"), 404)
    same("an old version", await upgrade("/api/v25.04.0"), 101)
    ws = websocket.create_connection(f"ws://127.0.0.1:{PORT}/websocket",
                                     timeout=WAIT)
    ws.send(json.dumps({"msg": "connect", "version": "1"}))
    same("the other client, with its own origin",
         json.loads(ws.recv())["msg"], "connected")
    ws.close()


# ---- the protocols ----

async def test_rpc():
    async with connect() as ws:
        same("ping", (await call(ws, "core.ping"))["result"], "pong")
        same("options", (await call(ws, "core.set_options",
                                    {"legacy_jobs": False}))["result"],
             {"legacy_jobs": False, "private_methods": False,
              "py_exceptions": False})
        before = len(log_lines("hello"))
        text = "é € \U0001f600 \" \\ \n \x1f"
        same("text", (await call(ws, "echo", text))["result"], [text])
        hello = json.loads(log_lines("hello")[before])
        same("hello", [hello[k] for k in ("protocol", "path", "address",
                                          "port", "tls", "options")],
             ["jsonrpc", "/api/current", "127.0.0.1", ws.local_address[1],
              False, {"legacy_jobs": False, "private_methods": False}])
        await send(ws, "big", 3 << 20)
        same("a long answer", len(await hear(ws)), 3 << 20)
        same("an answer in bytes",
             (await call(ws, "slowly"))["result"], "slowly")
        await send(ws, "event")
        same("an event", await hear(ws), {"event": 1})
        same("and its call", (await hear(ws))["result"], True)
        before = len(log_lines("hello"))
        await call(ws, "idle")
        same("without a helper again",
             (await call(ws, "core.ping"))["result"], "pong")
        same("and with another one",
             (await call(ws, "echo", 2))["result"], [2])
        same("which got a hello", len(log_lines("hello")), before + 1)
        await ws.send("{")
        same("no JSON", (await hear(ws))["error"]["code"], -32700)
        await ws.send("[]")
        same("an array is the helper's", await hear(ws), {"odd": True})


async def test_legacy():
    async with connect("/websocket") as ws:
        await ws.send('{"msg":"ping"}')
        same("before connect", await hear(ws),
             {"msg": "failed", "version": "1"})
        await ws.send('{"msg":"connect","version":"1","support":["1"]}')
        same("connected", (await hear(ws))["msg"], "connected")
        await ws.send('{"msg":"ping","id":"7"}')
        same("pong", await hear(ws), {"msg": "pong", "id": "7"})
        await ws.send('{"msg":"method","method":"echo","params":[1]}')
        same("a method", (await hear(ws))["result"], [1])
        await ws.send("{")
        same("legacy: no JSON", (await closed(ws))[0], 1007)


async def code_of(*messages, methods=(), path="/api/current"):
    async with connect(path) as ws:
        for method in methods:
            await call(ws, method)
        for m in messages:
            await ws.send(m)
        return await closed(ws)


def message(method, *params):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                       "params": list(params)})


async def test_close():
    same("binary", (await code_of(b"x"))[0], 1003)
    same("too long before a login", await code_of(" " * 8193),
         (1007, "Anonymous connection max message length is 8 kB"))
    same("too long after it", await code_of(" " * 65537, methods=["login"]),
         (1009, "Max message length is 64 kB"))
    same("too long after a logout", (await code_of(
        " " * 8193, methods=["login", "logout"]))[0], 1007)
    async with connect() as ws:
        await call(ws, "login")
        same("the longest", len((await call(ws, "echo", "x" * 65000))[
            "result"][0]), 65000)
    same("the helper closes", await code_of(message("close")),
         (1008, "Session is expired"))
    same("the helper ends at once", (await code_of(message("die")))[0], 1013)
    same("the helper ends later", (await code_of(
        message("die"), methods=["echo"]))[0], 1011)
    same("the helper says what is none", (await code_of(
        message("garbage")))[0], 1011)
    same("the helper answers too much", (await code_of(
        message("unasked")))[0], 1011)
    async with connect() as ws:
        ws.transport.write(b"\x81\x82\0\0\0\0\xc3\x28")
        same("no UTF-8", (await closed(ws))[0], 1007)


async def test_limits():
    async with connect() as ws:
        for _ in range(20):
            await send(ws, "never")
        answer = await call(ws, "never")
        same("one too many", answer["error"]["code"], -32000)
    async with connect(source="127.0.2.1") as ws:
        for _ in range(20):
            await call(ws, "core.ping")
        answer = await call(ws, "core.ping")
        same("pings of an address", answer["error"]["data"]["error"], 16)
    async with connect(source="127.0.2.2") as ws:
        same("another address", (await call(ws, "core.ping"))["result"],
             "pong")


# ---- those who do not play by the rules ----

def rss(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def raw(source="127.0.0.1"):
    s = socket.socket()
    s.bind((source, 0))
    s.connect(("127.0.0.1", PORT))
    s.settimeout(WAIT)
    return s


HANDSHAKE = (b"GET /api/current HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
             b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")


def masked(first, payload):
    return bytes([first, 0x80 | 126]) + struct.pack("!H", len(payload)) + \
        b"\0\0\0\0" + payload


def opened(source="127.0.0.1"):
    s = raw(source)
    s.sendall(HANDSHAKE)
    text = b""
    while b"\r\n\r\n" not in text:
        text += s.recv(4096)
    return s


async def test_slow(pid):
    """Who does not read costs a bounded piece of memory."""
    before = rss(pid)
    slow = []
    for _ in range(20):
        s = opened("127.0.2.3")
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(masked(0x81, message("big", 20 << 20).encode()))
        slow.append(s)
    async with connect() as ws:
        for _ in range(5):
            same("beside them", (await call(ws, "echo", 1))["result"], [1])
            await asyncio.sleep(0.1)
    grown = rss(pid) - before
    result(grown < 20 * 640, "slow clients", f"{grown} KiB for 20 of them")
    for s in slow:
        s.close()


def is_over(s):
    """Has the gateway ended it?"""
    try:
        s.setblocking(False)
        return s.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


async def test_flood():
    """Half-open connections make room, and end; begun messages end."""
    half = []
    for i in range(1300):
        s = raw(f"127.0.3.{i % 10 + 1}")
        s.sendall(b"GET /api/current HTTP/1.1\r\nHost:")
        half.append(s)
    began = time.monotonic()
    async with connect() as ws:
        same("somebody else gets in", (await call(ws, "core.ping"))["result"],
             "pong")
        begun = opened()
        begun.sendall(masked(0x01, b"["))       # and no more of it
        idle = opened()
        result(any(is_over(s) for s in half[:100]),
               "the oldest have made room")
        same("the newest have not", [is_over(s) for s in half[-10:]],
             [False] * 10)
        while not all(is_over(s) for s in half + [begun]):
            if time.monotonic() - began > WAIT:
                break
            await asyncio.sleep(0.2)
        result(all(is_over(s) for s in half), "half-open ones end")
        result(is_over(begun), "a message that has begun ends")
        result(not is_over(idle), "an idle one does not")
        same("and nothing has happened to the other",
             (await call(ws, "echo", 1))["result"], [1])
    for s in half + [begun, idle]:
        s.close()


async def is_room():
    try:
        return await upgrade() == 101
    except (ConnectionError, websockets.InvalidMessage):
        return False


async def test_many(pid, most):
    """As many as there may be, of which nothing comes."""
    before, hellos = rss(pid), len(log_lines("hello"))
    idle = [opened(f"127.0.5.{i // 200 + 1}") for i in range(most - 1)]
    async with connect() as ws:
        grown = (rss(pid) - before) / most
        result(grown < 64, "idle ones", f"{grown} KiB for each")
        one_more = raw()
        same("one too many", one_more.recv(1), b"")
        same("the last is served", (await call(ws, "core.ping"))["result"],
             "pong")
        same("and its options", (await call(ws, "core.set_options", {}))[
            "result"]["legacy_jobs"], True)
        same("none has a helper", len(log_lines("hello")), hellos)
        same("all are there", [s for s in idle if is_over(s)], [])
        idle.pop(0).close()
        end = time.monotonic() + WAIT
        while not (room := await is_room()) and time.monotonic() < end:
            await asyncio.sleep(0.05)
        result(room, "room for another", "none")
        same("a helper beside them", (await call(ws, "echo", 1))["result"],
             [1])
    for s in idle + [one_more]:
        s.close()


def test_address():
    many = [raw("127.0.4.1") for _ in range(300)]
    time.sleep(0.5)
    end = time.monotonic() + WAIT
    while sum(is_over(s) for s in many) < 300 - 256 and \
            time.monotonic() < end:
        time.sleep(0.1)
    same("of one address", sum(not is_over(s) for s in many), 256)
    for s in many:
        s.close()


# ---- others ----

async def test_proxy():
    async def who(**headers):
        before = len(log_lines("hello"))
        async with connect(extra_headers=headers) as ws:
            await call(ws, "echo")
        hello = json.loads(log_lines("hello")[before])
        return hello["address"], hello["tls"]

    same("by a proxy", await who(**{"X-Real-Remote-Addr": "192.0.2.9",
                                    "X-Https": "on"}), ("192.0.2.9", True))
    same("the last of several", await who(**{
        "X-Real-Remote-Addr": "10.0.0.1, 2001:db8::7"}),
        ("2001:db8::7", False))
    same("without a header", await who(), ("127.0.0.1", False))
    same("with a bad one", await upgrade(**{"X-Real-Remote-Addr": "x"}), 503)


async def test_terminate(pid):
    """The gateway ends: its clients are told, its helpers are let go."""
    import os
    import signal
    async with connect() as ws:
        await call(ws, "echo")
        before = len(log_lines("end"))
        os.kill(int(pid), getattr(signal, sys.argv[5]))
        code = (await closed(ws))[0]
        same("what the client is told", code,
             1001 if sys.argv[5] == "SIGTERM" else None)
    end = time.monotonic() + WAIT
    while len(log_lines("end")) == before and time.monotonic() < end:
        await asyncio.sleep(0.05)
    result(len(log_lines("end")) > before, "the helper is let go")


async def test_helpers():
    """No more of them than there may be, and another once one has gone."""
    async def is_served():
        async with connect() as ws:
            await send(ws, "echo")
            try:
                await hear(ws)
            except websockets.ConnectionClosed as e:
                return e.rcvd.code
            return True

    async with connect() as one, connect() as two:
        await call(one, "echo")
        await call(two, "echo")
        same("one helper too many", await is_served(), 1013)
    end = time.monotonic() + WAIT
    while (served := await is_served()) == 1013 and time.monotonic() < end:
        await asyncio.sleep(0.05)
    same("and one that is free again", served, True)


async def test_nobody():
    """There is no helper."""
    async with connect() as ws:
        same("ping needs none", (await call(ws, "core.ping"))["result"],
             "pong")
        await send(ws, "echo")
        same("a call does", (await closed(ws))[0], 1013)


async def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if sys.argv[1] == "all":
        test_http()
        await test_origin()
        await test_rpc()
        await test_legacy()
        await test_close()
        await test_limits()
        test_address()
        await test_slow(int(sys.argv[4]))
        await test_flood()
    elif sys.argv[1] == "many":
        await test_many(int(sys.argv[4]), int(sys.argv[5]))
    elif sys.argv[1] == "terminate":
        await test_terminate(sys.argv[4])
    else:
        await globals()["test_" + sys.argv[1]]()


asyncio.run(main())
sys.exit(bad)
