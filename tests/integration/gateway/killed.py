#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A gateway and helpers that are killed in the middle of edits.

usage: killed.py PORT ACCEPTOR ROUNDS KEY

Logs in as alice through a gateway that it starts itself.  What was answered
is there, what was not is there whole or not at all, and who has another
helper does not notice.  Prints PASS: and FAIL: lines.
"""
import atexit
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import websocket

PORT, ACCEPTOR, ROUNDS = (int(a) for a in sys.argv[1:4])
KEY = sys.argv[4]
WAIT = 60               # seconds: nothing takes as long
LONGEST = 0.2           # seconds until somebody is killed
GATEWAY = "/usr/libexec/naskeys/naskeys-gateway"
bad = False


def result(ok, name, why=""):
    global bad
    print(("PASS: " if ok else "FAIL: ") + name, flush=True)
    if not ok:
        print(f"  {why}", flush=True)
        bad = True


def until(what):
    end = time.monotonic() + WAIT
    while not what():
        if time.monotonic() >= end:
            return False
        time.sleep(0.02)
    return True


def helpers():
    found = subprocess.run(["pgrep", "-P", str(ACCEPTOR)], text=True,
                           stdout=subprocess.PIPE, check=False)
    return {int(pid) for pid in found.stdout.split()}


class Client:
    def __init__(self):
        self.ws = websocket.create_connection(
            f"ws://127.0.0.1:{PORT}/api/current", timeout=WAIT)

    def call(self, method, *params):
        self.ws.send(json.dumps({"jsonrpc": "2.0", "id": 1,
                                 "method": method, "params": list(params)}))
        opcode, data = self.ws.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise EOFError(int.from_bytes(data[:2], "big"))
        answer = json.loads(data)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def login(self):
        """Its helper's process is returned."""
        before = helpers()
        if not self.call("auth.login", "alice", "pass word"):
            raise RuntimeError("login")
        # what served the login itself goes away again
        until(lambda: len(helpers() - before) == 1)
        return (helpers() - before).pop()


def start():
    # pylint: disable=consider-using-with
    gateway = subprocess.Popen([GATEWAY, "--plain", "--listen",
                                f"127.0.0.1:{PORT}"])
    atexit.register(gateway.kill)

    def accepts():
        try:
            Client().ws.close()
            return True
        except OSError:
            return False
    until(accepts)
    return gateway


def edit_until_killed(client, names, number, pid):
    """The names whose making was answered, the one that was not, and how
    the connection ended."""
    made = []
    timer = threading.Timer(random.uniform(0, LONGEST), os.kill,
                            (pid, signal.SIGKILL))
    timer.start()
    while True:
        name = f"u{number}n{len(made)}"
        names.append(name)
        try:
            client.call("user.create", {
                "username": name, "full_name": name, "group_create": True,
                "sshpubkey": KEY})
        except (EOFError, OSError, websocket.WebSocketException) as e:
            timer.join()
            return made, name, e
        made.append(name)


def stored():
    def listed(what):
        done = subprocess.run(["naskeysctl", "--json", what, "list"],
                              text=True, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)
    users = {u["username"]: u for u in listed("user")}
    return users, {g["group"]: g for g in listed("group")}


def is_whole(name, users, groups):
    return name in users and name in groups and \
        (users[name]["sshpubkey"] or "").strip() == KEY and \
        users[name]["group"]["id"] == groups[name]["id"]


def check_stored(made, unanswered):
    users, groups = stored()
    result(all(is_whole(n, users, groups) for n in made),
           "what was answered is there",
           [n for n in made if not is_whole(n, users, groups)])
    result(all(is_whole(n, users, groups) or
               (n not in users and n not in groups) for n in unanswered),
           "what was not is there whole or not at all", unanswered)


def main():
    made, unanswered, names = [], [], []
    other_ok, ends_ok = True, True
    gateway = start()
    other = Client()
    other.login()
    for number in range(ROUNDS):
        victim = Client()
        helper = victim.login()
        is_helper = number % 2 == 0
        done, left, end = edit_until_killed(
            victim, names, number, helper if is_helper else gateway.pid)
        made += done
        unanswered.append(left)
        if is_helper:
            # who is just sending sees the connection broken instead
            ends_ok = ends_ok and (not isinstance(end, EOFError) or
                                   end.args[0] == 1011)
            other_ok = other_ok and other.call("auth.me") is not None
            continue
        gateway.wait()
        ends_ok = ends_ok and not isinstance(end, EOFError)
        other_ok = other_ok and until(lambda: not helpers())
        gateway = start()
        other = Client()
        other.login()
    result(ends_ok, "how the connections ended")
    result(other_ok, "others go on, and no helper without a gateway")
    check_stored(made, unanswered)


main()
sys.exit(bad)
