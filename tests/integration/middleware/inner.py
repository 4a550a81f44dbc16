#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Somebody who has taken over his own child (taken.py): what he says to the
helper gives him nothing that he had not before.

usage: inner.py
"""
import array
import json
import os
import socket
import sys

import local
from local import being, result, same

BOSS, DORA, LATE = 5001, 5002, 5003
HELLO = {"naskeys": 1, "protocol": "jsonrpc", "path": "/api/current",
         "address": "::", "port": 0, "tls": False,
         "options": {"legacy_jobs": True, "private_methods": True}}
FOE = {"username": "foe", "full_name": "foe", "group_create": True,
       "password_disabled": True}
CALLS = [("user.create", FOE), ("user.update", 1, {"locked": False}),
         ("group.create", {"name": "foe"}), ("keychaincredential.query",),
         ("auth.generate_token",), ("auth.login", "boss", "staple", None),
         ("auth.sessions",), ("naskeys.audit.query",), ("user.import",),
         ("core.subscribe", "user.query"), ("core.job_wait", 1)]


def request(method, *params, **more):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                       "params": list(params), **more})


class Helper:
    """One's own, without a child between; "said" is all that it has said."""

    def __init__(self, uid, hello=None):
        with being(uid):
            self.s = local.dial()
        self.f = self.s.makefile("rb")
        self.said = b""
        self.put(json.dumps(HELLO) if hello is None else hello)

    def put(self, line, fd=None):
        """False: it takes no more."""
        text = line.encode() + b"\n"
        try:
            if fd is not None:
                text = text[self.s.sendmsg([text], [(
                    socket.SOL_SOCKET, socket.SCM_RIGHTS,
                    array.array("i", [fd]))]):]
            self.s.sendall(text)
            return True
        except OSError:
            return False

    def hear(self):
        """The next answer, {} if it is empty; None: there is none any more."""
        try:
            while line := self.f.readline():
                self.said += line
                if line[:1] == b"=":
                    return json.loads(line[1:].strip() or b"{}")
        except ConnectionError:
            pass
        return None

    def call(self, *what, **more):
        self.put(request(*what, **more))
        return self.hear()


def number(answer):
    """Of an error; False: it is none."""
    error = (answer or {}).get("error")
    return error["data"]["error"] if error and "data" in error else \
        bool(error)


def test_hello():
    for name, hello in (
            ("no hello", request("core.ping")),
            ("a member of its own", json.dumps(dict(HELLO, uid=0))),
            ("two of a name", json.dumps(HELLO)[:-1] + ', "naskeys": 1}'),
            ("a path of its own", json.dumps(dict(HELLO, path="/" * 200))),
            ("no port at all", json.dumps(dict(HELLO, port=-1)))):
        h = Helper(DORA, hello)
        same(name, (h.call("core.ping"), h.said), (None, b""))
    h = Helper(DORA, json.dumps(HELLO) + " " * 5000)
    same("a hello that is too long", h.call("core.ping"), None)
    h = Helper(DORA)
    h.put(json.dumps(dict(HELLO, address="127.0.0.1", uid=0)))
    same("a second hello is not answered", h.hear(), {})


def test_claims():
    h = Helper(DORA)
    same("it is who connected",
         h.call("auth.me")["result"]["pw_name"], "dora")
    same("what it may not",
         [what[0] for what in CALLS if not number(h.call(*what))], [])
    same("claims in a message", number(h.call(
        "user.create", FOE, uid=0, rank="root", user="root",
        session={"username": "boss"})), 13)
    h = Helper(LATE)
    same("nobody stays nobody", number(h.call("user.query")), 207)
    h = Helper(BOSS)
    same("an administrator is one", number(h.call("auth.sessions")), False)
    fd = os.open("/etc/shadow", os.O_RDONLY)
    for uid in 0, BOSS, DORA:
        h = Helper(uid)
        h.put(request("user.import"), fd)
        result(number(h.hear()), f"a descriptor that is passed by {uid}")
        h.put(request("keychaincredential.lend", "x"), fd)
        result(number(h.hear()), f"and another by {uid}")
    os.close(fd)


def test_huge():
    h = Helper(DORA)
    h.put(request("core.ping", "x" * 500000))
    same("a message above its limit", h.hear(), None)
    result(b'"close":1009' in h.said, "which is said", h.said)
    h = Helper(0)
    result(not h.put("x" * (64 << 20)), "and is not read to its end")


test_hello()
test_claims()
test_huge()
sys.exit(local.bad)
