#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Logins, tokens, sessions and their audit, as TrueNAS's own tests and its
client have them.

usage: auth.py PORT
"""
import base64
import hashlib
import hmac
import struct

from accounts import update, user
from client import Current, Legacy, log_in
from suite import BASE, ROOT, connection, refuses, row, run, same, within

SECRET = "canary Secret 4711"
SOURCES = {Current: iter(range(2, 120)), Legacy: iter(range(120, 250))}


def elsewhere(api):
    """An address whose failures nobody has counted yet."""
    return type(api)(BASE, source=f"127.0.9.{next(SOURCES[type(api)])}")


def named(api, name):
    """Each protocol has users of its own."""
    return f"{name}-{type(api).__name__}"


def password(name, text, **options):
    data = {"mechanism": "PASSWORD_PLAIN", "username": name,
            "password": text}
    if options:
        data["login_options"] = options
    return data


def login(api, data):
    return api.call("auth.login_ex", data)


def code(api, text):
    return api.call("auth.login_ex_continue", {"mechanism": "OTP_TOKEN",
                                               "otp_token": text})


def hotp(secret, counter):
    """RFC 4226."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter),
                   hashlib.sha1).digest()
    at = mac[-1] & 15
    number = struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff
    return f"{number % 1000000:06}"


# ---- G.6: tokens ----

@row("G.6 test_auth_token.py: match_origin")
def _(api):
    for options in [True], []:
        token = api.call("auth.generate_token", 600, {}, *options)
        same(len(token), 64)
        other = elsewhere(api)
        same(other.call("auth.login_with_token", token), False)
        other.close()
        other = type(api)(BASE)
        same(other.call("auth.login_with_token", token), True)
        other.close()
    token = api.call("auth.generate_token", 600, {}, False)
    other = elsewhere(api)
    same(other.call("auth.login_with_token", token), True)
    same(other.call("auth.me")["pw_name"], "root")


@row("G.6 test_auth_token.py: download tokens cannot log in")
def _(api):
    token = api.call("auth.generate_token", 600, {"filename": "x"}, False)
    other = elsewhere(api)
    same(other.call("auth.login_with_token", token), False)
    same(login(other, {"mechanism": "TOKEN_PLAIN", "token": token}),
         {"response_type": "AUTH_ERR"})


@row("G.6 test_auth_token.py: single-use works once")
def _(api):
    token = api.call("auth.generate_token", 600, {}, True, True)
    other = type(api)(BASE)
    same(other.call("auth.login_with_token", token), True)
    other.close()
    other = elsewhere(api)
    same(other.call("auth.login_with_token", token), False)


@row("G.6 test_auth_token.py: killing the session kills its tokens")
def _(api):
    other = log_in(type(api), BASE, *ROOT)
    token = other.call("auth.generate_token", 600, {}, False)
    ident = other.call("auth.sessions", [["current", "=", True]],
                       {"get": True})["id"]
    third = elsewhere(api)
    same(third.call("auth.login_with_token", token), True)
    same(api.call("auth.terminate_session", ident), True)
    same(refuses(other, "auth.me").number, 207)
    same(refuses(third, "auth.me").number, 207)
    same(third.call("auth.login_with_token", token), False)
    same(api.call("auth.terminate_session", ident), False)
    other.close()


@row("G.6 test_auth_token.py: reconnect_token")
def _(api):
    other = type(api)(BASE)
    same(login(other, password(*ROOT))["reconnect_token"], None)
    token = login(other, password(*ROOT, reconnect_token=True))[
        "reconnect_token"]
    same(len(token), 64)
    again = type(api)(BASE)
    answer = login(again, {"mechanism": "TOKEN_PLAIN", "token": token,
                           "login_options": {"reconnect_token": True}})
    same((answer["response_type"], len(answer["reconnect_token"])),
         ("SUCCESS", 64))
    same(again.call("auth.login_with_token", token), False)
    other.close()


# ---- G.6: who it is ----

