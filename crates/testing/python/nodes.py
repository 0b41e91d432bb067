"""Publish scans of BLISS 1.11 again, and compare files with what its own writer made of them.

    nodes.py publish NAME --redis URL --root DIRECTORY [--speed N]   prints the keys of the scans, one in a line of JSON
    nodes.py compare NAME --root DIRECTORY                           prints each difference that counts as a line of JSON

A recording (`recordings/bliss1/NAME`) is every command that BLISS sent to a plain Redis. DIRECTORY takes the place of its
data root, also in values that were pickled. With a speed, commands are sent N times as fast as BLISS sent them; otherwise at
once.
"""

import argparse
import base64
import gzip
import json
import pickle
import re
import shutil
import time
from pathlib import Path

import classic_differences
import h5compare
import redis

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings" / "bliss1"
# Attributes of the root whose values are those of the writer.
CHANGING = ("@creator_version", "@file_time")
RECORDED_ROOT = re.compile(r"/data/bliss-legacy(?![\w.-])")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("publish", "compare"))
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--redis", metavar="URL")
    parser.add_argument("--root", type=Path, required=True, metavar="DIRECTORY")
    parser.add_argument("--speed", type=float, metavar="N")
    options = parser.parse_args()
    if options.action == "publish":
        client = redis.Redis.from_url(options.redis, db=1)
        lines = publish(options.name, client, options.root, options.speed)
    else:
        lines = differences(options.name, options.root)
    for line in lines:
        print(json.dumps(line, ensure_ascii=False))


def publish(name: str, client: redis.Redis, root: Path, speed: float | None) -> list[str]:
    saved = RECORDINGS / name / "files"
    if saved.is_dir():
        shutil.copytree(saved, root, dirs_exist_ok=True)
    scans = []
    begin = time.monotonic()
    with gzip.open(RECORDINGS / name / "recording.jsonl.gz", "rt", encoding="ascii") as lines:
        for line in lines:
            recorded = json.loads(line)
            arguments = [base64.b64decode(argument) for argument in recorded["args"]]
            if arguments[0] in (b"MULTI", b"EXEC"):
                continue
            if speed:
                time.sleep(max(0, begin + recorded["t"] / speed - time.monotonic()))
            client.execute_command(*(moved(argument, str(root)) for argument in arguments))
            fields = dict(zip(arguments[2::2], arguments[3::2]))
            if arguments[0] == b"HSET" and fields.get(b"node_type") in (b"scan", b"scan_group"):
                scans.append(arguments[1].decode())
    return scans


def moved(argument: bytes, root: str) -> bytes:
    """The argument with another data root."""
    if b"/data/bliss-legacy" not in argument:
        return argument
    # These pickles are our own.
    if argument[:1] == b"\x80":
        return pickle.dumps(moved_in(pickle.loads(argument), root), protocol=argument[1])
    return RECORDED_ROOT.sub(lambda _: root, argument.decode()).encode()


def moved_in(value, root: str):
    match value:
        case str():
            return RECORDED_ROOT.sub(lambda _: root, value)
        case dict():
            return {moved_in(key, root): moved_in(item, root) for key, item in value.items()}
        case list() | tuple():
            return type(value)(moved_in(item, root) for item in value)
    return value


def differences(name: str, root: Path) -> list[dict]:
    expected = h5compare.load(RECORDINGS / name / "golden.json")
    for file in expected["files"].values():
        for _, entry in file["items"]:
            if entry["kind"] == "group":
                classic_differences.add_completeness(entry)
                classic_differences.sort_items(entry)
    return [
        {"kind": kind, "path": path, "text": text}
        for kind, path, text in h5compare.compare(expected, root, storage=True, classic=True)
        if kind not in h5compare.INFORMATION and not (path.endswith(CHANGING) and "extra" not in text)
    ]


if __name__ == "__main__":
    main()
