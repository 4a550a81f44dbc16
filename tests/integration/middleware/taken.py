#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Stands in the place of a caller's child that somebody has taken over.

It becomes what the child becomes, and then lets the caller say to the helper
whatever he likes, descriptors too.
"""
import os
import select
import socket
import sys

os.setgroups([])
os.setresgid(int(sys.argv[4]), int(sys.argv[4]), int(sys.argv[4]))
os.setresuid(int(sys.argv[3]), int(sys.argv[3]), int(sys.argv[3]))
caller, helper = socket.socket(fileno=3), socket.socket(fileno=4)
while True:
    for s in select.select([caller, helper], [], [])[0]:
        data, fds, _, _ = socket.recv_fds(s, 65536, 8)
        if not data:
            sys.exit(0)
        socket.send_fds(helper if s is caller else caller, [data], fds)
        for fd in fds:
            os.close(fd)
