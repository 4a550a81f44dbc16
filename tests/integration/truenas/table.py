#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The table of scenarios: each has a place that exists, or a reason.

usage: table.py
"""
import glob
import os
import sys

from suite import HERE, show

SUITES = os.path.dirname(HERE)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def fault(place, name, started):
    """What is wrong with a line of the table, or None.  That a module has
    the row it says itself, when it runs."""
    if place == "-":
        return None if name.count(": ") else "no reason is given"
    if place.endswith(".sh"):
        path = os.path.join(SUITES, place)
        text = read(path).replace("\\\n", "") if os.path.exists(path) else ""
        return None if name in text else f"{place} does not say so"
    return None if f"rows {place}" in started else f"nobody runs {place}"


def main():
    started = [line.strip() for path in glob.glob(SUITES + "/truenas_*.sh")
               for line in read(path).splitlines()]
    started = {" ".join(line.split()[:2]) for line in started}
    lines = [line.split(None, 1) for line in read(
        os.path.join(HERE, "scenarios")).splitlines()
        if line and line[0] != "#"]
    names = [name for _, name in lines]
    odd = [f"{name}: {why}" for place, name in lines
           if (why := fault(place, name, started))]
    odd += [f"{name}: twice" for name in set(names) if names.count(name) > 1]
    for line in odd:
        print("  " + line)
    return show(not odd, f"{len(names)} scenarios, each with a row or a "
                "reason")


sys.exit(not main())
