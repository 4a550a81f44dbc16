#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A helper for the gateway to talk to: it answers as it is told.

usage: standin.py SOCKET LOG

A method's name is what happens.  Every hello and message goes to LOG, one a
line.
"""
import asyncio
import json
import os
import sys


def answer(request, result):
    return b"=" + json.dumps({"jsonrpc": "2.0", "result": result,
                              "id": request.get("id")}).encode() + b"\n"


class Helper:
    def __init__(self, log):
        self.log = log

    def note(self, kind, text):
        self.log.write(f"{kind} {text}\n")
        self.log.flush()

    async def act(self, request, method, params, out):
        """False: the connection ends."""
        if method == "echo":
            out.write(answer(request, params))
        elif method == "nothing":
            out.write(b"=\n")
        elif method == "never":
            pass
        elif method == "login":
            out.write(b'!{"message_max":65536}\n' + answer(request, True))
        elif method == "logout":
            out.write(b'!{"message_max":8192}\n' + answer(request, True))
        elif method == "idle":
            out.write(answer(request, True) + b'!{"idle":true,"x":1}\n')
        elif method == "event":
            out.write(b'+{"event":1}\n' + answer(request, True))
        elif method == "big":
            out.write(b'="' + b"x" * params[0] + b'"\n')
        elif method == "slowly":
            text = answer(request, "slowly")
            for i in range(len(text)):
                out.write(text[i:i + 1])
                await out.drain()
                await asyncio.sleep(0.002)
        elif method == "close":
            out.write(answer(request, True) +
                      b'!{"close":1008,"reason":"Session is expired"}\n')
        elif method == "garbage":
            out.write(b"?\n")
        elif method == "unasked":
            out.write(answer(request, 1) + answer(request, 2))
        elif method == "die":
            return False
        await out.drain()
        return True

    async def serve(self, reader, writer):
        try:
            self.note("hello", (await reader.readline()).decode().strip())
            while line := await reader.readline():
                self.note("line", line.decode().strip())
                request = json.loads(line)
                if not isinstance(request, dict):
                    writer.write(b'={"odd":true}\n')
                    continue
                if not await self.act(request, request.get("method"),
                                      request.get("params", []), writer):
                    break
            self.note("end", "")
        except (ConnectionError, asyncio.CancelledError):
            self.note("end", "")
        finally:
            writer.close()


async def main():
    path, log = sys.argv[1:]
    if os.path.exists(path):
        os.unlink(path)
    helper = Helper(open(log, "a", encoding="utf-8"))
    server = await asyncio.start_unix_server(helper.serve, path,
                                             limit=1 << 24, backlog=2048)
    os.chmod(path, 0o666)
    async with server:
        await server.serve_forever()


asyncio.run(main())
