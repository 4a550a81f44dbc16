#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Those who begin and do not go on, against a gateway with TLS.

usage: abuse.py PORT PID COUNT

COUNT connections of each kind that go no further than a step of their
beginning, while others are served.  Prints PASS: and FAIL: lines.
"""
import asyncio
import json
import resource
import socket
import ssl
import sys
import time

import websockets

PORT, PID, COUNT = (int(a) for a in sys.argv[1:])
WAIT = 60               # seconds: nothing takes as long
HALF_OPEN_MAX = 1024
EACH = 128              # KiB
HANDSHAKE = (b"GET /api/current HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
             b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")
TLS = ssl.create_default_context()
TLS.check_hostname = False
TLS.verify_mode = ssl.CERT_NONE
bad = False


def result(ok, name, why=""):
    global bad
    print(("PASS: " if ok else "FAIL: ") + name, flush=True)
    if not ok:
        print(f"  {why}", flush=True)
        bad = True


def rss():
    with open(f"/proc/{PID}/status", encoding="ascii") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


async def is_served():
    """Somebody else, meanwhile."""
    async with websockets.connect(
            f"wss://127.0.0.1:{PORT}/api/current", ssl=TLS,
            ping_interval=None, open_timeout=WAIT,
            local_addr=("127.0.9.9", 0)) as ws:
        await ws.send('{"jsonrpc":"2.0","id":1,"method":"core.set_options",'
                      '"params":[{}]}')
        answer = json.loads(await asyncio.wait_for(ws.recv(), WAIT))
        return answer["result"]["legacy_jobs"]


# ---- how far each of them goes ----

def raw(i):
    s = socket.socket()
    s.bind((f"127.0.6.{i % 100 + 1}", 0))
    s.connect(("127.0.0.1", PORT))
    s.settimeout(WAIT)
    return s


def hello():
    """What a TLS client says first."""
    out = ssl.MemoryBIO()
    tls = TLS.wrap_bio(ssl.MemoryBIO(), out)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def tls_begun(i):
    s = raw(i)
    s.sendall(hello()[:100])
    return s


def tls_unanswered(i):
    s = raw(i)
    s.sendall(hello())
    return s


def secured(i):
    return TLS.wrap_socket(raw(i))


def upgrade_begun(i):
    s = secured(i)
    s.sendall(HANDSHAKE)
    return s


def opened(i):
    s = secured(i)
    s.sendall(HANDSHAKE + b"\r\n")
    text = b""
    while b"\r\n\r\n" not in text:
        text += s.recv(4096)
    return s


def frame_begun(i):
    s = opened(i)
    s.sendall(b"\x81\xfe\x10\x00\0\0\0\0[")
    return s


def fragment_begun(i):
    s = opened(i)
    s.sendall(b"\x01\x81\0\0\0\0[")
    return s


def is_over(s):
    try:
        s.setblocking(False)
        while s.recv(4096) != b"":
            pass
        return True
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True


async def all_over(socks):
    end = time.monotonic() + WAIT
    while not all(is_over(s) for s in socks) and time.monotonic() < end:
        await asyncio.sleep(0.2)
    return all(is_over(s) for s in socks)


# ---- tests ----

async def test_half():
    """Whatever they stop at, they end, and others are served."""
    before = rss()
    for begin in (raw, tls_begun, tls_unanswered, upgrade_begun, frame_begun,
                  fragment_begun):
        half = [begin(i) for i in range(COUNT)]
        result(await is_served(), f"{begin.__name__}: another is served")
        grown = rss() - before
        most = EACH * max(COUNT, HALF_OPEN_MAX)
        result(grown < most, f"{begin.__name__}: memory", f"{grown} KiB")
        begun.append((begin.__name__, half))
    for name, half in begun:
        result(await all_over(half), f"{name}: ended")
        for s in half:
            s.close()


async def test_slow():
    """A byte now and then is not to go on."""
    async def drip(s, text):
        s.setblocking(False)
        for i in range(len(text)):
            if is_over(s):
                return True
            try:
                s.send(text[i:i + 1])
            except OSError:
                return True
            await asyncio.sleep(0.5)
        return False

    slow = [(raw(0), b"\x16\x03\x01\x02\0\x01" + b"\0" * 200),
            (secured(1), HANDSHAKE + b"X: " + b"x" * 200),
            (opened(2), b"\x81\xfe\x10\x00\0\0\0\0" + b"[" * 200)]
    over = await asyncio.gather(*(drip(s, text) for s, text in slow))
    result(all(over), "a byte at a time", over)
    result(await is_served(), "another is served beside them")
    for s, _ in slow:
        s.close()


async def test_huge():
    """Headers of any size and number."""
    for name, text in (
            ("a long header", b"X-Long: " + b"x" * (1 << 20) + b"\r\n"),
            ("many headers", b"X-Y: z\r\n" * 100000),
            ("a long path", b""), ("no end of a name", b"x" * (1 << 20))):
        s = secured(3)
        first = HANDSHAKE if text else b"GET /" + b"x" * (1 << 20)
        heard = b""
        try:
            s.sendall(first + text + b"\r\n")
            while part := s.recv(4096):
                heard += part
        except OSError:
            pass
        result(not heard.startswith(b"HTTP/1.1 101"), name, heard[:80])
        s.close()
    result(await is_served(), "and another is served")


async def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    await test_huge()
    await asyncio.gather(test_half(), test_slow())


begun = []
asyncio.run(main())
sys.exit(bad)
