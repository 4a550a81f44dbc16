#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Who asks at the socket, in both protocols, and what he gets.

usage: ranks.py

boss (5001) is an administrator, dora (5002) is none, late (5003) has expired;
NASKEYS_KEY is a key, NASKEYS_ADMIN_GID the gid of naskeys-admin.
"""
import json
import os
import subprocess
import sys
import uuid

from local import (BASE, OPEN, WAIT, Current, Legacy, being, dial, number,
                   same)
import local
import websocket

KEY = os.environ["NASKEYS_KEY"]
ADMINS = int(os.environ["NASKEYS_ADMIN_GID"])
BOSS, DORA, LATE, STRANGER = 5001, 5002, 5003, 5999
LOGINS = [("auth.login", "boss", "staple", None),
          ("auth.login_ex", {"mechanism": "PASSWORD_PLAIN",
                             "username": "boss", "password": "staple"}),
          ("auth.login_with_token", "x"), ("auth.token", "x"),
          ("auth.login_with_api_key", "1-x"), ("auth.mechanism_choices",),
          ("auth.generate_token",), ("auth.logout",)]


def ctl(*args):
    subprocess.run(["naskeysctl", *args], check=True,
                   stdout=subprocess.PIPE)


def user(api, name):
    return api.call("user.query", [["username", "=", name]], {"get": True})


# ---- root ----

def test_root(protocol):
    kind = protocol.name
    api = protocol()
    me = api.call("auth.me")
    same(f"{kind}: root is in from the start",
         (me["pw_name"], me["privilege"]["roles"], me["account_attributes"]),
         ("root", {"$set": ["FULL_ADMIN"]}, ["SYS_ADMIN", "LOCAL"]))
    same(f"{kind}: ping", api.call("core.ping"), "pong")
    new = api.call("user.create", {
        "username": "eve", "uid": 6001, "full_name": "eve",
        "group_create": True, "password_disabled": True, "sshpubkey": KEY})
    same(f"{kind}: a user", user(api, "eve")["id"], new["id"] if isinstance(
        new, dict) else new)
    same(f"{kind}: by whom", api.call("naskeys.audit.query", [
        ["action", "=", "user.create"]], {"order_by": ["-id"]})[0]["actor"],
         "root")
    api.call("user.delete", user(api, "eve")["id"])
    same(f"{kind}: nobody logs in here",
         {number(api, *what) for what in LOGINS},
         {201} if kind == "/websocket" else {-32601})
    same(f"{kind}: nor is it listed", [
        m for m in api.call("core.get_methods")
        if m.startswith("auth.login")], [])
    same(f"{kind}: who is logged in elsewhere", (
        api.call("auth.sessions"), api.call("auth.terminate_session", ""),
        api.call("auth.terminate_other_sessions")), ([], False, True))
    same(f"{kind}: the longest message",
         api.call("user.query", [["username", "=", "x" * 60000]]), [])
    api.close()


def test_sequences():
    """What TrueNAS's own client sends, in this order."""
    ws = websocket.create_connection(BASE + "/api/current", timeout=WAIT,
                                     socket=dial())

    def ask(method, *params):
        ident = str(uuid.uuid4())
        ws.send(json.dumps({"jsonrpc": "2.0", "method": method, "id": ident,
                            "params": list(params)}))
        events = []
        while (answer := json.loads(ws.recv())).get("id") != ident:
            events.append(answer["params"])
        return answer.get("result", answer.get("error")), events

    same("its options", ask("core.set_options", {
        "legacy_jobs": False, "private_methods": False,
        "py_exceptions": False})[0]["legacy_jobs"], False)
    ask("core.subscribe", "core.get_jobs")
    same("its call", ask("user.query", [], {"count": True})[0], 4)
    answer, events = ask("service.control", "STOP", "ssh")
    same("a job's answer is the job's", answer, True)
    same("after its course", [(e["msg"], e["fields"]["state"],
                               e["fields"]["credentials"]) for e in events],
         [(msg, state, {"type": "UNIX_SOCKET", "data": {"username": "root"}})
          for msg, state in (("added", "WAITING"), ("changed", "RUNNING"),
                             ("changed", "SUCCESS"))])
    ws.close()
    same("an old version", Current("/api/v25.04.0").call("core.ping"), "pong")
    old = Legacy()
    job = old.call("service.control", "STOP", "ssh")
    wait = old.call("core.job_wait", job)
    row = old.call("core.get_jobs", [["id", "=", wait]], {"get": True})
    same("a job that is waited for", (row["state"], row["result"]),
         ("SUCCESS", True))
    same("ping", old.ask({"msg": "ping", "id": "1"}),
         {"msg": "pong", "id": "1"})


def test_events(protocol):
    kind = protocol.name
    api = protocol()
    if kind == "/websocket":
        same(f"{kind}: a subscription", api.ask(
            {"msg": "sub", "id": "s", "name": "user.query"}),
             {"msg": "ready", "subs": ["s"]})
    else:
        api.call("core.subscribe", "user.query")
    ctl("user", "add", "eve", "--uid", "6001")
    heard = api.hear()
    heard = heard.get("params", heard)
    same(f"{kind}: what others do is heard", (
        heard["msg"], heard["collection"], heard["fields"]["username"]),
         ("added", "user.query", "eve"))
    api.close()
    ctl("user", "delete", "eve", "--force")


# ---- others ----

