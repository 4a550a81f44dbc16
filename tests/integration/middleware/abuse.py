#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Those who do not play by the rules, while root is served.

usage: abuse.py ACCEPTOR

connections_per_uid is 8, request_timeout 5.  boss (5001) is an administrator,
dora (5002) is none.
"""
import array
import contextlib
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time

import websocket

import local
from local import OPEN, PATH, WAIT, Current, Legacy, being, result, same

ACCEPTOR = int(sys.argv[1])
BOSS, DORA, STRANGERS = 5001, 5002, 5900
EACH = 8
UPGRADE = (b"GET /api/current HTTP/1.1\r\nHost: localhost\r\n"
           b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")


def raw(*parts, fd=None):
    s = local.dial()
    for part in parts:
        if fd is not None:
            part = part[s.sendmsg([part], [(
                socket.SOL_SOCKET, socket.SCM_RIGHTS,
                array.array("i", [fd]))]):]
        with contextlib.suppress(OSError):
            s.sendall(part)
    return s


def rest(s):
    """All that comes until it has ended."""
    heard = b""
    with contextlib.suppress(ConnectionError):
        while part := s.recv(65536):
            heard += part
    s.close()
    return heard


def is_over(s):
    try:
        s.setblocking(False)
        while s.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def until(what):
    end = time.monotonic() + WAIT
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def is_served():
    api = Current()
    ok = api.call("core.ping") == "pong"
    api.close()
    return ok


def closed(api):
    """The code and the reason with which it is closed."""
    while True:
        frame = api.ws.recv_frame()
        if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
            return int.from_bytes(frame.data[:2], "big"), \
                frame.data[2:].decode()


def children(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], text=True,
                           stdout=subprocess.PIPE, check=False)
    return {int(p) for p in found.stdout.split()}


def serving(open_one):
    """A new connection, its helper's process and that one's child."""
    before = children(ACCEPTOR)
    api = open_one()
    until(lambda: len(children(ACCEPTOR) - before) == 1)
    pid = (children(ACCEPTOR) - before).pop()
    until(lambda: len(children(pid)) == 1)
    return api, pid, children(pid).pop()


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


# ---- HTTP ----

def get(path, method="GET"):
    head, _, body = rest(raw(
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    )).partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


def test_http():
    status, body = get("/api/versions")
    same("versions", (status, json.loads(body)[-1]), (200, "v27.0.0"))
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as f:
        same("boot id", json.loads(get("/api/boot_id")[1]), f.read().strip())
    same("nothing there", get("/api/v2.0/user")[0], 404)
    same("nothing is posted", get("/api/versions", "POST")[0], 404)
    same("a websocket without an upgrade", get("/websocket")[0], 400)
    fd = os.open("/dev/null", os.O_RDONLY)
    s = raw(UPGRADE, fd=fd)
    os.close(fd)
    same("a descriptor that is passed helps nobody", s.recv(12),
         b"HTTP/1.1 101")
    s.close()


def test_close():
    api = Current()
    api.ws.send_binary(b"{}")
    same("binary", closed(api)[0], 1003)
    api = Current()
    api.say(" " * 65537)
    same("too long", closed(api), (1009, "Max message length is 64 kB"))
    api = Current()
    api.ws.sock.sendall(b"\x81\x82\0\0\0\0\xc3\x28")
    same("no UTF-8", closed(api)[0], 1007)
    api = Current()
    for text in "{", "[" * 65, "[" * 60000, "\0", '{"a":1,"a":2}':
        api.say(text)
        same(f"no JSON: {text[:20]!r}", api.hear()["error"]["code"], -32700)
    same("and the next request is one", api.call("core.ping"), "pong")
    api.close()
    old = Legacy()
    old.say("{")
    old.wait(old.ws.wait_closed())
    same("legacy: no JSON", old.ws.close_code, 1007)
    with being(DORA):
        api = Current()
    same("who asks nothing", closed(api),
         (1008, "Nothing was asked for too long"))
    OPEN.clear()


# ---- bytes ----

def test_bytes():
    random.seed(1)
    some = []
    for parts in ((random.randbytes(4096),), (b"\0" * 100000,),
                  (b"GET /" + b"x" * (1 << 20),),
                  (UPGRADE[:-2] + b"X: " + b"x" * (1 << 20) + b"\r\n\r\n",),
                  (UPGRADE[:-2] + b"X-Y: z\r\n" * 100000 + b"\r\n",),
                  (UPGRADE, b"\x81\x05hello"),          # not masked
                  (UPGRADE, b"\xf1\x80\0\0\0\0"),       # reserved bits
                  (UPGRADE, b"\x81\xff" + struct.pack("!Q", 1 << 62)),
                  (UPGRADE, b"\x89\xfe\x10\0\0\0\0\0" + b"x" * 4096),
                  (UPGRADE, b"\x01\x81\0\0\0\0["),      # and no more of it
                  (UPGRADE, b"\x81\xfe\x10\0\0\0\0\0["),
                  (b'{"jsonrpc":"2.0","id":1,"method":"core.ping"}\n',),
                  (UPGRADE[:40],), ()):
        with being(STRANGERS + len(some)):
            some.append(raw(*parts))
    some.append(raw(UPGRADE[:40]))
    some.append(raw(UPGRADE, b"\x01\x81\0\0\0\0["))
    result(is_served(), "others are served beside all this")
    for i, s in enumerate(some):
        result(until(lambda s=s: is_over(s)), f"bytes {i}: it has ended")
    result(until(lambda: not children(ACCEPTOR)), "and so have its helpers")


def test_flood():
    with being(DORA):
        many = [raw() for _ in range(5 * EACH)]
    left = until(lambda: sum(not is_over(s) for s in many) <= EACH)
    result(left, "no more than a user may have")
    result(is_served(), "root is served")
    with being(BOSS):
        result(is_served(), "and another")
    result(until(lambda: all(is_over(s) for s in many)),
           "who does not go on is closed")
    with being(DORA):
        result(is_served(), "and may come again")


# ---- processes ----

def status(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        for line in f:
            if line.startswith(name + ":"):
                return line.split()[1:]
    return None


def net_uid():
    with open("/etc/passwd", encoding="utf-8") as f:
        return [line.split(":")[2] for line in f
                if line.startswith("naskeys-net:")]


def test_child():
    api, pid, child = serving(Current)
    api.call("core.ping")
    same("the child is nobody of importance", status(child, "Uid"),
         net_uid() * 4)
    same("with no right and a filter", (
        status(child, "CapPrm"), status(child, "CapBnd"),
        status(child, "NoNewPrivs"), status(child, "Seccomp")),
         (["0" * 16], ["0" * 16], ["1"], ["2"]))
    kinds = {os.readlink(f"/proc/{child}/fd/{fd}").split(":")[0]
             for fd in os.listdir(f"/proc/{child}/fd")}
    same("and no file", sorted(kinds - {"socket", "anon_inode"}),
         ["/dev/null", "/dev/urandom"])
    names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1)]
    result(names[0] == names[1] and names[0] not in [
        os.readlink(f"/proc/{child}/fd/3")],
           "its parent has not the caller's socket", names)
    other = Current()
    os.kill(child, signal.SIGKILL)
    same("the caller of a killed child", api.ws.sock.recv(1), b"")
    result(until(lambda: is_gone(pid)), "and its helper's end")
    same("another's is there", other.call("core.ping"), "pong")
    api, pid, child = serving(Legacy)
    os.kill(pid, signal.SIGKILL)
    result(until(lambda: is_gone(child)), "a killed helper takes its child")
    api.wait(api.ws.wait_closed())
    same("another's is there still", other.call("user.query", [], {
        "count": True}), 4)
    api, pid, child = serving(Current)
    api.close()
    result(until(lambda: is_gone(child) and is_gone(pid)),
           "who hangs up leaves nothing")
    OPEN.clear()


assert os.path.exists(PATH)
test_http()
test_close()
test_bytes()
test_flood()
test_child()
sys.exit(local.bad)