@row("G.6 test_auth_me.py: root fields")
def _(api):
    me = api.call("auth.me")
    same({k: me[k] for k in ("pw_name", "pw_uid", "pw_gid", "pw_dir",
                             "source", "local")},
         {"pw_name": "root", "pw_uid": 0, "pw_gid": 0, "pw_dir": "/root",
          "source": "LOCAL", "local": True})
    same(set(me) - {"pw_gecos", "pw_shell", "grouplist", "sid"},
         {"pw_name", "pw_uid", "pw_gid", "pw_dir", "source", "local",
          "attributes", "two_factor_config", "privilege",
          "account_attributes"})
    same(set(me["account_attributes"]), {"SYS_ADMIN", "LOCAL"})
    same(me["privilege"]["allowlist"], [{"method": "*", "resource": "*"}])


@row("G.6 test_auth_me.py: a token login shows the original user")
def _(api):
    token = api.call("auth.generate_token")
    other = type(api)(BASE)
    same(other.call("auth.login_with_token", token), True)
    same(other.call("auth.me"), api.call("auth.me"))
    session = other.call("auth.sessions", [["current", "=", True]],
                         {"get": True})
    same((session["credentials"],
          session["credentials_data"]["parent"]["credentials"]),
         ("TOKEN", "LOGIN_PASSWORD"))


@row("G.6 test_auth_me.py: webui_access follows the role",
     "who has logged in is an administrator")
def _(api):
    boss = named(api, "boss")
    with user(api, boss, password=SECRET, admin=True):
        with connection(type(api), boss, SECRET) as own:
            me = own.call("auth.me")
            same((me["privilege"]["webui_access"],
                  me["privilege"]["roles"]), (True, {"$set": [
                      "FULL_ADMIN"]}))
            same(me["account_attributes"], ["LOCAL"])


# ---- G.6: the second factor ----

class Device:
    """A user with a second factor, and what it shows."""

    def __init__(self, api, name):
        self.counter = 0
        answer = api.call("user.otp_enroll", name, {"kind": "HOTP"})
        self.secret = answer["secret"]
        api.call("user.otp_enroll", name, {
            "kind": "HOTP", "secret": self.secret, "code": self.shows()})

    def shows(self):
        text = hotp(self.secret, self.counter)
        self.counter += 1
        return text


@row("G.6 test_twofactor_auth.py: OTP_REQUIRED, then SUCCESS")
def _(api):
    boss = named(api, "boss")
    with user(api, boss, password=SECRET, admin=True):
        device = Device(api, boss)
        other = elsewhere(api)
        same(login(other, password(boss, SECRET)),
             {"response_type": "OTP_REQUIRED", "username": boss})
        same(refuses(other, "auth.me").number, 207)
        answer = code(other, device.shows())
        same((answer["response_type"], answer["user_info"]["pw_name"]),
             ("SUCCESS", boss))
        within("2FA", answer["user_info"]["account_attributes"])
        other.close()
        other = elsewhere(api)
        same(other.call("auth.login", boss, SECRET, device.shows()), True)
        other.close()
        other = elsewhere(api)
        same(other.call("auth.login", boss, SECRET, None), False)


@row("G.6 test_twofactor_auth.py: a wrong OTP is asked for again, finally "
     "AUTH_ERR")
def _(api):
    boss = named(api, "boss")
    with user(api, boss, password=SECRET, admin=True):
        device = Device(api, boss)
        other = elsewhere(api)
        login(other, password(boss, SECRET))
        same([code(other, "000000")["response_type"] for _ in range(3)],
             ["OTP_REQUIRED", "OTP_REQUIRED", "AUTH_ERR"])
        e = refuses(other, "auth.login_ex_continue", {
            "mechanism": "OTP_TOKEN", "otp_token": device.shows()})
        same((e.number, e.reason), (22, "[EINVAL] OTP_TOKEN: no "
                                    "authentication in progress"))


@row("G.6 test_twofactor_auth.py: switching the account abandons the first")
def _(api):
    another = named(api, "other")
    boss = named(api, "boss")
    with user(api, boss, password=SECRET, admin=True), \
            user(api, another, password=SECRET, admin=True):
        device = Device(api, boss)
        other = elsewhere(api)
        login(other, password(boss, SECRET))
        same(login(other, password(another, SECRET))["response_type"],
             "SUCCESS")
        e = refuses(other, "auth.login_ex_continue", {
            "mechanism": "OTP_TOKEN", "otp_token": device.shows()})
        within("no authentication in progress", e.reason)
        same(other.call("auth.me")["pw_name"], another)


