# SPDX-License-Identifier: ISC
"""Clients of the gateway that are not ours, one for each protocol.

Current speaks JSON-RPC with python3-websocket, Legacy the protocol of
/websocket with python3-websockets.  Both are used in the same way.
"""
import asyncio
import json
import socket
import ssl
import urllib.parse
import uuid

import websocket
import websockets

WAIT = 60               # seconds: nothing takes as long
OPEN = []               # clients that nobody has closed


class Refused(Exception):
    """An error that was answered, whatever the protocol."""

    def __init__(self, number, reason, extra, whole):
        super().__init__(f"{number} {reason} {extra}")
        self.number = number
        self.reason = reason
        self.extra = extra      # [attribute, text, errno]..., or None
        self.whole = whole


def unverified():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def dial(base, source):
    """A connection of one's own, since this client takes no source."""
    url = urllib.parse.urlsplit(base)
    s = socket.create_connection((url.hostname, url.port), WAIT, (source, 0))
    return unverified().wrap_socket(s) if url.scheme == "wss" else s


class Current:
    """/api/current, or another path of JSON-RPC."""
    name = "/api/current"

    def __init__(self, base, path=None, source="127.0.0.1"):
        self.events = []
        self.address = source
        self.ws = websocket.create_connection(
            base + (path or self.name), timeout=WAIT,
            socket=dial(base, source))
        OPEN.append(self)

    def close(self):
        OPEN.remove(self)
        self.ws.close()

    def say(self, text):
        self.ws.send(text)

    def hear(self):
        return json.loads(self.ws.recv())

    def ask(self, message):
        """The answer to a message; what comes before it is kept."""
        self.say(json.dumps(message))
        while "id" not in (answer := self.hear()):
            self.events.append(answer)
        return answer

    def call(self, method, *params):
        number = str(uuid.uuid4())
        answer = self.ask({"jsonrpc": "2.0", "id": number, "method": method,
                           "params": list(params)})
        assert answer["jsonrpc"] == "2.0" and answer["id"] == number, answer
        if "error" not in answer:
            return answer["result"]
        error = answer["error"]
        data = error.get("data", {"error": error["code"], "reason":
                                  error["message"], "extra": None})
        if error["code"] in (-32001, -32602):
            assert {"error", "errname", "reason", "trace", "extra"} == \
                set(data), error
        raise Refused(data["error"], data["reason"], data["extra"], error)


class Legacy:
    """/websocket, as an initiator of any version speaks it."""
    name = "/websocket"

    def __init__(self, base, path=None, source="127.0.0.1"):
        self.events = []
        self.address = source
        self.loop = asyncio.new_event_loop()
        self.ws = self.loop.run_until_complete(self.open(
            base + (path or self.name), source))
        OPEN.append(self)
        self.session = self.ask({"msg": "connect", "version": "1",
                                 "support": ["1"], "features": []})
        assert self.session["msg"] == "connected", self.session

    async def open(self, url, source):
        return await websockets.connect(
            url, compression=None, max_size=None, ping_interval=None,
            open_timeout=WAIT, local_addr=(source, 0),
            ssl=unverified() if url.startswith("wss") else None)

    def wait(self, what):
        return self.loop.run_until_complete(asyncio.wait_for(what, WAIT))

    def close(self):
        OPEN.remove(self)
        self.wait(self.ws.close())
        self.loop.close()

    def say(self, text):
        self.wait(self.ws.send(text))

    def hear(self):
        return json.loads(self.wait(self.ws.recv()))

    def ask(self, message):
        self.say(json.dumps(message))
        while (answer := self.hear())["msg"] in ("added", "changed",
                                                 "removed"):
            self.events.append(answer)
        return answer

    def call(self, method, *params):
        number = str(uuid.uuid4())
        answer = self.ask({"msg": "method", "id": number, "method": method,
                           "params": list(params)})
        assert answer["msg"] == "result" and answer["id"] == number, answer
        if "error" not in answer:
            return answer["result"]
        error = answer["error"]
        assert error["error"] != 0 and {"error", "errname", "type", "reason",
                                        "trace", "extra"} == set(error), error
        if error["type"] == "VALIDATION":
            assert error["trace"], error
        raise Refused(error["error"], error["reason"], error["extra"], error)


def log_in(protocol, base, name, password, **more):
    """A connection on which name has logged in."""
    api = protocol(base, **more)
    assert api.call("auth.login", name, password, None) is True, name
    return api
