# SPDX-License-Identifier: ISC
"""Machines that pair as each version of TrueNAS does, and some that do not.

truenas.py HOME KEYS PORT=VERSION[,WHAT:METHOD|LIE][,tls]...
(or PORT=idle: a connection there is closed when nobody asks them anything).
They give keys to the user "nas", whose home is HOME, and answer with the host
keys in KEYS/*.pub; whatever they are asked stands on standard output.  Where
NAS_SHELL names a file, the user's shell is in it.
"""
import asyncio
import glob
import http
import json
import os
import ssl
import sys

import websockets

SSH_PORT = 2201
SILENT_PORT = 9501      # where a PORT=raw,silent is to be
NOLOGIN, BASH = "/usr/sbin/nologin", "/usr/bin/bash"
home, keys = sys.argv[1:3]
shell_file = os.environ.get("NAS_SHELL")
authorized = f"{home}/.ssh/authorized_keys"


class Refused(Exception):
    def __init__(self, number, reason):
        super().__init__(reason)
        self.number = number


def read_keys():
    try:
        with open(authorized) as f:
            return f.read()
    except FileNotFoundError:
        return ""


def write_keys(text):
    os.makedirs(os.path.dirname(authorized), mode=0o700, exist_ok=True)
    with open(authorized, "w") as f:
        f.write(text)


def host_keys():
    lines = []
    for name in ("rsa_2048", "ecdsa_256", "ed25519_256"):
        with open(f"{keys}/{name}.pub") as f:
            lines.append(f"any-host {f.read()}\n")
    return "".join(lines)


