#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Users and groups: sections test_account, test_user_ssh_password,
test_account_group and test_account_shell_choices.

usage: account.py PORT
"""
from accounts import group, key, locally, update, user
from client import Current
from suite import BASE, connection, refuses, row, run, same, within, wrong

CREATE = "user.create"
SECRET = "canary Secret 4711"


def fields(username="tester", **more):
    return {"username": username, "full_name": "Tester",
            "group_create": True, "password_disabled": True, **more}


def audit(api, text):
    """The rows with this text, as text."""
    return str(api.call("naskeys.audit.query", [["text", "=", text]]))


# ---- G.5: audit and rights ----

@row("G.5 audit records for create, update and delete of users and groups "
     "with redacted passwords")
def _(api):
    name = "audited" + api.name[-4:].replace("/", "")
    with user(api, name, password=SECRET) as u:
        update(api, u, password=SECRET + "2", full_name="Changed")
    with group(api, name + "s") as g:
        api.call("group.update", g, {"smb": True})
    for text in (f"Create user {name}", f"Update user {name}",
                 f"Delete user {name}", f"Create group {name}s",
                 f"Update group {name}s", f"Delete group {name}s"):
        within(text, audit(api, text))
        assert SECRET not in audit(api, text), text
    within("********", audit(api, f"Create user {name}"))


@row("G.5 delete-self refused")
def _(api):
    with user(api, "boss", password=SECRET, admin=True) as u:
        with connection(type(api), "boss", SECRET) as own:
            e = refuses(own, "user.delete", u["id"])
            same((e.number, e.reason), (22, "[EINVAL] Cannot delete the "
                                        "currently active user"))


@row("G.5 Not authorized for lesser roles",
     "DENIED over the gateway; Not authorized at the machine itself")
def _(api):
    with user(api, password=SECRET) as u:
        other = type(api)(BASE)
        same(other.call("auth.login_ex", {
            "mechanism": "PASSWORD_PLAIN", "username": "tester",
            "password": SECRET}), {"response_type": "DENIED"})
        same(refuses(other, "user.query").number, 207)
        other.close()
        for method, *params in ((CREATE, fields("other")),
                                ("group.create", {"name": "others"}),
                                ("user.delete", u["id"]),
                                ("user.update", u["id"], {"uid": 1})):
            error = locally(u["uid"], method, *params)["error"]
            if error["code"] == -32001:
                same((error["data"]["error"], error["data"]["reason"]),
                     (13, "[EACCES] Not authorized"))


# ---- G.5: ids ----

@row("G.5 duplicate uid: exactly one error, EEXIST")
def _(api):
    with user(api, uid=5200):
        e = wrong(api, "user_create.uid", "", CREATE,
                  fields("other", uid=5200))
        same(e[1:], ["Uid 5200 is already used (user tester has it)", 17])


@row("G.5 duplicate gid: exactly one error, EEXIST")
def _(api):
    with group(api, gid=5200):
        e = wrong(api, "group_create.gid", "", "group.create",
                  {"name": "others", "gid": 5200})
        same(e[1:], ["Gid 5200 is already used (group testers has it)", 17])


@row("G.5 auto-uid calls are unique")
def _(api):
    uids = {api.call("user.get_next_uid") for _ in range(5)}
    same(len(uids), 5)
    assert min(uids) >= 3000, uids
    gids = {api.call("group.get_next_gid") for _ in range(5)}
    same(len(gids), 5)
    assert min(gids) >= 3000, gids


# ---- G.5: random passwords ----

@row("G.5 random password: returned once, 20 characters")
def _(api):
    with user(api, random_password=True) as u:
        same(len(u["password"]), 20)
        same(update(api, u, full_name="x")["password"], None)
        assert "password" not in api.call("user.get_instance", u["id"])
        again = update(api, u, random_password=True)["password"]
        same(len(again), 20)
        assert again != u["password"]


@row("G.5 random password: refused together with an explicit one")
def _(api):
    wrong(api, "user_create.random_password",
          "Requesting a randomized password while simultaneously supplying "
          "an explicit password is not permitted.", CREATE,
          fields(password_disabled=False, password=SECRET,
                 random_password=True))


# ---- G.5: what is refused ----

@row("G.5 invalid names on create and update")
def _(api):
    with user(api) as u, group(api) as g:
        for name in "ö", "тест", "a b", "1a", "-a", "a$", "", "x" * 33:
            e = wrong(api, "user_create.username", "", CREATE, fields(name))
            wrong(api, "user_update.username", "", "user.update", u["id"],
                  {"username": name})
            if name and len(name) <= 32:
                within("Value error, ", e[1])
        for name in "ö", "a b", "-a", "":
            wrong(api, "group_create.name", "", "group.create",
                  {"name": name})
            wrong(api, "group_update.name", "", "group.update", g,
                  {"name": name})


@row("G.5 invalid home_mode, full_name, shell and sudo commands")
def _(api):
    with user(api) as u:
        for field, value, said in (
                ("home_mode", "8", "Please provide a valid value for "
                 "home_mode attribute"),
                ("home_mode", "7777", "Please provide a valid value for "
                 "home_mode attribute"),
                ("home_mode", "377", "Home directory must be readable by "
                 "User."),
                ("home_mode", "677", "Home directory must be executable by "
                 "User."),
                ("full_name", "a:b", "The ':' character is not allowed."),
                ("full_name", "a\nb", "character is not allowed."),
                ("shell", "/no/shell", "Please select a valid shell.")):
            wrong(api, "user_create." + field, said, CREATE,
                  fields("other", **{field: value}))
            wrong(api, "user_update." + field, said, "user.update", u["id"],
                  {field: value})
        for value, said in (
                ("ls", "Executable must be an absolute path"),
                ("/bin/../bin/ls", "Executable path must be normalized"),
                ("/no/such", "No paths matching"),
                ("/etc/passwd", "is executable")):
            for field in "sudo_commands", "sudo_commands_nopasswd":
                wrong(api, f"user_create.{field}.0", said, CREATE,
                      fields("other", **{field: [value]}))
        wrong(api, "user_create.sudo_commands.1",
              "ALL cannot be used with other commands", CREATE,
              fields("other", sudo_commands=["/bin/ls", "ALL"]))


@row("G.5 password required; disabled and password",
     "none is required of who has a key")
def _(api):
    nothing = fields(password_disabled=False)
    wrong(api, "user_create.password", "Password is required", CREATE,
          nothing)
    u = api.call(CREATE, dict(nothing, sshpubkey=key("a")))
    same(u["password_disabled"], True)
    api.call("user.delete", u["id"])
    wrong(api, "user_create.password_disabled",
          'Leave "Password" blank when "Disable password login" is checked.',
          CREATE, fields(password=SECRET))


@row("G.5 the last full administrator cannot be locked")
def _(api):
    boss = api.call(CREATE, fields("boss", password_disabled=False,
                                   password=SECRET, admin=True))
    root = api.call("user.query", [["uid", "=", 0]], {"get": True})
    with connection(type(api), "boss", SECRET) as own:
        same(update(own, root, locked=True)["locked"], True)
        wrong(own, "user_update.locked", "After locking this user no local "
              "users will have FULL_ADMIN role", "user.update", boss["id"],
              {"locked": True})
        same(update(own, root, locked=False)["locked"], False)
    with connection(type(api)) as own:
        same(update(own, boss, locked=True)["locked"], True)
        wrong(own, "user_update.locked", "After locking this user no local "
              "users will have FULL_ADMIN role", "user.update", root["id"],
              {"locked": True})
        own.call("user.delete", boss["id"])


@row("G.5 root must stay in builtin_administrators and nowhere else")
def _(api):
    administrators = api.call("group.query", [
        ["name", "=", "builtin_administrators"]], {"get": True})
    root = api.call("user.query", [["uid", "=", 0]], {"get": True})
    with group(api) as g:
        e = refuses(api, "user.update", root["id"], {"groups": []})
        same(e.extra[0][:2], ["user_update.groups", "The root user must "
                              "remain a member of the "
                              "builtin_administrators group."])
        wrong(api, "user_update.groups", "The root user may only be a member "
              "of the builtin_administrators group.", "user.update",
              root["id"], {"groups": [administrators["id"], g]})
        wrong(api, "group_update.users", "Cannot add the root user to this "
              "group", "group.update", g, {"users": [root["id"]]})
        e = refuses(api, "group.update", administrators["id"],
                    {"users": []})
        same(e.extra[0][:2], ["group_update.users", "The root user must "
                              "remain a member of the "
                              "builtin_administrators group."])


# ---- G.5: set_password ----

def change(username, new, old=None):
    return {"username": username, "old_password": old, "new_password": new}


SET = "user.set_password"


@row("G.5 set_password: admin for others")
def _(api):
    with user(api, "boss", password=SECRET, admin=True):
        same(api.call(SET, change("boss", "another one")), None)
        with connection(type(api), "boss", "another one"):
            pass


@row("G.5 set_password: unknown, locked and disabled users refused")
def _(api):
    path = "user.set_password.username"
    wrong(api, path, "nobody-here", SET, change("nobody-here", "x"))
    with user(api):
        wrong(api, path, "tester: password authentication disabled for user",
              SET, change("tester", "x"))
    with user(api, password=SECRET, locked=True):
        wrong(api, path, "tester: user account is locked.", SET,
              change("tester", "x"))


@row("G.5 set_password: self needs the old one; other user EPERM",
     "who is no administrator asks at the machine itself", once=Current)
def _(api):
    with user(api, password=SECRET) as u, user(api, "other",
                                                password=SECRET):
        def triples(*what):
            return locally(u["uid"], SET, change("tester", *what))[
                "error"]["data"]["extra"]

        same(triples("new one"), [[
            "user.set_password.old_password", "FULL_ADMIN role is required "
            "in order to bypass check for current password.", 22]])
        same(triples("new one", "wrong"), [[
            "user.set_password.old_password",
            "tester: failed to validate password.", 22]])
        same(locally(u["uid"], SET, change("tester", "new one", SECRET))[
            "result"], None)
        same(triples("new two", SECRET), [[
            "user.set_password.old_password",
            "tester: failed to validate password.", 22]])
        same(locally(u["uid"], SET, change("other", "x", SECRET))[
            "error"]["data"]["error"], 1)


# ---- G.5: ssh_password_enabled ----

@row("G.5 ssh_password_enabled: needs a valid home and login shell")
def _(api):
    both = "Cannot be enabled without a valid home path and login shell."
    on = {"password_disabled": False, "password": SECRET,
          "ssh_password_enabled": True}

    def said(**more):
        e = refuses(api, CREATE, fields(**on, **more))
        return sorted((attribute, text) for attribute, text, _ in e.extra)

    home = ("user_create.home",
            "SSH password login requires a valid home path.")
    shell = ("user_create.shell",
             "SSH password login requires a login shell.")
    enabled = ("user_create.ssh_password_enabled", both)
    same(said(home="/var/empty"), [home, enabled])
    same(said(home="/home/t", shell="/usr/sbin/nologin"), [shell, enabled])
    with user(api, **on, home="/home/t", shell="/bin/bash") as u:
        same(u["ssh_password_enabled"], True)


# ---- G.5: groups ----

@row("G.5 groups: duplicate name")
def _(api):
    with group(api):
        e = wrong(api, "group_create.name", "", "group.create",
                  {"name": "testers"})
        same(e[1:], ['A Group with the name "testers" already exists.', 17])


@row("G.5 groups: unknown users")
def _(api):
    wrong(api, "group_create.users", "Following users do not exist: 88888",
          "group.create", {"name": "testers", "users": [88888]})


@row("G.5 groups: bad sudo commands")
def _(api):
    wrong(api, "group_create.sudo_commands.0",
          "Executable must be an absolute path", "group.create",
          {"name": "testers", "sudo_commands": ["ls"]})
    wrong(api, "group_create.sudo_commands_nopasswd.0",
          "ALL cannot be used with other commands", "group.create",
          {"name": "testers", "sudo_commands_nopasswd": ["ALL", "/bin/ls"]})


@row("G.5 groups: removing a primary member")
def _(api):
    with group(api) as g, user(api, group=g):
        wrong(api, "group_update.users", "This group is primary for the "
              "following users: ", "group.update", g, {"users": []})


@row("G.5 groups: builtin not deletable and not alterable")
def _(api):
    builtin = api.call("group.query", [["builtin", "=", True]])[0]["id"]
    e = refuses(api, "group.delete", builtin)
    same((e.number, e.reason), (13, "[EACCES] A built-in group cannot be "
                                "deleted."))
    for change_of in {"name": "renamed"}, {"smb": True}, \
            {"sudo_commands": ["/bin/ls"]}:
        refuses(api, "group.update", builtin, change_of)


@row("G.5 groups: rename and SMB toggle")
def _(api):
    with group(api) as g:
        for smb in True, False:
            same(api.call("group.update", g, {"name": f"renamed{smb:d}",
                                              "smb": smb}), g)
            same(api.call("group.get_instance", g)["name"],
                 f"renamed{smb:d}")
            same(api.call("group.get_instance", g)["smb"], smb)


@row("G.5 groups: delete_users")
def _(api):
    for delete_users in False, True:
        g = api.call("group.create", {"name": "testers"})
        u = api.call("user.create", dict(fields(), group_create=False,
                                         group=g))
        same(api.call("group.delete", g, {"delete_users": delete_users}), g)
        left = api.call("user.query", [["id", "=", u["id"]]])
        same([u["group"]["bsdgrp_group"] for u in left],
             [] if delete_users else ["nogroup"])
        for u in left:
            api.call("user.delete", u["id"])


# ---- G.5: others ----

@row("G.5 shell_choices", "there are no CLI shells; every line of "
     "/etc/shells, and nologin")
def _(api):
    with open("/etc/shells", encoding="ascii") as f:
        lines = {line.strip() for line in f if line.startswith("/")}
    for groups in [], [[]], [[1]]:
        same(set(api.call("user.shell_choices", *groups)),
             lines | {"/usr/sbin/nologin"})
    for shell in "/usr/bin/cli", "/usr/bin/cli_console":
        e = refuses(api, CREATE, fields(shell=shell))
        same(e.extra[0][:2], ["user_create.shell",
                              "Please select a valid shell."])
        with user(api) as u:
            e = refuses(api, "user.update", u["id"], {"shell": shell})
            same(e.extra[0][:2], ["user_update.shell",
                                  "Please select a valid shell."])


@row("G.5 get_user_obj and get_group_obj: argument errors and not-found "
     "texts")
def _(api):
    for what, name, number in (("user", "username", "uid"),
                               ("group", "groupname", "gid")):
        method = f"{what}.get_{what}_obj"
        for data in {}, {name: "root", number: 0}:
            wrong(api, f"get_{what}_obj.{name}", "", method, data)
        for data, said in (
                ({name: "nobody-here"}, f"{what} with this name does not "
                 "exist"),
                ({number: 88888}, f"{what} with this id does not exist")):
            e = refuses(api, method, data)
            within(said, e.reason.lower())
        found = api.call(method, {number: 0})
        same(api.call(method, {name: "root"}), found)
        same((found["source"], found["local"]), ("LOCAL", True))


run("account")
