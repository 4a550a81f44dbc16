#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The transports, sentence by sentence: what a client of TrueNAS sends and
what it may rely on.

usage: protocol.py PORT
"""
import contextlib
import http.client
import json
import re
import socket
import sys
import uuid

import websocket

from client import Current, Legacy
from suite import BASE, connection, refuses, row, run, same, within

PAGE = "/usr/share/man/man7/naskeys-protocol.7"
PORT = int(sys.argv[1])
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def get(path):
    c = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    c.request("GET", path)
    r = c.getresponse()
    return r.status, r.getheader("content-type"), r.read()


def closed(api):
    """The code and the reason with which it is closed."""
    while True:
        frame = api.ws.recv_frame()
        if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
            return int.from_bytes(frame.data[:2], "big"), \
                frame.data[2:].decode()


def raw(path="/api/current", **options):
    return websocket.create_connection(BASE + path, timeout=60, **options)


# ---- A.1 ----

@row("A.1 entry points: versions", once=Current)
def _(api):
    status, kind, body = get("/api/versions")
    same((status, kind), (200, "application/json"))
    versions = json.loads(body)
    same(versions, ["v25.04.0", "v25.04.1", "v25.04.2", "v25.10.0",
                    "v25.10.1", "v25.10.2", "v25.10.3", "v25.10.4",
                    "v25.10.5", "v26.0.0", "v27.0.0"])
    for path in ["/api/current", "/api/v24.10"] + [
            "/api/" + v for v in versions]:
        with connection(Current, path=path) as other:
            same(other.call("user.query", [["uid", "=", 0]], {
                "get": True, "select": ["username"]}), {"username": "root"})


@row("A.1 entry points: boot_id, and no REST", once=Current)
def _(api):
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as f:
        same(json.loads(get("/api/boot_id")[2]), f.read().strip())
    same(get("/api/v2.0/user")[0], 404)


@row("A.1 no subprotocol is selected, and no extension")
def _(api):
    ws = raw(api.name, header=[
        "Sec-WebSocket-Extensions: permessage-deflate"])
    headers = ws.handshake_response.headers
    same(ws.handshake_response.status, 101)
    assert "sec-websocket-protocol" not in headers, headers
    assert "sec-websocket-extensions" not in headers, headers
    ws.close()


@row("A.1 the clients' own Origin, and none")
def _(api):
    for options in {}, {"suppress_origin": True}:
        same(raw(api.name, **options).handshake_response.status, 101)


@row("A.1 binary frames: 1003", once=Current)
def _(api):
    other = Current(BASE)
    other.ws.send_binary(b"{}")
    code, reason = closed(other)
    same(code, 1003)
    assert reason.startswith("Invalid websocket message type"), reason


@row("A.1 sizes are those of the decoded text", once=Current)
def _(api):
    def message(length):
        text = '{"jsonrpc":"2.0","id":1,"method":"core.ping","params":[]}'
        return text[:-1] + " " * (length - len(text)) + "}"

    other = Current(BASE)
    other.say(message(8192))
    same(other.hear()["result"], "pong")
    text = "\u20ac" * 8000                      # three bytes each
    other.say(json.dumps({"jsonrpc": "2.0", "id": 1, "method": text},
                         ensure_ascii=False))
    same(other.hear()["error"]["code"], -32601)
    other.say(message(8193))
    same(closed(other), (1007, "Anonymous connection max message length is "
                         "8 kB"))
    with connection(Current) as other:
        other.say(message(65536))
        same(other.hear()["result"], "pong")
        other.say(message(65537))
        same(closed(other), (1009, "Max message length is 64 kB"))


@row("A.1 legacy: what is no JSON closes with 1007 and the reason",
     once=Legacy)
def _(api):
    other = Current(BASE, path="/websocket")
    other.say('{"msg":"connect","version":"1","support":["1"]}')
    other.hear()
    other.say("{")
    code, reason = closed(other)
    same(code, 1007)
    assert reason, "no reason"


# ---- A.2 ----

REQUESTS = [
    ({}, "Missing 'jsonrpc' member"),
    ({"jsonrpc": "1.0"}, "'jsonrpc' member must be of type string and must "
     "be exactly '2.0'"),
    ({"jsonrpc": 2.0}, "'jsonrpc' member must be of type string and must "
     "be exactly '2.0'"),
    ({"jsonrpc": "2.0", "id": 1.5}, "'id' member must be of type null, "
     "string or number"),
    ({"jsonrpc": "2.0", "id": [1]}, "'id' member must be of type null, "
     "string or number"),
    ({"jsonrpc": "2.0", "id": {}}, "'id' member must be of type null, "
     "string or number"),
    ({"jsonrpc": "2.0"}, "Missing 'method' member"),
    ({"jsonrpc": "2.0", "method": 1}, "'method' member must be of type "
     "string"),
    ({"jsonrpc": "2.0", "method": None}, "'method' member must be of type "
     "string"),
    ({"jsonrpc": "2.0", "method": "core.ping", "params": {}}, "'params' "
     "member must be of type array"),
    ({"jsonrpc": "2.0", "method": "core.ping", "params": "x"}, "'params' "
     "member must be of type array"),
]


@row("G.6 test_ws_handler.py: id, method, jsonrpc, params", once=Current)
def _(api):
    for request, said in REQUESTS:
        answer = api.ask(dict({"id": 7}, **request))
        same((answer["jsonrpc"], answer["error"]),
             ("2.0", {"code": -32600, "message": said}))
    for ident in None, 0, -1, "", "text", 1 << 40:
        same(api.ask({"jsonrpc": "2.0", "id": ident, "method": "core.ping"}),
             {"jsonrpc": "2.0", "result": "pong", "id": ident})
    for params in {}, {"params": []}:
        same(api.ask(dict({"jsonrpc": "2.0", "id": 1, "method": "auth.me"},
                          **params))["result"]["pw_name"], "root")


@row("A.2 parse errors: id null, no data", once=Current)
def _(api):
    for text, said in (("[]", "Batch messages are not supported at this "
                        "time"), ('"x"', "Invalid Message Format"),
                       ("1", "Invalid Message Format"),
                       ("null", "Invalid Message Format"), ("{", None)):
        api.say(text)
        answer = api.hear()
        same((answer["id"], answer["error"]["code"], set(answer["error"])),
             (None, -32700, {"code", "message"}))
        if said is not None:
            same(answer["error"]["message"], said)


@row("A.2 a notification is executed and never answered", once=Current)
def _(api):
    for message in (
            {"jsonrpc": "2.0", "method": "no.such"},
            {"jsonrpc": "2.0", "method": "user.query", "params": [1]},
            {"method": "core.ping"},
            {"jsonrpc": "2.0", "method": "core.ping"},
            {"jsonrpc": "2.0", "method": "core.set_options",
             "params": [{"private_methods": True}]}):
        api.say(json.dumps(message))
    same(api.call("core.set_options", {})["private_methods"], True)
    api.call("core.set_options", {"private_methods": False})


@row("A.2 an unknown method", once=Current)
def _(api):
    for name in "no.such", "ping", "", " ", "user.query.more":
        answer = api.ask({"jsonrpc": "2.0", "id": 1, "method": name})
        if name:
            same(answer["error"], {"code": -32601,
                                   "message": "Method does not exist"})
        else:
            same(answer["error"]["code"], -32600)


@contextlib.contextmanager
def silent():
    """The parameters of a call that takes a second: nobody says anything."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        yield [{"host": "127.0.0.1", "port": s.getsockname()[1],
                "connect_timeout": 1}]


