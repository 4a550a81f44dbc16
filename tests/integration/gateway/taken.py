#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Somebody who has taken over the gateway: a program that is its user.

usage: taken.py

alice can log in with "pass word"; nothing else may give a right, at
gateway.sock or at any other socket.  Prints PASS: and FAIL: lines.
"""
import array
import json
import os
import socket
import sys

WAIT = 60               # seconds: nothing takes as long
RUN = "/run/naskeys/"
HELLO = {"naskeys": 1, "protocol": "jsonrpc", "path": "/api/current",
         "address": "192.0.2.7", "port": 1, "tls": True,
         "options": {"legacy_jobs": True, "private_methods": True}}
FOE = {"username": "foe", "full_name": "foe", "group_create": True,
       "password_disabled": True}
bad = False


def result(ok, name, why=""):
    global bad
    print(("PASS: " if ok else "FAIL: ") + name, flush=True)
    if not ok:
        print(f"  {why}", flush=True)
        bad = True


def same(name, got, want):
    result(got == want, name, f"got {got!r}, wanted {want!r}")


def request(method, *params, **more):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                       "params": list(params), **more})


class Helper:
    """A connection to one; "said" is all that it has said."""

    def __init__(self, path="gateway.sock", hello=None):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(WAIT)
        self.s.connect(RUN + path)
        self.f = self.s.makefile("rb")
        self.said = b""
        if hello is not None:
            self.put(hello)

    def put(self, line, fd=None):
        """False: it takes no more."""
        text = line.encode() + b"\n"
        try:
            if fd is not None:
                sent = self.s.sendmsg([text], [
                    (socket.SOL_SOCKET, socket.SCM_RIGHTS,
                     array.array("i", [fd]))])
                text = text[sent:]
            self.s.sendall(text)
            return True
        except OSError:
            return False

    def hear(self):
        """The next answer, {} if it is empty; None: there is none any more."""
        try:
            while line := self.f.readline():
                self.said += line
                if line[:1] in (b"=", b"{"):
                    return json.loads(line.lstrip(b"=").strip() or b"{}")
        except ConnectionError:
            pass
        return None

    def call(self, *what, **more):
        self.put(request(*what, **more))
        return self.hear()


def of_gateway():
    return Helper(hello=json.dumps(HELLO))


def number(answer):
    """Of an error; False: it is none."""
    error = (answer or {}).get("error")
    return error["data"]["error"] if error and "data" in error else \
        bool(error)


CALLS = [("user.create", FOE), ("user.update", 1, {"locked": False}),
         ("user.delete", 1), ("group.create", {"name": "foe"}),
         ("keychaincredential.query",),
         ("keychaincredential.create", {"name": "k", "type": "SSH_KEY_PAIR",
                                        "attributes": {}}),
         ("keychaincredential.ssh_pair", {}), ("replication.pair", {}),
         ("auth.generate_token",), ("auth.sessions",),
         ("naskeys.audit.query",), ("ssh.update", {})]


def test_nobody():
    for name, hello in (
            ("no hello", request("core.ping")),
            ("a member of its own", json.dumps(dict(HELLO, uid=0))),
            ("two of a name", json.dumps(HELLO)[:-1] + ', "naskeys": 1}'),
            ("a path of its own", json.dumps(dict(HELLO, path="/" * 200))),
            ("no port", json.dumps(dict(HELLO, port=0)))):
        h = Helper(hello=hello)
        same(name, (h.call("core.ping"), h.said), (None, b""))
    h = Helper(hello=json.dumps(HELLO) + " " * 5000)
    same("a hello that is too long", h.call("core.ping"), None)
    h = of_gateway()
    h.put(json.dumps(dict(HELLO, uid=0)))
    same("a second hello is not answered", h.hear(), {})
    same("and gives nothing", number(h.call("user.query")), 207)
    for what in CALLS:
        same(f"{what[0]} of nobody", number(of_gateway().call(*what)), 207)
    h = of_gateway()
    same("claims in a message", number(h.call(
        "user.create", FOE, uid=0, rank="root", user="root",
        session={"username": "alice"})), 207)
    for user, password in (("root", ""), ("naskeys-gateway", ""),
                           ("alice", ""), ("alice", "*"), ("alice", "!")):
        same(f"{user} with {password!r}", of_gateway().call(
            "auth.login", user, password, None)["result"], False)


def test_huge():
    h = of_gateway()
    h.put(request("core.ping", "x" * 100000))
    same("a message above its limit", h.hear(), None)
    result(b'"close":1009' in h.said, "which is said", h.said)
    h = of_gateway()
    result(not h.put("x" * (64 << 20)), "and is not read to its end")


def test_replay():
    h = of_gateway()
    same("alice", h.call("auth.login", "alice", "pass word", None)["result"],
         True)
    ident = h.call("auth.sessions", [["current", "=", True]],
                   {"get": True})["result"]["id"]
    fd = os.open("/dev/null", os.O_RDONLY)
    h.put(request("user.import"), fd)
    result(number(h.hear()), "a descriptor that is passed, with a login")
    os.close(fd)
    token = h.call("auth.generate_token", 600, {}, True, True)["result"]
    other = of_gateway()
    same("the id of a session", other.call(
        "auth.login_with_token", str(ident))["result"], False)
    same("a session of another's is not its own", number(other.call(
        "auth.terminate_session", str(ident))), 207)
    same("a token", other.call("auth.login_with_token", token)["result"],
         True)
    h.s.close()
    h.f.close()
    other.s.close()
    other.f.close()
    other = of_gateway()
    same("a token for once", other.call(
        "auth.login_with_token", token)["result"], False)
    same("and nobody is logged in", number(other.call("user.query")), 207)


def test_others():
    """The sockets that are not the gateway's."""
    for what in CALLS + [("user.import",), ("auth.login", "alice",
                                            "pass word", None)]:
        answer = Helper("helper.sock").call(*what)
        result(number(answer), f"{what[0]} of a local user", answer)
    for path in ("root/helper.sock", "root/pam.sock"):
        try:
            Helper(path)
            result(False, path)
        except PermissionError:
            result(True, path)


test_nobody()
test_huge()
test_replay()
test_others()
sys.exit(bad)
