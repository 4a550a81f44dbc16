# SPDX-License-Identifier: ISC
"""Rows with the names of the scenarios of TrueNAS's own tests.

A module of rows decorates a function with the name of each scenario that it
shows; run() calls it once for each protocol.  Its first argument is an
administrator's connection; what it asserts is the row's result.
"""
import contextlib
import os
import subprocess
import sys
import traceback

from client import OPEN, Current, Legacy, Refused, log_in

HERE = os.path.dirname(os.path.abspath(__file__))
BASE = "ws://127.0.0.1:" + (sys.argv[1] if len(sys.argv) > 1 else "0")
ROOT = ("root", "root secret")
ROWS = []


def row(name, differs=None, once=None):
    """A scenario; where naskeys differs on purpose, how; once: the protocol
    that shows it, where the other has no such thing."""
    def decorate(function):
        ROWS.append((name, differs, once, function))
        return function
    return decorate


def same(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


def within(part, text):
    assert part in text, f"{part!r} is not in {text!r}"


def refuses(api, method, *params):
    """The error of a call that must fail."""
    try:
        answer = api.call(method, *params)
    except Refused as e:
        return e
    raise AssertionError(f"{method} has answered {answer!r}")


def wrong(api, attribute, text, method, *params):
    """One thing is wrong, there, and the text is in what is said of it."""
    e = refuses(api, method, *params)
    assert isinstance(e.extra, list) and len(e.extra) == 1, e
    same(e.extra[0][0], attribute)
    within(text, e.extra[0][1])
    return e.extra[0]


def shell(*command, given=None):
    return subprocess.run(command, input=given, text=True, check=True,
                          capture_output=True).stdout


@contextlib.contextmanager
def connection(protocol, name=ROOT[0], password=ROOT[1], **more):
    api = log_in(protocol, BASE, name, password, **more)
    try:
        yield api
    finally:
        if api in OPEN:
            api.close()


def scenarios(where):
    """The names that the table gives this place."""
    with open(os.path.join(HERE, "scenarios"), encoding="ascii") as f:
        lines = [line.split(None, 1) for line in f
                 if line.strip() and line[0] != "#"]
    return [rest.strip() for place, rest in lines if place == where]


def show(ok, name):
    print(("PASS: " if ok else "FAIL: ") + name, flush=True)
    return ok


def run_row(name, differs, function, api):
    said = name + (f" [naskeys: {differs}]" if differs else "") + \
        ", " + api.name
    try:
        function(api)
    except Exception as e:              # whatever it is, the row has failed
        at = traceback.extract_tb(e.__traceback__)[1]
        print(f"  line {at.lineno}: {at.line}\n"
              f"  {type(e).__name__}: {str(e):.2000}")
        return show(False, said)
    finally:
        for other in [o for o in OPEN if o is not api]:
            other.close()
    return show(True, said)


def is_in(api):
    """A row may have ended the login."""
    try:
        api.call("auth.me")
        return True
    except Exception:
        return False


def run_protocol(protocol):
    good = True
    api = log_in(protocol, BASE, *ROOT)
    for name, differs, once, function in ROWS:
        if once not in (None, protocol):
            continue
        good &= run_row(name, differs, function, api)
        if not is_in(api):
            api.close()
            api = log_in(protocol, BASE, *ROOT)
    api.close()
    return good


def run_abreast():
    """Rows that wait are run in both protocols at once."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os._exit(not run_protocol(Legacy))
    good = run_protocol(Current)
    return os.waitpid(child, 0)[1] == 0 and good


def run(where, abreast=False):
    """Every row in both protocols, and the table's names against them."""
    if abreast:
        good = run_abreast()
    else:
        good = run_protocol(Current)
        good &= run_protocol(Legacy)
    odd = {name for name, *_ in ROWS}.symmetric_difference(scenarios(where))
    for name in sorted(odd):
        print("  " + name)
    good &= show(not odd, f"{where}: a row for each name of the table, and "
                 "no other")
    sys.exit(not good)