SCAN = "keychaincredential.remote_ssh_host_key_scan"


@row("A.2 the 21st outstanding call", once=Current)
def _(api):
    with silent() as params:
        for i in range(21):
            api.say(json.dumps({
                "jsonrpc": "2.0", "id": i, "params": [] if i else params,
                "method": "core.ping" if i else SCAN}))
        first = api.hear()
        same((first["id"], first["error"]), (20, {
            "code": -32000, "message": "Maximum number of concurrent calls "
            "(20) has exceeded"}))
        answers = {a["id"]: a for a in (api.hear() for _ in range(20))}
    same(answers[0]["error"]["data"]["error"], 14)
    same([answers[i]["result"] for i in range(1, 20)], ["pong"] * 19)


@row("A.2 not logged in")
def _(api):
    other = type(api)(BASE)
    for method in "user.query", "auth.me", "keychaincredential.ssh_pair", \
            "auth.generate_token", "core.get_jobs", "user.create", \
            "naskeys.check":
        e = refuses(other, method)
        same((e.number, e.reason), (207, "[ENOTAUTHENTICATED] Not "
                                    "authenticated"))


@row("A.2 validation errors", once=Current)
def _(api):
    e = refuses(api, "user.create", {"username": 1, "bogus": 2})
    error = e.whole
    same((error["code"], error["message"], e.number), (
        -32602, "Invalid params", 22))
    same(error["data"]["errname"], "EINVAL")
    same(error["data"]["trace"], None)
    triples = sorted(e.extra)
    assert ["user_create.bogus", "Extra inputs are not permitted", 22] in \
        triples, triples
    same(e.reason, "".join(f"[EINVAL] {attribute}: {text}\n"
                           for attribute, text, _ in e.extra))