def test_admins(protocol):
    kind = protocol.name
    for name, uid, groups in (("boss", BOSS, ()),
                              ("one of the group", STRANGER, (ADMINS,))):
        with being(uid, *groups):
            api = protocol()
        me = api.call("auth.me")
        same(f"{kind}: {name}", (me["pw_uid"], me["privilege"]["roles"]),
             (uid, {"$set": ["FULL_ADMIN"]}))
        same(f"{kind}: {name} sees all",
             api.call("user.query", [], {"count": True}), 4)
        same(f"{kind}: {name} edits", number(
            api, "user.update", user(api, "late")["id"],
            {"full_name": name}), None)
        api.close()


FOE = {"username": "foe", "full_name": "foe", "group_create": True,
       "password_disabled": True}
CALLS = [("user.create", FOE), ("user.update", 1, {"locked": False}),
         ("user.delete", 1), ("group.create", {"name": "foe"}),
         ("keychaincredential.query",), ("ssh.update", {}),
         ("keychaincredential.create", {"name": "k", "type": "SSH_KEY_PAIR",
                                        "attributes": {}}),
         ("keychaincredential.ssh_pair", {}), ("auth.sessions",),
         ("auth.terminate_other_sessions",), ("core.job_wait", 1),
         ("core.job_abort", 1), ("service.control", "STOP", "ssh"),
         ("naskeys.audit.query",), ("user.add_key", "boss", {"key": KEY}),
         ("user.keys", "boss"), ("user.set_password",
                                 {"username": "boss", "old_password": "x",
                                  "new_password": "y"})]


def test_user(protocol):
    kind = protocol.name
    with being(DORA):
        api = protocol()
    me = api.call("auth.me")
    same(f"{kind}: a user", (me["pw_name"], me["privilege"]["roles"],
                             me["privilege"]["allowlist"]),
         ("dora", {"$set": []}, []))
    same(f"{kind}: what a user may not",
         [what[0] for what in CALLS if not number(api, *what)], [])
    api.call("user.add_key", "dora", {"key": KEY})
    keys = api.call("user.keys", "dora")
    same(f"{kind}: a key of its own", len(keys), 1)
    api.call("user.remove_key", "dora", keys[0]["fingerprint"])
    api.call("user.set_password", {
        "username": "dora", "old_password": "drawer",
        "new_password": "drawer 2"})
    api.call("user.set_password", {
        "username": "dora", "old_password": "drawer 2",
        "new_password": "drawer"})
    same(f"{kind}: a wrong password", number(
        api, "user.set_password", {
            "username": "dora", "old_password": "x",
            "new_password": "y"}) is None, False)
    same(f"{kind}: no jobs of others", api.call("core.get_jobs"), [])
    if kind == "/websocket":
        same(f"{kind}: no events of others", api.ask({
            "msg": "sub", "id": "s", "name": "user.query"})["error"][
                "error"], 13)
        same(f"{kind}: jobs may be subscribed to", api.ask({
            "msg": "sub", "id": "s", "name": "core.get_jobs"})["msg"],
             "ready")
    else:
        same(f"{kind}: no events of others",
             number(api, "core.subscribe", "user.query"), 13)
        same(f"{kind}: jobs may be subscribed to",
             number(api, "core.subscribe", "core.get_jobs"), None)
    root = protocol()
    root.call("service.control", "STOP", "ssh")
    api.call("core.ping")
    same(f"{kind}: and none is told", api.events, [])
    with being(STRANGER):
        other = protocol()
    same(f"{kind}: a stranger is known by the uid",
         (other.call("auth.me")["pw_uid"],
          number(other, "user.add_key", "dora", {"key": KEY}) is None),
         (STRANGER, False))
    with being(LATE):
        other = protocol()
    same(f"{kind}: who has expired is nobody", (
        number(other, "auth.me"), number(other, "user.query")), (207, 207))
    same(f"{kind}: and may ask who is there", other.call("core.ping"), "pong")
    for a in list(OPEN):
        a.close()


def test_taken_away(protocol):
    """A right that is taken away is over with the next request."""
    kind = protocol.name
    with being(BOSS):
        api = protocol()
        sub = protocol()
    number(api, "user.query")
    if kind == "/websocket":
        sub.ask({"msg": "sub", "id": "s", "name": "user.query"})
    else:
        sub.call("core.subscribe", "user.query")
    ctl("user", "edit", "boss", "--admin", "no", "--force")
    ctl("user", "edit", "late", "--full-name", "Late")
    same(f"{kind}: no administrator any more",
         number(api, "user.create", FOE), 13)
    same(f"{kind}: but oneself",
         api.call("auth.me")["privilege"]["allowlist"], [])
    same(f"{kind}: who hears nothing",
         (sub.call("core.ping"), [e for e in sub.events if (
             e.get("params", e))["fields"].get("full_name") == "Late"]),
         ("pong", []))
    ctl("user", "lock", "boss")
    same(f"{kind}: who is locked", number(api, "user.query"), 207)
    ctl("user", "unlock", "boss")
    ctl("user", "edit", "boss", "--admin", "yes", "--force")
    same(f"{kind}: and again", number(api, "auth.sessions"), None)
    for a in list(OPEN):
        a.close()


test_sequences()
for each in Current, Legacy:
    test_root(each)
    test_events(each)
    test_admins(each)
    test_user(each)
    test_taken_away(each)
sys.exit(local.bad)
