"""Publish a scenario: `python -m scenarios NAME --redis URL --root DIRECTORY [--pace SECONDS] [--wait]`.

Prints one line of JSON for each scan: its key, its label, and its wave (the scans of a wave may
only be saved after those of the waves before). With `--wait`, it first prints `{"started": key}`
for each scan that starts, and continues that scan when it reads a line. `--list` prints the names of all
scenarios.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from . import SCENARIOS
from .fixture import ScanPublisher, publish


def wait(publisher: ScanPublisher):
    print(json.dumps({"started": publisher.key}), flush=True)
    if not sys.stdin.readline():
        raise EOFError("standard input has ended before the scan may continue")


def main():
    parser = argparse.ArgumentParser(prog="scenarios", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=SCENARIOS, nargs="?")
    parser.add_argument("--redis", metavar="URL")
    parser.add_argument("--root", type=Path, metavar="DIRECTORY")
    parser.add_argument("--pace", type=float, default=0.0, metavar="SECONDS", help="between two steps of a live scan")
    parser.add_argument("--wait", action="store_true", help="for a line of standard input when a scan has started")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        for name, scenario in SCENARIOS.items():
            print(f"{name:20} {scenario.__doc__.splitlines()[0]}")
        return
    if not (options.name and options.redis and options.root):
        parser.error("a name, --redis and --root are needed")
    hooks = {"started": wait} if options.wait else {}
    fixture = publish(SCENARIOS[options.name], options.redis, options.root, options.pace, **hooks)
    for publisher in fixture.publishers:
        print(json.dumps({"key": publisher.key, "label": publisher.label, "wave": publisher.wave}), flush=True)
    # The threads of streams that are not sealed would keep the process alive for ever.
    os._exit(0)


main()