# ---- G.6: the audit log ----

@row("G.6 test_audit_websocket.py: each login attempt, without secrets",
     "calls that are refused before a login leave no row")
def _(api):
    plain = named(api, "plain")
    boss = named(api, "boss")
    last = api.call("naskeys.audit.query", [], {
        "select": ["id"], "order_by": ["-id"], "limit": 1})[0]["id"]
    with user(api, boss, password=SECRET, admin=True) as u, \
            user(api, plain, password=SECRET):
        other = elsewhere(api)
        address = other.address
        refuses(other, "user.query")
        refuses(other, "user.create", {"password": SECRET})
        login(other, password(boss, SECRET + "x"))
        login(other, password(SECRET, SECRET))
        login(other, password(plain, SECRET))
        login(other, password(boss, SECRET))
        refuses(other, "user.update", 1, {"bogus": SECRET})
        other.call("auth.logout")
        update(api, u, account_expires_at="2001-01-01")
        login(other, password(boss, SECRET))
        other.close()
        entries = api.call("naskeys.audit.query", [["id", ">", last]])
    texts = [e["text"] for e in entries
             if f" from {address}:" in e["text"]]
    same([(t.split()[2], t.rsplit(": ", 1)[1]) for t in texts],
         [(boss, "AUTH_ERR"), ("an", "AUTH_ERR"), (plain, "DENIED"),
          (boss, "SUCCESS"), (boss, "EXPIRED")])
    assert SECRET not in str(entries)


# ---- G.6: others ----

@row("G.6 test_localhost_ws_auth.py: loopback is not logged in")
def _(api):
    other = type(api)(BASE)
    same(refuses(other, "auth.me").reason, "[ENOTAUTHENTICATED] Not "
         "authenticated")


@row("G.6 test_legacy_websocket.py: auth.login_ex", once=Legacy)
def _(api):
    other = Legacy(BASE)
    answer = login(other, password(*ROOT, user_info=False))
    same(answer, {"response_type": "SUCCESS", "user_info": None,
                  "authenticator": "LEVEL_1", "reconnect_token": None})
    same(other.call("auth.me")["pw_name"], "root")


@row("G.6 test_legacy_api.py: every version, *.query and *.config",
     once=Current)
def _(api):
    methods = [m for m in api.call("core.get_methods")
               if m.endswith((".query", ".config"))]
    assert {"user.query", "group.query", "ssh.config",
            "keychaincredential.query", "service.query"} <= set(methods)
    for version in "v24.10", "v25.04.2", "v25.10.5", "v26.0.0", "v27.0.0":
        with connection(Current, path="/api/" + version) as other:
            for method in methods:
                assert isinstance(other.call(method), (list, dict)), method


@row("G.6 mechanism_choices")
def _(api):
    other = type(api)(BASE)
    choices = other.call("auth.mechanism_choices")
    assert {"TOKEN_PLAIN", "PASSWORD_PLAIN"} <= set(choices), choices
    e = refuses(other, "auth.login_ex", {"mechanism": "MAGIC"})
    same(e.extra[0][0], "login_data.mechanism")


# ---- G.7 ----

@row("G.7 row 1: the client of JSON-RPC", once=Current)
def _(api):
    other = Current(BASE)
    same(other.call("core.set_options", {"legacy_jobs": False,
                                         "py_exceptions": False,
                                         "private_methods": False})[
        "legacy_jobs"], False)
    # before each of its calls, until it is subscribed
    e = refuses(other, "core.subscribe", "core.get_jobs")
    same((e.whole["code"], e.whole["message"], e.number),
         (-32001, "Method call error", 207))
    same(login(other, password(*ROOT))["response_type"], "SUCCESS")
    other.call("core.subscribe", "core.get_jobs")
    same(other.call("user.query", [["id", "=", 1]], {"get": True})[
        "username"], "root")


run("auth", abreast=True)