class Machine:
    serving = 0     # websockets, of all machines

    def __init__(self, port, spec):
        self.port = port
        words = spec.split(",")
        self.version = words[0]
        self.tls = "tls" in words[1:]
        rest = [w for w in words[1:] if w != "tls"]
        self.what, _, self.where = (rest or [""])[0].partition(":")
        self.times = 0
        self.core = self.version.startswith(("11", "13"))
        self.rpc = self.version >= "25.04" and not self.core
        self.user = {"id": 41, "username": "nas", "shell": NOLOGIN
                     if "nologin" in self.what else BASH}
        self.what = self.what.removeprefix("nologin-")
        if not self.core:
            self.user["sudo_commands_nopasswd"] = ["/usr/bin/id"]
            self.user["local"] = True

    # ---- methods ----

    def methods(self):
        names = {"auth.login", "keychaincredential.ssh_pair",
                 "replication.pair", "user.query", "user.update"}
        if self.core:
            names |= {"auth.token"}
        else:
            names |= {"auth.login_with_token"}
        if self.version.startswith("11"):
            names -= {"keychaincredential.ssh_pair"}
        if self.rpc:
            names |= {"auth.login_ex", "auth.login_ex_continue"}
        return names

    def call(self, client, method, params):
        if method not in self.methods():
            raise Refused(201, f"[ENOMETHOD] Method '{method}' not found")
        if not method.startswith("auth.") and not client["in"]:
            raise Refused(13 if self.core else 207, "Not authenticated")
        return getattr(self, method.replace(".", "_"))(client, *params)

    def auth_login(self, client, user, password, otp=None):
        wanted = "123456" if "otp" in self.what else None
        client["in"] = (user, password) == ("root", "staple") and \
            otp == wanted
        return client["in"]

    def auth_token(self, client, token):
        client["in"] = token == "a-token"
        return client["in"]

    auth_login_with_token = auth_token

    def auth_login_ex(self, client, o):
        assert o["mechanism"] == "PASSWORD_PLAIN"
        answer = {"lie-denied": "DENIED", "lie-expired": "EXPIRED"}.get(
            self.what)
        if self.what == "lie-redirect":
            return {"response_type": "REDIRECT",
                    "urls": ["https://other.example"]}
        if (o["username"], o["password"]) != ("root", "staple"):
            return {"response_type": "AUTH_ERR"}
        if "otp" in self.what:
            client["pending"] = True
            return {"response_type": "OTP_REQUIRED", "username": "root"}
        client["in"] = answer is None
        return {"response_type": answer or "SUCCESS"}

    def auth_login_ex_continue(self, client, o):
        assert o["mechanism"] == "OTP_TOKEN" and client["pending"]
        client["in"] = o["otp_token"] == "123456"
        return {"response_type": "SUCCESS" if client["in"]
                else "OTP_REQUIRED"}

    def pair(self, user, key):
        if user != "nas":
            raise Refused(14, f"User {user} does not exist")
        text = read_keys()
        if key.strip() not in text:
            write_keys(text.strip() + "\n" + key.strip() + "\n")
        lies = {"lie-port": 0, "lie-port-text": "22", "lie-port-big": 70000,
                "lie-port-silent": SILENT_PORT, "lie-keeps": SILENT_PORT}
        text = {"lie-keys": "any-host nonsense\n", "lie-no-keys": "",
                "lie-one-key": "any-host ssh-ed25519 AAAA\n"}.get(
                    self.what, host_keys())
        if self.what == "lie-other-keys":
            with open(f"{keys}/other.pub") as f:
                text = f"any-host {f.read()}\n"
        if self.what == "lie-many-keys":
            text *= 1000
        return lies.get(self.what, SSH_PORT), text

    def keychaincredential_ssh_pair(self, client, o):
        port, text = self.pair(o["username"], o["public_key"])
        return {"port": port, "host_key": text}

    def replication_pair(self, client, o):
        port, text = self.pair(o["user"], o["public-key"])
        return {"ssh_port": port, "ssh_hostkey": text}

    def user_query(self, client, filters, options=None):
        assert filters[0][:2] == ["username", "="]
        if self.what == "lie-rows":
            return {"rows": 1}
        if self.what == "lie-row":
            return [{"id": "41", "username": "nas"}]
        if filters[0][2] != "nas":
            return []
        if shell_file:
            with open(shell_file) as f:
                self.user["shell"] = f.read().strip()
        return [{**self.user, "sshpubkey": read_keys().strip() or None}]

    def user_update(self, client, number, o):
        assert number == 41
        if not set(o) <= {"shell", "sudo_commands_nopasswd", "sshpubkey"}:
            raise Refused(22, "[EINVAL] user_update: Extra inputs")
        if "sshpubkey" in o:
            if self.what == "lie-keeps":
                raise Refused(13, "what is here stays here")
            write_keys(o.pop("sshpubkey"))
        if shell_file and "shell" in o:
            with open(shell_file, "w") as f:
                f.write(o["shell"] + "\n")
        self.user.update(o)
        return {**self.user} if self.rpc else 41

    # ---- protocols ----

    def encode(self, client, number, result=None, error=None):
        if client["rpc"]:
            o = {"jsonrpc": "2.0", "id": number}
            if error is None:
                o["result"] = result
            elif error.number == 201:
                o["error"] = {"code": -32601,
                              "message": "Method does not exist"}
            else:
                o["error"] = {"code": -32001, "message": "Method call error",
                              "data": {"error": error.number, "errname": "E",
                                       "reason": str(error), "trace": None,
                                       "extra": None}}
            return json.dumps(o)
        o = {"msg": "result", "id": number}
        if error is None:
            o["result"] = result
        else:
            o["error"] = {"error": error.number, "type": None,
                          "reason": str(error), "trace": None,
                          "extra": None}
        return json.dumps(o)

    async def spoil(self, ws, method, text):
        """What it does in place of an answer; True: there is none."""
        if self.where != method:
            return False
        self.times += 1
        if self.what == "close":
            await ws.close(1011, "internal error")
        elif self.what == "close1" and self.times == 1:
            await ws.close(1001)
        elif self.what == "silent" or (self.what == "silent1" and
                                       self.times == 1):
            await asyncio.sleep(3600)
        elif self.what == "nonsense":
            await ws.send("{\"msg\":")
        elif self.what == "deep":
            await ws.send("[" * 100000)
        elif self.what == "binary":
            await ws.send(text.encode())
        elif self.what == "huge":
            await ws.send("x" * (2 << 20))
        elif self.what == "chatter":
            for _ in range(1001):
                await ws.send('{"msg":"added","method":"x"}')
        elif self.what == "drip":
            async def bytes_of():
                for c in text:
                    yield c
                    await asyncio.sleep(0.3)
            await ws.send(bytes_of())
        elif self.what == "pieces":
            async def pieces_of():
                for c in text:
                    yield c
            await ws.ping()
            await ws.send('{"msg":"added","method":"collection_update"}')
            await ws.send(pieces_of())
        else:
            return False
        return True

    async def serve(self, ws, path):
        Machine.serving += 1
        try:
            await self.answer(ws, path)
        finally:
            Machine.serving -= 1

    async def answer(self, ws, path):
        client = {"in": False, "pending": False,
                  "rpc": path != "/websocket"}
        async for message in ws:
            o = json.loads(message)
            print(self.port, path, message, flush=True)
            if o.get("msg") == "connect":
                if not await self.spoil(ws, "connect", ""):
                    await ws.send(json.dumps({"msg": "connected",
                                              "session": "x"}))
                continue
            method = o["method"]
            try:
                if self.what == "refuse" and self.where == method:
                    raise Refused(14, "[EFAULT] because\nit is so")
                result = self.call(client, method, o["params"])
                text = self.encode(client, o["id"], result)
            except Refused as e:
                text = self.encode(client, o["id"], error=e)
            if not await self.spoil(ws, method, text):
                await ws.send(text)

    async def upgrade(self, path, headers):
        print(self.port, path, headers.get("Host"), flush=True)
        if self.what == "http":
            return http.HTTPStatus.OK, [], b"<html>hello</html>"
        if path == "/websocket" or (path == "/api/current" and self.rpc):
            return None
        return http.HTTPStatus.NOT_FOUND, [], b""

    async def start(self):
        context = None
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(f"{keys}/tls.pem", f"{keys}/tls.key")
        await websockets.serve(self.serve, None, self.port, ssl=context,
                               process_request=self.upgrade)


