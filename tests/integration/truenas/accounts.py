# SPDX-License-Identifier: ISC
"""Users and groups for a while, and keys for them."""
import contextlib
import functools
import json
import os
import subprocess
import sys
import tempfile


@functools.cache
def key(comment):
    """A public key, the same one for the same comment."""
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "key")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                        comment, "-f", name], check=True)
        with open(name + ".pub", encoding="ascii") as f:
            return f.read().strip()


@contextlib.contextmanager
def user(api, username="tester", **fields):
    if "group" not in fields:
        fields.setdefault("group_create", True)
    if not {"password", "random_password"} & set(fields):
        fields.setdefault("password_disabled", True)
    u = api.call("user.create", {"username": username, "full_name": "Tester",
                                 **fields})
    try:
        yield u
    finally:
        if api.call("user.query", [["id", "=", u["id"]]], {"count": True}):
            api.call("user.delete", u["id"], {"force": True})


@contextlib.contextmanager
def group(api, name="testers", **fields):
    number = api.call("group.create", {"name": name, **fields})
    try:
        yield number
    finally:
        if api.call("group.query", [["id", "=", number]], {"count": True}):
            api.call("group.delete", number)


def update(api, u, **fields):
    return api.call("user.update", u["id"], fields)

LOCALLY = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect("/run/naskeys/helper.sock")
s.sendall(sys.stdin.buffer.read())
print(s.makefile().readline())
"""


def locally(uid, method, *params):
    """The answer to a call of one of the machine's own users."""
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                          "params": list(params)}) + "\n"
    return json.loads(subprocess.run(
        [sys.executable, "-c", LOCALLY], input=request, text=True,
        check=True, stdout=subprocess.PIPE, user=uid, group=uid,
        extra_groups=[], cwd="/").stdout)
