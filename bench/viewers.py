"""Measures whether viewers of the live page slow the writer down.

    ./dev bench viewers                     all workloads with long scans, 20 pairs of each
    ./dev bench viewers --only step --pairs 40 --scans 16

`nexus-writer session` saves scans that Redis holds completely, one after the other, as fast as it can: nothing
paces it. In each pair it does so once with 16 viewers, who receive all events and ask twice per second for the
data of the newest scan (eight curves, or the last spectrum or image), and a scraper that asks for the metrics
once per second; and once with nobody. They take turns at being first. A ratio is the throughput with viewers by
that without; the goal is 0.98.

The viewers have the last processor for themselves, and everything else (the writer with its thread for HTTP, Redis,
this program) the other ones, in both runs: what is measured is what the writer does for its viewers, and not what
browsers do, which run on other computers. The exit status is 1 if a file is wrong, if the viewers saw
nothing, or if the goal is certainly missed.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import options
import table
from peers import PEERS, Peer
from ratios import line, summary
from saving import Saving, medians, note, problems
from server import PrivateRedis
from viewer_clients import VIEWERS, Viewers
from workloads import WORKLOADS, Workload
from writers import Follower

ALONE, WATCHED = "alone", "watched"
GOAL = 0.98
# Viewers see nothing of scans that are saved within some milliseconds.
LONG = [workload for workload in WORKLOADS if workload.name != "short"]
WIDTHS = (9, 9, 9, 22, 9, 9, 9)


def main() -> int:
    chosen = parse_arguments()
    *others, last = sorted(os.sched_getaffinity(0))
    if not others:
        print("viewers need a processor of their own, and there is only one", file=sys.stderr)
        return 2
    # Inherited by Redis and by the writers.
    os.sched_setaffinity(0, others)
    peer = PEERS[chosen.layout]
    load = os.getloadavg()[0]
    results = []
    with PrivateRedis() as server, tempfile.TemporaryDirectory(prefix="bench-files-", dir=chosen.directory) as folder:
        for workload in chosen.only or LONG:
            results.append(run_pairs(repeated(workload, chosen.scans), peer, last, server, Path(folder).resolve(), chosen))
            server.reset()
    print(json.dumps(results, indent=1) if chosen.json else report(results, chosen, last, load))
    wrong = [text for result in results for text in result["problems"] + goals(result)]
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


def repeated(workload: Workload, count: int) -> Workload:
    """The first scan of a workload several times, so that the writer is busy for some seconds."""

    def make():
        scan = workload.scans()[0]
        return (replace(scan, number=number) for number in range(1, count + 1))

    return Workload(workload.name, f"{count} times: {workload.description}", make)


def run_pairs(
    workload: Workload, peer: Peer, processor: int, server: PrivateRedis, folder: Path, chosen: argparse.Namespace
) -> dict:
    """Publish one workload and let it be saved with viewers and without, several times."""
    runtime = folder / "runtime"
    environment = {"RUNTIME_DIRECTORY": str(runtime)}
    command = (chosen.binaries / "nexus-writer", "session", "--data-writer", "any", "--http-listen", "127.0.0.1:0")
    viewers = Viewers(runtime / "http.url", processor)
    writers = {
        ALONE: Follower(*command, environment=environment),
        WATCHED: Follower(*command, environment=environment, beside=viewers),
    }
    saving = Saving(workload, peer, writers, server, folder)
    runs = {name: [] for name in writers}
    seen = []
    for number in range(chosen.pairs):
        order = (ALONE, WATCHED) if number % 2 == 0 else (WATCHED, ALONE)
        for name in order:
            shutil.rmtree(runtime, ignore_errors=True)
            runtime.mkdir()
            runs[name].append(saving.run(name, verify=number == 0))
        seen.append(viewers.seen)
        times = ", ".join(f"{name} {runs[name][-1]['work']:.2f} s" for name in runs)
        note(f"  pair {number + 1}/{chosen.pairs}: {times}; {viewers.seen}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    ratio = summary([alone["work"] / watched["work"] for alone, watched in zip(runs[ALONE], runs[WATCHED])])
    unseen = [
        f"{workload.name}: the viewers have seen no {what}" for what in ("events", "data", "scrapes")
        if not all(one[what] for one in seen)
    ]
    failed = [f"{workload.name}: {text}" for one in seen for text in one["errors"]]
    return {
        "layout": peer.name,
        "workload": workload.name,
        "megabytes": saving.megabytes,
        "medians": {name: medians(several) for name, several in runs.items()},
        "ratio": ratio,
        "seen": seen,
        "runs": runs,
        "problems": problems(workload.name, runs) + unseen + failed,
    }


def goals(result: dict) -> list[str]:
    """The goal, if all of the interval in which the true median lies misses it."""
    if result["ratio"]["high"] >= GOAL:
        return []
    return [f"goal missed: {result['workload']}, at least {GOAL} of the throughput without viewers"]


def report(results: list[dict], chosen: argparse.Namespace, processor: int, load: float) -> str:
    lines = [
        f"nexus-writer session, layout {chosen.layout}: {VIEWERS} viewers and a scraper, or nobody; {chosen.pairs} pairs",
        "",
        row("workload", "alone s", "MB/s", "watched / alone", "CPU more", "events", "data"),
    ]
    for result in results:
        alone, watched = (result["medians"][name] for name in (ALONE, WATCHED))
        counts = (sum(one[what] for one in result["seen"]) // len(result["seen"]) for what in ("events", "data"))
        lines.append(
            row(
                result["workload"],
                f"{alone['work']:.3f}",
                f"{result['megabytes'] / alone['work']:.0f}",
                line(result["ratio"]),
                f"{watched['cpu'] - alone['cpu']:.3f} s",
                *counts,
            )
        )
    lines += [
        "",
        "watched / alone: throughput, the median of all pairs and, in brackets, where the true one lies. CPU more: of the",
        f"process of the writer. The viewers run on processor {processor}, all else on the others, in both runs.",
    ]
    return "\n".join(lines + table.busy(load))


def row(*cells) -> str:
    aligned = "<" + ">" * (len(cells) - 1)
    return " ".join(f"{cell:{side}{width}}" for cell, side, width in zip(cells, aligned, WIDTHS)).rstrip()


def parse_arguments() -> argparse.Namespace:
    parser = options.parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add("--pairs", type=options.positive, default=20, metavar="N", help="runs of each (20); 6 at least for 95 %%")
    add("--scans", type=options.positive, default=8, metavar="N", help="how often the scan is saved in a run (8)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