@row("A.2 arity, missing fields, strict types")
def _(api):
    e = refuses(api, "user.get_next_uid", 1, 2)
    same(e.extra, [["", "Too many arguments (expected 0, found 2)", 22]])
    e = refuses(api, "user.get_instance")
    same(e.extra, [["id", "Field required", 22]])
    for wrong in "1", 1.5, True, None, [1]:
        same([t[0] for t in refuses(api, "user.get_instance", wrong).extra],
             ["id"])


@row("A.2 an entity that is not there")
def _(api):
    for service, name in (("user", "User"), ("group", "Group"),
                          ("keychaincredential", "KeychainCredential")):
        for method, more in (("get_instance", []), ("update", [{}]),
                             ("delete", [])):
            e = refuses(api, f"{service}.{method}", 99999, *more)
            same(e.extra, [[None, f"{name} 99999 does not exist", 2]])


@row("A.2 get without a match")
def _(api):
    e = refuses(api, "user.query", [["id", "=", 99999]], {"get": True})
    same((e.number, e.reason), (22, "MatchNotFound()"))


# ---- A.3 ----

@row("A.3 core.set_options", once=Current)
def _(api):
    other = Current(BASE)
    same(other.call("core.set_options", {}), {
        "legacy_jobs": True, "private_methods": False,
        "py_exceptions": False})
    for _ in range(25):
        same(other.call("core.set_options", {
            "legacy_jobs": False, "py_exceptions": True, "unknown": [1]}),
             {"legacy_jobs": False, "private_methods": False,
              "py_exceptions": False})
    e = refuses(other, "core.subscribe", "core.get_jobs")
    same((e.whole["code"], e.number), (-32001, 207))


@row("A.3 core.get_methods: those of naskeys-protocol(7)", once=Current)
def _(api):
    with open(PAGE, encoding="utf-8") as page:
        lines = re.findall(r"^\.It Ic (.*)$", page.read(), re.M)
    same(sorted(api.call("core.get_methods")),
         sorted(name for line in lines for name in line.split(" , ")))


@row("A.3 core.subscribe and core.unsubscribe", once=Current)
def _(api):
    for name in "core.get_jobs", "user.query", \
            'reporting.realtime:{"interval": 2}':
        ident = api.call("core.subscribe", name)
        assert UUID.match(ident), ident
        same(api.call("core.unsubscribe", ident), None)
    same(api.call("core.unsubscribe", str(uuid.uuid4())), None)


# ---- A.4 ----

@row("A.4 core.ping, and the limit of calls without a login")
def _(api):
    source = "127.0.7." + ("1" if api.name == "/api/current" else "2")
    other = type(api)(BASE, source=source)
    for _ in range(20):
        same(other.call("core.ping"), "pong")
    e = refuses(other, "core.ping")
    same((e.number, e.reason), (16, "[EBUSY] Rate Limit Exceeded"))
    other.close()
    for _ in range(25):
        same(api.call("core.ping"), "pong")


# ---- A.5 ----

