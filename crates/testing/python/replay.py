"""Publish recorded scans again: `replay.py NAME... --redis URL --root DIRECTORY [--speed N|max]
[--pause PART...]`.

A recording (`recordings/bliss2/NAME`) is every command that BLISS sent to Redis; they are sent again,
one recording after the other. Each uses the directory ROOT/NAME in place of its own data root, with
the files that detectors saved during the scan. Prints one line of JSON for each scan, in the order of
publishing: `recording`, `key`, `state`. With `--pause 0.2 0.5` it stops when 20 and 50 percent of a
recording's commands are sent, prints one line with `pause` and the `scans` that there are, by key, with their states,
and continues when it receives a line on its standard input.

Redis must be an initialised data store. Entries of streams keep the numbers that the publisher chose;
those that Redis numbered (history of scans, states of a scan) receive new ones.
"""

import argparse
import base64
import gzip
import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import redis

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings" / "bliss2"
RECORDED_ROOT = "/data/bliss"
# Commands that are sent before the answers are read: round trips must not limit the pace.
PIPELINE = 200


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--redis", required=True, metavar="URL")
    parser.add_argument("--root", type=Path, required=True, metavar="DIRECTORY")
    parser.add_argument("--speed", default="1", help='multiple of the recorded pace (1), or "max"')
    parser.add_argument("--pause", type=float, nargs="*", default=[], metavar="PART")
    options = parser.parse_args()
    speed = None if options.speed == "max" else float(options.speed)
    client = redis.Redis.from_url(options.redis)
    for name in options.names:
        root = options.root.resolve() / name
        copy_files(name, root)
        scans = {}
        commands = list(read(name))
        stops = {int(part * len(commands)) for part in options.pause}
        replay(watched(commands, scans), client, speed, root_replacer(root), Pauses(stops, scans))
        for key, state in scans.items():
            print(json.dumps({"recording": name, "key": key, "state": state}), flush=True)


def read(name: str) -> Iterator[tuple[float, list[bytes]]]:
    """The commands, and the seconds since the first of them."""
    with gzip.open(RECORDINGS / name / "recording.jsonl.gz", "rt", encoding="ascii") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["t"], [base64.b64decode(argument) for argument in row["args"]]


def copy_files(name: str, root: Path):
    root.mkdir(parents=True, exist_ok=True)
    saved = RECORDINGS / name / "files"
    if saved.is_dir():
        shutil.copytree(saved, root, dirs_exist_ok=True)


def root_replacer(root: Path) -> Callable[[bytes], bytes]:
    """Return a function that replaces the recorded data root by `root`."""
    recorded = re.compile(re.escape(RECORDED_ROOT.encode()) + rb"(?![\w.-])")
    plain = str(root).encode()
    quoted = json.dumps(str(root))[1:-1].encode()

    def replace(argument: bytes) -> bytes:
        if RECORDED_ROOT.encode() not in argument:
            return argument
        text = quoted if argument[:1] in b'{["' else plain
        return recorded.sub(lambda _: text, argument)

    return replace


class Pauses:
    """Waits for a line of standard input before some of the commands."""

    def __init__(self, stops: set[int], scans: dict[str, int]):
        self.stops = stops
        self.scans = scans
        self.lost = 0.0

    def due(self, number: int) -> bool:
        return number in self.stops

    def wait(self, number: int):
        before = time.monotonic()
        print(json.dumps({"pause": number, "scans": self.scans}), flush=True)
        sys.stdin.readline()
        self.lost += time.monotonic() - before


def watched(commands: Iterable, scans: dict[str, int]) -> Iterator:
    """Yields the commands unchanged, and notes the last state of each scan."""
    states = {}
    for when, arguments in commands:
        if arguments[0] == b"JSON.SET" and arguments[1].startswith(b"esrf:scan:"):
            key = arguments[1].decode()
            states[json.loads(arguments[3])["state_stream"]["pk"].encode()] = key
            scans.setdefault(key, 0)
        elif arguments[0] == b"XADD" and b"state" in arguments:
            key = states.get(arguments[1].rpartition(b":")[2])
            if key:
                scans[key] = int(arguments[-1])
        yield when, arguments


def replay(
    commands: Iterator, client: redis.Redis, speed: float | None, replace: Callable, pauses: Pauses
):
    """Sends every command, over one connection."""
    connection = client.connection_pool.make_connection()
    connection.connect()
    start = time.monotonic()
    pending = []

    def flush():
        if not pending:
            return
        connection.send_packed_command(connection.pack_commands(pending))
        for arguments in pending:
            reply = connection.read_response()
            for answer in reply if arguments[0].upper() == b"EXEC" else ():
                if isinstance(answer, Exception):
                    raise answer
        pending.clear()

    try:
        for number, (when, arguments) in enumerate(commands):
            if pauses.due(number):
                flush()
                pauses.wait(number)
            if speed is not None:
                delay = when / speed - (time.monotonic() - start - pauses.lost)
                if delay > 0:
                    flush()
                    time.sleep(delay)
            pending.append([replace(argument) for argument in arguments])
            if len(pending) >= PIPELINE:
                flush()
        flush()
    finally:
        connection.disconnect()


if __name__ == "__main__":
    main()
