#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Filters and options of the query methods, held against a model of them.

usage: query.py PORT
"""
import contextlib
import datetime
import operator
import re

from accounts import group, key, user
from suite import refuses, row, run, same

# ---- the model ----

BY_OPERATOR = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt,
    ">=": operator.ge, "<": operator.lt, "<=": operator.le,
    "~": lambda x, y: re.match(y, x or "") is not None,
    "in": lambda x, y: x in y,
    "nin": lambda x, y: x is not None and x not in y,
    "rin": lambda x, y: x is not None and y in x,
    "rnin": lambda x, y: x is not None and y not in x,
    "^": lambda x, y: x is not None and x.startswith(y),
    "!^": lambda x, y: x is not None and not x.startswith(y),
    "$": lambda x, y: x is not None and x.endswith(y),
    "!$": lambda x, y: x is not None and not x.endswith(y),
}


def split(path):
    return [part.replace("\\.", ".") for part in
            re.findall(r"(?:[^.\\]|\\.)+", path)]


def find(value, parts):
    """What stands there: several values for a "*", none where it is not."""
    if not parts:
        return [value]
    first, rest = parts[0], parts[1:]
    if isinstance(value, list):
        if first == "*":
            return [v for e in value for v in find(e, rest)]
        return find(value[int(first)], rest) \
            if first.isdigit() and int(first) < len(value) else []
    if isinstance(value, dict) and first in value:
        return find(value[first], rest)
    return []


def fold(value):
    if isinstance(value, list):
        return [fold(v) for v in value]
    return value.casefold() if isinstance(value, str) else value


def matches(entry, f):
    if f[0] == "OR":
        return any(matches(entry, b) if isinstance(b[0], str) else
                   all(matches(entry, c) for c in b) for b in f[1])
    path, op, wanted = f
    if path.endswith(".$date"):
        wanted = int(datetime.datetime.fromisoformat(
            wanted).timestamp() * 1000)
    values = find(entry, split(path))
    if op.startswith("C"):
        op, wanted = op[1:], fold(wanted)
        values = [fold(v) for v in values]
    return any(BY_OPERATOR[op](v, wanted) for v in values)


def select(entry, names):
    """Dotted names keep their nesting; absent ones are left out."""
    chosen = {}
    for name in names:
        new = None
        if isinstance(name, list):
            name, new = name
        values = find(entry, split(name))
        if not values:
            continue
        if new is not None:
            chosen[new] = values[0]
            continue
        at, parts = chosen, split(name)
        for part in parts[:-1]:
            at = at.setdefault(part, {})
        at[parts[-1]] = values[0]
    return chosen


def order(entries, by):
    nulls = re.match("nulls_(first|last):", by)
    by = by[nulls.end():] if nulls else by
    name = by.lstrip("-")

    def value(e):
        return find(e, split(name))[0]

    there = sorted((e for e in entries if value(e) is not None), key=value,
                   reverse=by.startswith("-"))
    null = [e for e in entries if value(e) is None]
    return null + there if nulls and nulls.group(1) == "first" else \
        there + null


def answer(entries, filters, options):
    entries = [e for e in entries if all(matches(e, f) for f in filters)]
    if options.get("select"):
        entries = [select(e, options["select"]) for e in entries]
    if options.get("count"):
        return len(entries)
    for by in options.get("order_by", []):
        entries = order(entries, by)
    if options.get("get"):
        return entries[0]
    entries = entries[options.get("offset", 0):]
    return entries[:options["limit"]] if options.get("limit") else entries


# ---- the accounts that are asked for ----

@contextlib.contextmanager
def accounts(api):
    with contextlib.ExitStack() as s:
        s.enter_context(user(api, "anna", uid=5301, full_name="Anna \u00c4",
                             email="Anna@Example.org", smb=True))
        s.enter_context(user(api, "bert", uid=5302, full_name="bert",
                             sshpubkey=key("old"), locked=True))
        s.enter_context(user(api, "carl.x", uid=5303, full_name="",
                             email="carl@example.org",
                             sudo_commands=["/bin/ls", "/bin/cat"]))
        yield api.call("user.query")


def agree(api, entries, filters, options=None):
    options = options or {}
    same(api.call("user.query", filters, options),
         answer(entries, filters, options))


# ---- B.1 ----

TEXTS = ["anna", "Anna@Example.org", "a", "A", "", "ANNA@EXAMPLE.ORG"]


@row("B.1 operators")
def _(api):
    with accounts(api) as entries:
        for op in "=", "!=", ">", ">=", "<", "<=":
            for uid in 0, 5302, 99999:
                agree(api, entries, [["uid", op, uid]])
        for field in "username", "full_name":
            for text in TEXTS:
                for op in "=", "!=", "^", "!^", "$", "!$", "rin", "rnin", \
                        "<", ">=":
                    agree(api, entries, [[field, op, text]])
        for field in "email", "sshpubkey":
            for text in TEXTS + ["ssh-"]:
                for op in "=", "!=", "^", "!^", "$", "!$", "rin", "rnin":
                    agree(api, entries, [[field, op, text]])
        for names in [], ["anna"], ["anna", "bert", "root"], [None, "x"]:
            for op in "in", "nin":
                agree(api, entries, [["username", op, names]])
                agree(api, entries, [["email", op, names]])
        for op in "=", "!=":
            for nothing in None, False, True, "":
                agree(api, entries, [["email", op, nothing]])
                agree(api, entries, [["locked", op, nothing]])
        for op in "rin", "rnin":
            agree(api, entries, [["sudo_commands", op, "/bin/ls"]])


@row("B.1 regular expressions match at the start; null is the empty string")
def _(api):
    with accounts(api) as entries:
        for pattern in "a", "n", ".*n", "anna$", "(anna|bert)$", "", "^$", \
                "[a-c].*[.]", r"\w+\.x":
            for field in "username", "email":
                agree(api, entries, [[field, "~", pattern]])


@row("B.1 C compares case-folded")
def _(api):
    with accounts(api) as entries:
        for op in "=", "!=", "^", "!^", "$", "!$", "rin", "rnin":
            for text in TEXTS + ["ANNA \u00e4", "\u00e4"]:
                agree(api, entries, [["full_name", "C" + op, text]])
                agree(api, entries, [["email", "C" + op, text]])
        for op in "Cin", "Cnin":
            agree(api, entries, [["username", op, ["ANNA", "Bert"]]])


@row("B.1 AND, OR and their depth")
def _(api):
    anna, bert = ["username", "=", "anna"], ["username", "=", "bert"]
    high = ["uid", ">", 5000]
    with accounts(api) as entries:
        for filters in ([], [anna, bert], [anna, high],
                        [["OR", [anna, bert]]],
                        [high, ["OR", [anna, bert]]],
                        [["OR", [[high, anna], bert]]],
                        [["OR", [[high, ["OR", [anna, bert]]], anna]]]):
            agree(api, entries, filters)
        deep = anna
        for _ in range(4):
            deep = ["OR", [deep, bert]]
        refuses(api, "user.query", [deep])


@row("B.1 paths")
def _(api):
    with accounts(api) as entries, group(api, "many") as g:
        for path, value in (
                ("group.bsdgrp_group", "anna"), ("group.bsdgrp_gid", 0),
                ("group", None), ("no.such", 1), ("nothing", None),
                ("username.x", "anna"), ("groups.0", g), ("groups.*", g),
                ("sudo_commands.1", "/bin/cat"),
                ("sudo_commands.*", "/bin/cat"),
                ("sudo_commands.7", "/bin/cat"), (r"user\.name", "anna")):
            for op in "=", "!=":
                agree(api, entries, [[path, op, value]])


@row("B.1 dates")
def _(api):
    with user(api, password="canary Secret 4711"):
        # a field that is null has no $date
        entries = api.call("user.query")
        for op in "=", "!=", "<", "<=", ">", ">=":
            for date in "2001-01-01T00:00:00+00:00", \
                    "2201-01-01T00:00:00+02:00", "2001-01-01T00:00+00:00":
                agree(api, entries, [["last_password_change.$date", op,
                                      date]])
        refuses(api, "user.query", [
            ["last_password_change.$date", "=", "no date"]])
        refuses(api, "user.query", [
            ["last_password_change.$date", "~", "2001"]])


@row("B.1 select")
def _(api):
    with accounts(api) as entries:
        for names in (["id"], ["id", "username"], ["no.such", "id"],
                      ["group.bsdgrp_group", "id"],
                      ["group.bsdgrp_group", "group.bsdgrp_gid"],
                      [["username", "name"], "uid"],
                      [["group.bsdgrp_group", "group_name"]], []):
            agree(api, entries, [["uid", ">", 5000]], {"select": names})


@row("B.1 count, get, offset and limit")
def _(api):
    with accounts(api) as entries:
        for options in ({"count": True}, {"get": True},
                        {"limit": 2}, {"offset": 1},
                        {"offset": 1, "limit": 1}, {"offset": 99},
                        {"limit": 0}, {"limit": 10000},
                        {"count": True, "select": ["id"]},
                        {"count": True, "limit": 1},
                        {"get": True, "select": ["username"]},
                        {"extra": {"x": [1]}, "force_sql_filters": True}):
            agree(api, entries, [["uid", ">", 5000]],
                  dict({"order_by": ["uid"]} if "select" not in options
                       else {}, **options))
        for options in {"limit": 10001}, {"limit": -1}, {"offset": -1}, \
                {"get": 1}, {"count": "x"}, {"bogus": True}:
            refuses(api, "user.query", [], options)


@row("B.1 order_by")
def _(api):
    with accounts(api) as entries:
        high = [["uid", ">", 5000]]
        for by in "uid", "-uid", "username", "-username", "full_name", \
                "nulls_first:email", "nulls_last:email", \
                "nulls_first:-email", "nulls_last:-email":
            agree(api, entries, high, {"order_by": [by]})
        agree(api, entries, high, {"order_by": ["-uid"], "limit": 1})
        agree(api, entries, high, {"order_by": ["-uid"], "get": True})
        agree(api, entries, high, {"order_by": ["-uid"],
                                   "select": ["uid", "username"]})


@row("B.1 errors are about the filters")
def _(api):
    for filters in ([["id", "=="]], [["id", "==", 1]], [["id"]], [[]],
                    [["id", "C~", "x"]], [["id", "~", "("]], ["id"], [1],
                    [["OR"]], [["OR", 1]], [["OR", [[1]]]], [[1, "=", 1]],
                    [["id", "in", 1]], "x", {}):
        e = refuses(api, "user.query", filters)
        assert e.extra and all(t[0].startswith("filters") for t in e.extra), \
            (filters, e.extra)


run("query")
