# SPDX-License-Identifier: ISC
"""Clients of the socket that are not ours, as anybody on this machine."""
import contextlib
import os
import socket
import sys

import websocket
import websockets

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "truenas"))
import client                               # noqa: E402
from client import OPEN, WAIT, Refused      # noqa: E402, F401

PATH = os.environ.get("NASKEYS_SOCKET", "/run/middleware/middlewared.sock")
BASE = "ws://localhost"
bad = False


def result(ok, name, why=""):
    global bad
    print(("PASS: " if ok else "FAIL: ") + name, flush=True)
    if not ok:
        print(f"  {why}", flush=True)
        bad = True


def same(name, got, want):
    result(got == want, name, f"got {got!r}, wanted {want!r}")


@contextlib.contextmanager
def being(uid, *groups):
    """The kernel keeps who somebody was when he connected."""
    os.setgroups(groups)
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups([0])


def dial():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(WAIT)
    s.connect(PATH)
    return s


class Current(client.Current):
    def __init__(self, path=None):
        self.events = []
        self.ws = websocket.create_connection(
            BASE + (path or self.name), timeout=WAIT, socket=dial())
        OPEN.append(self)


class Legacy(client.Legacy):
    def __init__(self, path=None):
        super().__init__(BASE, path)

    async def open(self, url, source):
        return await websockets.unix_connect(
            PATH, url, compression=None, max_size=None, ping_interval=None,
            open_timeout=WAIT)


def number(api, method, *params):
    """Of the error; None: there is none."""
    try:
        api.call(method, *params)
    except Refused as e:
        return e.number
    return None
