"""Write down every command that changes a Redis data base, as `replay.py` sends them again.

Each is a line of JSON in a compressed file: `{"t": seconds since the first, "args": [base64, ...]}`. Transactions are
kept whole. Functions of the server are recorded as their calls, not as what they do.
"""

import base64
import gzip
import json
import re
import threading
from pathlib import Path

import redis

END = b"end of the recording"
# Commands that may write although the server does not say so, and those that cannot be sent again.
ALSO = {"FCALL", "EVAL", "EVALSHA", "MULTI", "EXEC", "DISCARD"}
NEVER = {"MIGRATE", "RESTORE", "RESTORE-ASKING", "_FT.CONFIG"}
HEAD = re.compile(rb"^\+?(\d+\.\d+) \[(\d+) ([^\]]*)\] ")
ARGUMENT = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}


class Monitor:
    """Records while it is entered."""

    def __init__(self, file: Path, url: str):
        self.file = file
        self.client = redis.Redis.from_url(url)
        self.changing = (
            ALSO
            | {name.upper() for name, about in self.client.command().items() if "write" in about["flags"]}
        ) - NEVER
        self.start = None
        # A transaction is reported when it is executed: MULTI waits for its first command that changes something.
        self.begun = {}
        self.open = None

    def __enter__(self) -> "Monitor":
        self.connection = self.client.connection_pool.make_connection()
        self.connection.connect()
        self.connection.send_command("MONITOR")
        self.connection.read_response()
        self.lines = gzip.open(self.file, "wt", encoding="ascii")
        self.thread = threading.Thread(target=self.record, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.client.echo(END)
        self.thread.join(60)
        self.lines.close()
        self.connection.disconnect()

    def record(self):
        received = b""
        while True:
            received += self.connection._sock.recv(1 << 20)
            *lines, received = received.split(b"\r\n")
            for line in lines:
                if self.take(line):
                    return

    def take(self, line: bytes) -> bool:
        """Returns whether this was the end."""
        when, database, client, arguments = parsed(line)
        name = arguments[0].decode("latin-1").upper()
        if name == "ECHO" and arguments[1:] == [END]:
            return True
        if client == b"lua" or database != 0 or name not in self.changing:
            return False
        if name == "MULTI":
            self.begun[client] = when, arguments
        elif name == "DISCARD":
            self.begun.pop(client, None)
        elif name == "EXEC":
            if self.begun.pop(client, None) is None and self.open == client:
                self.open = None
                self.write(when, arguments)
        else:
            if client in self.begun:
                self.write(*self.begun.pop(client))
                self.open = client
            self.write(when, arguments)
        return False

    def write(self, when: float, arguments: list[bytes]):
        if self.start is None:
            self.start = when
        texts = [base64.b64encode(argument).decode("ascii") for argument in arguments]
        row = {"t": round(when - self.start, 6), "args": texts}
        self.lines.write(json.dumps(row, separators=(",", ":")) + "\n")


def parsed(line: bytes) -> tuple[float, int, bytes, list[bytes]]:
    """The time, the number of the data base, the client and the arguments of a command."""
    head = HEAD.match(line)
    if head is None:
        raise ValueError(f"Redis reports a command as {line[:200]!r}")
    arguments = [ESCAPE.sub(unescaped, text) for text in ARGUMENT.findall(line, head.end())]
    return float(head[1]), int(head[2]), head[3], arguments


def unescaped(match: re.Match) -> bytes:
    code = match[1]
    if len(code) == 3:
        return bytes.fromhex(code[1:].decode())
    return CONTROL.get(code, code)
