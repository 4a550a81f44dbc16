#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A machine that pairs with this one, as each version of TrueNAS does it.

usage: initiator.py PORT HOW SECRET USER FILE END VERSION [sudo]

HOW is the name to log in with, or "token", which is made for boss by its
password; SECRET is the password; FILE has the public key, and END is what
follows it: "-" or newlines ("nn").  Writes the file "known" for ssh, and
prints port, types of host keys and what it has updated.
"""
import contextlib
import os
import subprocess
import sys

from client import Legacy, Refused, log_in

OLD = ("FreeNAS 11.3", "CORE 12.0", "CORE 13.0", "CORE 13.3", "SCALE 22.02")
NEW = ("22.12", "23.10", "24.04", "24.10", "25.04", "25.10", "26", "27")


class Initiator:
    """What one version says, in its order."""

    def __init__(self, version, base, **more):
        self.version = version
        self.old = version in OLD
        self.peer = Legacy(base, **more)

    def log_in(self, name, password):
        # the third is new, and null without a second factor
        otp = [None] if self.version in ("26", "27") else []
        return self.peer.call("auth.login", name, password, *otp)

    def log_in_by(self, token):
        return self.peer.call("auth.token" if self.old else
                              "auth.login_with_token", token)

    def pair(self, user, public, sudo=False):
        """The port, the host keys as it would store them, and what it has
        changed of the user."""
        if self.old:
            got = self.peer.call("replication.pair", {
                "hostname": "any-host", "public-key": public, "user": user})
            return got["ssh_port"], host_keys(got["ssh_hostkey"]), {}
        got = self.peer.call("keychaincredential.ssh_pair", {
            "remote_hostname": "any-host", "username": user,
            "public_key": public})
        change = self.update(user, sudo)
        return got["port"], host_keys(got["host_key"]), change

    def update(self, user, sudo):
        filters = [["username", "=", user]]
        if self.version >= "24.10":
            filters.append(["local", "=", True])
        row = self.peer.call("user.query", filters, {"get": True})
        change = {}
        if row["shell"] == "/usr/sbin/nologin":
            change["shell"] = "/usr/bin/bash"
        nopasswd = row["sudo_commands_nopasswd"]
        if sudo and not {"ALL", "/usr/sbin/zfs"} & set(nopasswd):
            change["sudo_commands_nopasswd"] = nopasswd + ["/usr/sbin/zfs"]
        self.peer.call("user.update", row["id"], change)
        return change


def host_keys(text):
    """Lines without the host's name, which must fit its field."""
    lines = [" ".join(line.split()[1:]) for line in text.split("\n")
             if line and not line.startswith("# ")]
    assert text == "".join(f"any-host {line}\n\n" for line in lines), text
    assert len("\n".join(lines)) <= 1024, len("\n".join(lines))
    assert all(len(line.split()) == 2 for line in lines), lines
    return lines


def know(port, lines):
    with open("known", "w", encoding="ascii") as f:
        f.writelines(f"[127.0.0.1]:{port} {line}\n" for line in lines)


def enters(key, user, port):
    """The name on the other side of a login with this key, behind the host
    keys that are known."""
    return subprocess.run(
        ["ssh", "-F", "none", "-p", str(port), "-i", key, "-o",
         "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o",
         "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile=" +
         os.path.abspath("known"), "-o", "LogLevel=ERROR",
         user + "@127.0.0.1", "id", "-un"], capture_output=True, text=True,
        check=False).stdout.strip()


def public_key(file, end):
    with open(file, encoding="ascii") as f:
        return f.read().strip() + end.replace("n", "\n").replace("-", "")


def main(web, how, secret, user, file, end, version, *sudo):
    base = f"ws://127.0.0.1:{web}"
    machine = Initiator(version, base)
    if how == "token":
        # the token is over with the session that it was made in
        with contextlib.closing(log_in(Legacy, base, "boss",
                                       secret)) as maker:
            is_in = machine.log_in_by(maker.call(
                "auth.generate_token", 60, {}, False))
    else:
        is_in = machine.log_in(how, secret)
    if not is_in:
        print("not logged in")
    try:
        port, lines, change = machine.pair(user, public_key(file, end),
                                           bool(sudo))
    except Refused as e:
        print(e.number, e.reason)
        return 1
    finally:
        machine.peer.close()
    know(port, lines)
    print(port, [line.split()[0] for line in lines], sorted(change))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
