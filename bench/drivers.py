"""Compares the two file drivers of `nexus-writer save`: what the journal costs, and what waiting for the disk does.

    ./dev bench --drivers                   both layouts, 20 rounds of each workload
    ./dev bench classic --drivers --only short --pairs 40

In each round the plain driver, the safe one without durability and the safe one with the default save the
same scans, and take turns at being first. Ratios above 1 say how many times longer than the plain driver the
others take, and how much larger their files are. The exit status is 1 if a file is wrong, or if a goal is
certainly missed: 1.1 times the time without durability, 1.01 times the size.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import options
import table
from peers import PEERS, Peer
from ratios import line, summary
from saving import Saving, medians, note, problems
from server import PrivateRedis
from workloads import WORKLOADS, Workload
from writers import OnDemand

PLAIN, SAFE, DURABLE = "plain", "safe", "durable"
OPTIONS = {
    PLAIN: ("--file-driver", "plain"),
    SAFE: ("--file-driver", "safe", "--durability", "none"),
    DURABLE: ("--file-driver", "safe"),
}
TIME_LIMIT = 1.1
FILE_LIMIT = 1.01
WIDTHS = (9, 9, 9, 9, 22, 22, 22, 9)


def main() -> int:
    chosen = parse_arguments()
    peer = PEERS[chosen.layout]
    save = (chosen.binaries / "nexus-writer", "save", "--json")
    writers = {name: OnDemand(*save, *more) for name, more in OPTIONS.items()}
    load = os.getloadavg()[0]
    results = []
    with PrivateRedis() as server, tempfile.TemporaryDirectory(prefix="bench-files-", dir=chosen.directory) as folder:
        for workload in chosen.only or WORKLOADS:
            results.append(run_rounds(workload, peer, writers, server, Path(folder).resolve(), chosen.pairs))
            server.reset()
    print(json.dumps(results, indent=1) if chosen.json else report(results, chosen, load))
    wrong = [text for result in results for text in result["problems"] + goals(result)]
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


def run_rounds(
    workload: Workload, peer: Peer, writers: dict, server: PrivateRedis, folder: Path, rounds: int
) -> dict:
    saving = Saving(workload, peer, writers, server, folder)
    runs = {name: [] for name in writers}
    names = list(writers)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            runs[name].append(saving.run(name, verify=number == 0))
        times = ", ".join(f"{name} {runs[name][-1]['wall']:.2f} s" for name in runs)
        note(f"  round {number + 1}/{rounds}: {times}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return {
        "layout": peer.name,
        "workload": workload.name,
        "medians": {name: medians(several) for name, several in runs.items()},
        "wall of safe": ratios(runs, SAFE, "wall"),
        "CPU of safe": ratios(runs, SAFE, "cpu"),
        "wall of durable": ratios(runs, DURABLE, "wall"),
        "file": max(runs[name][-1]["file"] / runs[PLAIN][-1]["file"] for name in (SAFE, DURABLE)),
        "problems": problems(workload.name, runs),
    }


def ratios(runs: dict, name: str, measure: str) -> dict:
    return summary([ours[measure] / plain[measure] for ours, plain in zip(runs[name], runs[PLAIN])])


def goals(result: dict) -> list[str]:
    """The goals that are missed, by all of the interval in which the true median lies."""
    name = result["workload"]
    missed = []
    if result["wall of safe"]["low"] > TIME_LIMIT:
        missed.append(f"goal missed: {name}, no more than {TIME_LIMIT} times the time of the plain driver")
    if result["file"] > FILE_LIMIT:
        missed.append(f"goal missed: {name}, no more than {FILE_LIMIT} times the size of the file")
    return missed


def report(results: list[dict], chosen: argparse.Namespace, load: float) -> str:
    lines = [
        f"nexus-writer save, layout {chosen.layout}: --file-driver plain, safe --durability none, and the default, "
        f"{chosen.pairs} rounds",
        "",
        row("workload", "plain s", "safe s", "default s", "safe, wall", "safe, CPU", "default, wall", "file"),
    ]
    for result in results:
        seconds = (f"{result['medians'][name]['wall']:.3f}" for name in OPTIONS)
        measures = (line(result[name]) for name in ("wall of safe", "CPU of safe", "wall of durable"))
        lines.append(row(result["workload"], *seconds, *measures, f"{result['file']:.4f}"))
    lines += ["", "Ratios to the plain driver: the median of all rounds and, in brackets, where the true one lies."]
    return "\n".join(lines + table.busy(load))


def row(*cells: str) -> str:
    aligned = "<" + ">" * (len(cells) - 1)
    return " ".join(f"{cell:{side}{width}}" for cell, side, width in zip(cells, aligned, WIDTHS)).rstrip()


def parse_arguments() -> argparse.Namespace:
    parser = options.parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add("--drivers", action="store_true", required=True, help="compare the file drivers")
    add("--pairs", type=options.positive, default=20, metavar="N", help="rounds of each (20); 6 at least for 95 %%")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
