#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Each version of TrueNAS pairs with this machine, by password and by token,
with and without TLS, and logs in.

usage: pairing.py PORT SSH-PORT TLS-PORT
"""
import functools
import os
import sys

from accounts import user
from client import Legacy
from initiator import NEW, OLD, Initiator, enters, know
from suite import BASE, ROOT, row, run, same, shell

WHOLE = ("CORE 13.0", "24.04", "25.10", "27")
SSH_PORT, TLS = int(sys.argv[2]), f"wss://127.0.0.1:{sys.argv[3]}"


def public():
    with open("key.pub", encoding="ascii") as f:
        return f.read()


@functools.cache
def scanned():
    return sorted(line.split(" ", 1)[1] for line in shell(
        "ssh-keyscan", "-p", str(SSH_PORT), "127.0.0.1").splitlines()
        if line and not line.startswith("# "))


def pairs(machine, name, key):
    """One dialogue."""
    port, lines, change = machine.pair(name, key)
    same((port, sorted(lines)), (SSH_PORT, scanned()))
    know(port, lines)
    return change


def keys(api, name):
    return [k["comment"] for k in api.call("user.keys", name)]


def by_all_ways(api, version, name):
    """By password, which lets it in, and again by token over TLS; the key is
    there once.  Of those that say the same one does it all."""
    machine = Initiator(version, BASE)
    same(machine.log_in(*ROOT), True)
    change = pairs(machine, name, public())
    if version not in WHOLE and os.environ.get("LONG") != "yes":
        same(keys(api, name), ["far"])
        return change
    same(enters("key", name, SSH_PORT), name)
    for key in public(), public().strip():
        # a token is over with the session that was begun with it
        token = api.call("auth.generate_token", 600, {}, False)
        machine = Initiator(version, TLS, source="127.0.9.9")
        same(machine.log_in_by(token), True)
        same(pairs(machine, name, key), {})
        same(keys(api, name), ["far"])
    return change


def old(version):
    @row(f"F.1 {version}: replication.pair as root, no further call",
         once=Legacy)
    def _(api):
        try:
            same(by_all_ways(api, version, "root"), {})
        finally:
            for key in api.call("user.keys", "root"):
                api.call("user.remove_key", "root", key["fingerprint"])


def new(version):
    @row(f"F.1 SCALE {version}: ssh_pair, user.query, user.update",
         once=Legacy)
    def _(api):
        # no home, no shell and no password
        with user(api, "carol", shell="/usr/sbin/nologin"):
            same(by_all_ways(api, version, "carol"),
                 {"shell": "/usr/bin/bash"})


for v in OLD:
    old(v)
for v in NEW:
    new(v)
run("pairing")