class Idle:
    """A connection here is closed when nobody asks a machine anything."""

    def __init__(self, port):
        self.port = port

    async def serve(self, reader, writer):
        while Machine.serving > 0:
            await asyncio.sleep(0.002)
        writer.close()

    async def start(self):
        await asyncio.start_server(self.serve, None, self.port)


class Raw:
    """What answers on a port and is no websocket."""

    def __init__(self, port, what):
        self.port, self.what = port, what

    async def serve(self, reader, writer):
        try:
            if self.what == "close":
                return
            if self.what == "silent":
                await asyncio.sleep(3600)
            await reader.read(1)
            if self.what == "garbage":
                writer.write(os.urandom(4096) + b"\r\n\r\n")
            elif self.what == "smtp":
                writer.write(b"220 mail.example ESMTP\r\n\r\n")
            elif self.what == "wrong":
                writer.write(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket"
                             b"\r\nConnection: Upgrade\r\n"
                             b"Sec-WebSocket-Accept: AAAA\r\n\r\n")
            elif self.what == "endless":
                for _ in range(100000):
                    writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 4000)
                    await writer.drain()
            elif self.what == "drip":
                for c in b"HTTP/1.1 101 Switching Protocols\r\n" * 100:
                    writer.write(bytes([c]))
                    await asyncio.sleep(0.2)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def start(self):
        await asyncio.start_server(self.serve, None, self.port)


async def main():
    for spec in sys.argv[3:]:
        port, _, rest = spec.partition("=")
        version, _, what = rest.partition(",")
        if version == "raw":
            machine = Raw(int(port), what)
        elif version == "idle":
            machine = Idle(int(port))
        else:
            machine = Machine(int(port), rest)
        await machine.start()
    print("ready", flush=True)
    await asyncio.Future()


asyncio.run(main())
