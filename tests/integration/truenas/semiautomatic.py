#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""This machine pairs with itself, through its own URL: section
test_keychain_ssh, and what test_keychain_utils has of it.

usage: semiautomatic.py PORT TLS-PORT
"""
import contextlib
import sys

from accounts import user
from suite import ROOT, refuses, row, run, same, within

HTTP = "http://127.0.0.1:" + sys.argv[1]
HTTPS = "https://127.0.0.1:" + sys.argv[2]
DELETE = "keychaincredential.delete"
QUERY = "keychaincredential.query"
PAIR = "keychaincredential.remote_ssh_semiautomatic_setup"
SETUP = "keychaincredential.setup_ssh_connection"
WAIT = 30               # seconds for each step, on a busy machine


@contextlib.contextmanager
def keypair(api):
    pair = api.call("keychaincredential.create", {
        "name": "pair", "type": "SSH_KEY_PAIR", "attributes": api.call(
            "keychaincredential.generate_ssh_key_pair",
            {"type": "ed25519"})})
    try:
        yield pair["id"]
    finally:
        api.call(DELETE, pair["id"], {"cascade": True})


def asked(key, **more):
    return {"name": "conn", "url": HTTP, "private_key": key,
            "username": "carol", "password": ROOT[1],
            "connect_timeout": WAIT, **more}


def there(api):
    """How many keys and credentials there are."""
    return len(api.call("user.keys", "carol")), api.call(QUERY, [],
                                                         {"count": True})


def pairs(api, **more):
    """A pairing after which the connection works."""
    with keypair(api) as key:
        conn = api.call(PAIR, asked(key, **more))
        same((conn["name"], conn["attributes"]["host"],
              conn["attributes"]["username"],
              conn["attributes"]["private_key"]),
             ("conn", "127.0.0.1", "carol", key))
        same(api.call("keychaincredential.test", conn["id"],
                      {"command": "/bin/true"})["ok"], True)
        return conn


def fails(api, said, number=14, **more):
    """A pairing that leaves nothing behind."""
    with user(api, "carol"), keypair(api) as key:
        before = there(api)
        e = refuses(api, PAIR, asked(key, **more))
        same((e.number, e.extra), (number, None))
        within(said.lower(), e.reason.lower())
        same(there(api), before)


@row("G.2 ..._invalid_homedir", "no home needed")
def _(api):
    with user(api, "carol", home="/var/empty"):
        pairs(api)


@row("G.2 ..._sets_user_attributes")
def _(api):
    with user(api, "carol", shell="/usr/sbin/nologin",
              password_disabled=True) as u:
        pairs(api)
        same(api.call("user.get_instance", u["id"])["shell"],
             "/usr/bin/bash")


@row("G.2 test_ssl_certificate_error")
def _(api):
    fails(api, "certificate", 208, url=HTTPS)


@row("G.2 test_ignore_ssl_certificate_error")
def _(api):
    with user(api, "carol"):
        pairs(api, url=HTTPS, verify_ssl=False)


@row("G.2 ..._invalid_ip")
def _(api):
    fails(api, "Unable to connect to remote system", url="http://127.0.0.1:9")


@row("G.2 ..._invalid_keypair")
def _(api):
    fails(api, "key pair not found", private_key=99999)


@row("G.2 ..._with_password")
def _(api):
    with user(api, "carol"):
        pairs(api)


@row("G.2 ..._with_invalid_password")
def _(api):
    fails(api, "Invalid username or password", password="wrong")


@row("G.2 ..._without_password_or_token")
def _(api):
    fails(api, "You should specify either remote system password or "
          "temporary authentication token", password=None)


def whole(**more):
    how = asked(0, **more)
    del how["name"], how["private_key"]
    return {"private_key": {"generate_key": True, "name": "pair",
                            "type": "ed25519"},
            "connection_name": "conn", "setup_type": "SEMI-AUTOMATIC",
            "semi_automatic_setup": how}


@row("G.3 setup_ssh_connection: semi-automatic with token")
def _(api):
    token = api.call("auth.generate_token", 600, {}, False)
    with user(api, "carol"):
        conn = api.call(SETUP, whole(token=token, password=None))
        key = conn["attributes"]["private_key"]
        same(api.call(QUERY, [["id", "=", key]], {"get": True})["name"],
             "pair")
        same(api.call("keychaincredential.test", conn["id"])["ok"], True)
        api.call(DELETE, key, {"cascade": True})


@row("G.3 setup_ssh_connection: failed semi-automatic leaves no generated "
     "key behind")
def _(api):
    with user(api, "carol"):
        before = there(api)
        e = refuses(api, SETUP, whole(token="wrong", password=None))
        within("Invalid token", e.reason)
        same(there(api), before)


run("semiautomatic")
