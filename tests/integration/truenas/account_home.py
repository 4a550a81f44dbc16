#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Users' keys and homes: sections test_account_ssh_key and
test_account_homedir.  Here users' keys stand in files of their homes, too.

usage: account_home.py PORT
"""
import os
import shutil
import stat

from accounts import key, update, user
from suite import refuses, row, run, same, shell, within, wrong

HOMES = "/home/naskeys"
KEYS_COMMAND = "/usr/libexec/naskeys/naskeys-authorized-keys"


def home(name="tester"):
    return os.path.join(HOMES, name)


def keys_file(path):
    return os.path.join(path, ".ssh", "authorized_keys")


def text(path):
    with open(path, encoding="ascii") as f:
        return f.read()


def at_home(api, name="tester", **fields):
    """A user for whom a home is made."""
    return user(api, name, home=HOMES, home_create=True, **fields)


def gone(path):
    shutil.rmtree(path, ignore_errors=True)


# ---- G.4: keys ----

@row("G.4 re-creating a user over an existing home replaces the old key",
     "real keys only")
def _(api):
    try:
        with at_home(api, uid=5100, sshpubkey=key("old")):
            same(text(keys_file(home())), key("old") + "\n")
        with user(api, uid=5100, home=home(), sshpubkey=key("new")):
            same(text(keys_file(home())), key("new") + "\n")
    finally:
        gone(home())


@row("G.4 updating home and key in one call makes the new key visible",
     "real keys only")
def _(api):
    try:
        with at_home(api, sshpubkey=key("old")) as u:
            update(api, u, home=home("moved"), sshpubkey=key("new"))
            same(text(keys_file(home("moved"))), key("new") + "\n")
            same(api.call("user.get_instance", u["id"])["sshpubkey"],
                 key("new"))
    finally:
        gone(home())
        gone(home("moved"))


@row("G.4 creation writes exactly key and newline, deleting removes the file",
     "real keys only")
def _(api):
    try:
        with at_home(api, sshpubkey=key("old")):
            same(text(keys_file(home())), key("old") + "\n")
        same(os.path.exists(keys_file(home())), False)
        same(os.path.isdir(home()), True)
    finally:
        gone(home())


@row("G.4 test_sshpubkey_requires_pool_home_on_create", "no home needed")
def _(api):
    for path in "/var/empty", "/nowhere/at/all":
        with user(api, home=path, sshpubkey=key("old")) as u:
            same(u["sshpubkey"], key("old"))
            same([k["comment"] for k in api.call("user.keys", "tester")],
                 ["old"])


@row("G.4 ..._writable_home_on_update", "no home needed")
def _(api):
    with user(api) as u:
        same(update(api, u, sshpubkey=key("new"))["sshpubkey"], key("new"))


@row("G.4 test_sshpubkey_written_to_home_directory")
def _(api):
    try:
        with at_home(api) as u:
            update(api, u, sshpubkey=key("new"))
            same(text(keys_file(home())), key("new") + "\n")
            for path, mode in (keys_file(home()), 0o600), \
                    (home() + "/.ssh", 0o700):
                about = os.lstat(path)
                same((about.st_uid, stat.S_IMODE(about.st_mode)),
                     (u["uid"], mode))
    finally:
        gone(home())


@row("G.4 ..._removed_when_cleared")
def _(api):
    try:
        for nothing in "", None:
            with at_home(api, sshpubkey=key("old")) as u:
                same(update(api, u, full_name="x")["sshpubkey"], key("old"))
                same(update(api, u, sshpubkey=nothing)["sshpubkey"], None)
                same(os.path.exists(keys_file(home())), False)
            gone(home())
    finally:
        gone(home())


@row("G.4 ..._skipped_when_old_home_missing_on_move",
     "only the file is skipped, the key lets in")
def _(api):
    try:
        with at_home(api, sshpubkey=key("old")) as u:
            gone(home())
            u = update(api, u, home=home("moved"), sshpubkey=key("new"))
            same((u["home"], u["sshpubkey"]), (home("moved"), key("new")))
            same([os.path.exists(home(h)) for h in ("tester", "moved")],
                 [False, False])
            within(key("new"), shell(KEYS_COMMAND, "tester"))
    finally:
        gone(home("moved"))


@row("G.4 test_authorized_keys_invalid_encoding",
     "the database has the keys, whatever is in the file")
def _(api):
    try:
        with at_home(api, sshpubkey=key("old")) as u:
            with open(keys_file(home()), "ab") as f:
                f.write(b"\xff\xfe\n")
            same(api.call("user.query", [["id", "=", u["id"]]],
                          {"get": True})["sshpubkey"], key("old"))
    finally:
        gone(home())


# ---- G.4: homes ----

@row("G.4 immutable home directory")
def _(api):
    said = "home directory path is immutable"
    try:
        with at_home(api) as u:
            shell("chattr", "+i", home())
            wrong(api, "user_update.home_mode", said, "user.update", u["id"],
                  {"home_mode": "755"})
            shell("chattr", "-i", home())
    finally:
        shell("chattr", "-i", home())
        gone(home())


@row("G.4 home: relative, a file, with a colon")
def _(api):
    for path, said in (("tester", "must be an absolute path."),
                       ("/etc/passwd", "cannot be a file."),
                       ("/home/a:b", "cannot contain colons (:).")):
        wrong(api, "user_create.home", '"Home Directory" ' + said,
              "user.create", {"username": "tester", "group_create": True,
                              "full_name": "x", "password_disabled": True,
                              "home": path})
    same(api.call("group.query", [["name", "=", "tester"]]), [])


@row("G.4 home: outside /mnt, /mnt", "any absolute path")
def _(api):
    for path in "/srv/somewhere", "/mnt":
        with user(api, home=path) as u:
            same(u["home"], path)


@row("G.4 home: missing parent")
def _(api):
    e = refuses(api, "user.create", {
        "username": "tester", "group_create": True, "full_name": "x",
        "password_disabled": True, "home": HOMES + "/none",
        "home_create": True})
    same(e.extra, [["user_create.home", f"{HOMES}/none: parent path of "
                    "specified home directory does not exist.", 22]])


@row("G.4 home: read-only")
def _(api):
    folder = HOMES + "/read-only"
    os.makedirs(folder, exist_ok=True)
    shell("mount", "-t", "tmpfs", "-o", "ro", "none", folder)
    try:
        refuses(api, "user.create", {
            "username": "tester", "group_create": True, "full_name": "x",
            "password_disabled": True, "home": folder, "home_create": True})
        same(api.call("user.query", [["username", "=", "tester"]]), [])
        same(api.call("group.query", [["name", "=", "tester"]]), [])
    finally:
        shell("umount", folder)
        os.rmdir(folder)


@row("G.4 home: shared")
def _(api):
    try:
        with at_home(api):
            e = wrong(api, "user_create.home", "homedir already used by "
                      "tester.", "user.create", {
                          "username": "other", "group_create": True,
                          "full_name": "x", "password_disabled": True,
                          "home": home()})
            same(e[2], 17)
    finally:
        gone(home())


@row("G.4 home_create makes HOME/USER owned by the user with skeleton files")
def _(api):
    try:
        with at_home(api, home_mode="755") as u:
            same(u["home"], home())
            about = os.stat(home())
            same((about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode)),
                 (u["uid"], u["group"]["bsdgrp_gid"], 0o755))
            for name in os.listdir("/etc/skel"):
                same(os.lstat(os.path.join(home(), name)).st_uid, u["uid"])
            assert os.path.exists(home() + "/.profile")
    finally:
        gone(home())


@row("G.4 home: a file in the way rolls back the auto-made group")
def _(api):
    with open(home(), "w", encoding="ascii"):
        pass
    try:
        e = refuses(api, "user.create", {
            "username": "tester", "group_create": True, "full_name": "x",
            "password_disabled": True, "home": HOMES, "home_create": True})
        same(e.number, 17)
        within("Path for home directory already exists and is not a "
               "directory", e.reason)
        same(api.call("group.query", [["name", "=", "tester"]]), [])
    finally:
        os.unlink(home())


@row("G.4 home: missing one is re-created on update, unless a file is there")
def _(api):
    try:
        with at_home(api) as u:
            gone(home())
            update(api, u, home=home())
            same(os.stat(home()).st_uid, u["uid"])
            gone(home())
            with open(home(), "w", encoding="ascii"):
                pass
            refuses(api, "user.update", u["id"], {"home_mode": "700"})
            os.unlink(home())
    finally:
        gone(home())


@row("G.4 home: moving copies contents")
def _(api):
    try:
        with at_home(api) as u:
            os.mkdir(home() + "/folder")
            with open(home() + "/folder/file", "w", encoding="ascii") as f:
                f.write("canary")
            for name in "/folder", "/folder/file":
                os.chown(home() + name, u["uid"], u["group"]["bsdgrp_gid"])
            update(api, u, home=home("moved"))
            same(text(home("moved") + "/folder/file"), "canary")
            same(os.stat(home("moved") + "/folder/file").st_uid, u["uid"])
    finally:
        gone(home())
        gone(home("moved"))


@row("G.4 home: mode-only update applies")
def _(api):
    try:
        with at_home(api) as u:
            update(api, u, home_mode="750")
            same(stat.S_IMODE(os.stat(home()).st_mode), 0o750)
    finally:
        gone(home())


os.mkdir(HOMES)
run("account_home")