@row("A.5 connect", once=Legacy)
def _(api):
    assert UUID.match(api.session["session"]), api.session
    for first in ({"msg": "connect", "version": "2", "support": ["2"]},
                  {"msg": "method", "id": "1", "method": "core.ping"},
                  {"msg": "sub", "id": "1", "name": "user.query"}):
        ws = raw("/websocket")
        ws.send(json.dumps(first))
        same(json.loads(ws.recv()), {"msg": "failed", "version": "1"})


@row("A.5 ping and pong", once=Legacy)
def _(api):
    same(api.ask({"msg": "ping", "id": "x"}), {"msg": "pong", "id": "x"})
    same(api.ask({"msg": "ping"}), {"msg": "pong"})


@row("A.5 sub and unsub", once=Legacy)
def _(api):
    ident = str(uuid.uuid4())
    same(api.ask({"msg": "sub", "id": ident, "name": "user.query"}),
         {"msg": "ready", "subs": [ident]})
    api.say(json.dumps({"msg": "unsub", "id": ident}))
    same(api.call("core.ping"), "pong")
    other = Legacy(BASE)
    answer = other.ask({"msg": "sub", "id": ident, "name": "user.query"})
    same((answer["msg"], answer["collection"], answer["error"]["error"]),
         ("nosub", "user.query", 207))


def method(**more):
    return {"msg": "method", "id": "1", **more}


@row("A.5 error objects", once=Legacy)
def _(api):
    def error(message):
        answer = api.ask(message)
        same((answer["msg"], answer["id"]), ("result", "1"))
        e = answer["error"]
        return e["error"], e["errname"], e["type"], e["reason"], e["extra"]

    same(error(method(method="user.fly")), (
        201, "ENOMETHOD", None, "[ENOMETHOD] Method 'fly' not found in "
        "'user'", None))
    same(error(method(method="bird.fly")), (
        201, "ENOMETHOD", None, "[ENOMETHOD] Service 'bird' not found",
        None))
    number, name, _, reason, _ = error(method(method="fly"))
    same((number, name), (74, "EBADMSG"))
    within("Invalid method name", reason)
    number, _, _, reason, _ = error(method(method="core.ping", params={}))
    same(number, 22)
    within("`params` must be a list.", reason)
    number, _, _, reason, _ = error(method())
    same(number, 22)
    within("Message is malformed: 'method' is absent.", reason)
    answer = api.ask(method(method="user.get_next_uid", params=[1]))
    e = answer["error"]
    same((e["type"], e["error"], e["extra"]), ("VALIDATION", 11, [
        ["", "Too many arguments (expected 0, found 1)", 22]]))
    assert isinstance(e["trace"], dict) and e["trace"], e
    same(api.ask(method(method="core.ping"))["result"], "pong")


@row("A.5 the 21st outstanding call", once=Legacy)
def _(api):
    with silent() as params:
        for i in range(21):
            api.say(json.dumps({
                "msg": "method", "id": str(i), "params": [] if i else params,
                "method": "core.ping" if i else SCAN}))
        first = api.hear()
        same((first["id"], first["error"]["error"],
              first["error"]["errname"]), ("20", 109, "ETOOMANYREFS"))
        same(sorted(int(api.hear()["id"]) for _ in range(20)),
             list(range(20)))


# ---- A.6 ----

def odd(value):
    """Objects of one member that begins with $, and what is in them."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)).startswith("$"):
            yield next(iter(value.items()))
        for v in value.values():
            yield from odd(v)
    elif isinstance(value, list):
        for v in value:
            yield from odd(v)


@row("A.6 extensions of JSON")
def _(api):
    me = api.call("auth.me")
    same(me["privilege"]["roles"], {"$set": ["FULL_ADMIN"]})
    sessions = api.call("auth.sessions")
    assert sessions and all(set(s["created_at"]) == {"$date"}
                            for s in sessions)
    everything = [me, sessions, api.call("user.query"),
                  api.call("group.query"), api.call("ssh.config"),
                  api.call("keychaincredential.query"),
                  api.call("naskeys.audit.query")]
    found = list(odd(everything))
    assert found
    for name, value in found:
        if name == "$date":
            assert isinstance(value, int) and value % 1000 == 0, value
        else:
            same((name, type(value)), ("$set", list))


run("protocol")
