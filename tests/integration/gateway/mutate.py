#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Upgrades that are cut, doubled, and strewn with what means something to
HTTP, against a gateway without TLS: each is answered in HTTP or not at all,
its connection ends, and others are served.

usage: mutate.py PORT PID COUNT

The same COUNT of them each time.  Prints PASS: and FAIL: lines.
"""
import random
import socket
import sys

import websocket

PORT, PID, COUNT = (int(a) for a in sys.argv[1:])
WAIT = 60               # seconds: nothing takes as long
GROWN_MAX = 4096        # KiB, whatever their number
UPGRADE = (b"GET /api/current HTTP/1.1\r\nHost: nas:8443\r\n"
           b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nOrigin: http://nas:8443\r\n"
           b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
WORDS = [b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b":", b" ", b"\t", b",",
         b"%00", b"%2e%2e/", b"../", b"?", b"#", b"\xff\xfe", b"HTTP/0.9",
         b"HTTP/2.0", b"POST ", b"OPTIONS * ", b"CONNECT ",
         b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"/websocket", b"/api/versions",
         b"Upgrade: h2c\r\n", b"Upgrade: websocket\r\n",
         b"Content-Length: 18446744073709551615\r\n",
         b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n",
         b"Expect: 100-continue\r\n", b"Sec-WebSocket-Protocol: a, b\r\n",
         b"Sec-WebSocket-Extensions: permessage-deflate; a=\"\r\n",
         b"X-Real-Remote-Addr: ::1\r\n", b"x" * 300, b"x" * 9000,
         b" folded\r\n", b"\x81\x85\0\0\0\0hello", b"\x88\x80\0\0\0\0",
         b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff"]


def mutate(text, chance):
    for _ in range(chance.randint(1, 6)):
        i = chance.randrange(len(text) + 1)
        j = min(len(text), i + chance.choice((1, 2, 8, 40)))
        text = chance.choice((
            lambda t: t[:i] + t[j:],
            lambda t: t[:j] + t[i:],
            lambda t: t[:i] + chance.choice(WORDS) + t[i:],
            lambda t: t[:i] + chance.choice(WORDS) + t[j:],
            lambda t: t[:i] + chance.randbytes(j - i) + t[j:],
            lambda t: t[:j] + t[i:j] * 3 + t[j:]))(text) or b"G"
    return text[:chance.randrange(len(text))] if chance.random() < 0.1 \
        else text


def answer(i, text):
    """All that comes until the connection ends."""
    heard = b""
    with socket.socket() as s:
        s.bind((f"127.0.8.{i % 200 + 1}", 0))
        s.settimeout(WAIT)
        s.connect(("127.0.0.1", PORT))
        try:
            s.sendall(text)
            s.shutdown(socket.SHUT_WR)
            while part := s.recv(65536):
                heard += part
        except TimeoutError:
            raise
        except OSError:         # it has been closed in between
            pass
    return heard


def rss():
    with open(f"/proc/{PID}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("VmRSS:"))


def main():
    kinds, odd = {}, []
    for i in range(COUNT):
        if i == 100:
            before = rss()
        text = mutate(UPGRADE, random.Random(i))
        try:
            heard = answer(i, text)
        except TimeoutError:
            odd.append((i, "no end", text))
            continue
        kind = heard[:12]
        kinds[kind] = kinds.get(kind, 0) + 1
        if heard and not heard.startswith(b"HTTP/1."):
            odd.append((i, heard[:80], text))
    print(f"  {kinds}")
    for one in odd[:5]:
        print(f"  {one}")
    grown = rss() - before
    ws = websocket.create_connection(f"ws://127.0.0.1:{PORT}/api/current",
                                     timeout=WAIT)
    ws.send('{"jsonrpc":"2.0","id":1,"method":"core.ping"}')
    served = "pong" in ws.recv()
    for ok, name in ((not odd, f"{COUNT} upgrades that are none"),
                     (kinds.get(b"HTTP/1.1 101", 0) < COUNT / 2,
                      "most are refused"),
                     (grown < GROWN_MAX, f"{grown} KiB more for them"),
                     (served, "and another is served")):
        print(("PASS: " if ok else "FAIL: ") + name)
        odd += [] if ok else [name]
    sys.exit(bool(odd))


main()
