"""Times saving scans of BLISS 1.11 against reading the same entries in Python, with nothing done with them.

    ./dev bench node                        all workloads, five pairs of each
    ./dev bench node --only points --pairs 20

Scans are published by `nexus-writer simulate --model node`, and are in Redis completely. `node_floor.py`
reads all entries with redis-py and loads their pickles; `nexus-writer save --model node` saves the scans
in a file, with and without waiting for the disk. They take turns. Ratios say how many times longer the
reader in Python takes, without its start: our time is that of the whole process. The exit status is 1 if
a file is wrong, or if the goal for `points` is missed: 5 times. Blocks and spectra have no goal: they are few
entries of many bytes, which Python only copies, while we compress them.
"""

import argparse
import json
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

import table
from measure import Process
from node_floor import channels, connect, read
from options import absolute, positive
from ratios import summary
from revision import ROOT
from saving import figures, note
from server import PrivateRedis
from writers import OnDemand

FLOOR = "redis-py"
OPTIONS = {"no durability": ("--durability", "none"), "durable": ()}
GOALS = {"points": 5}
TIMEOUT_SECONDS = 600
HEAD = ("workload", "", "wall s", "- start", "CPU s", "peak MB", "file MB", "times faster")
WIDTHS = (9, 14, 8, 8, 8, 8, 8, 22)


@dataclass(frozen=True)
class NodeWorkload:
    """Scans that are simulated. BLISS keeps the last 2,048 entries of a channel."""

    name: str
    description: str
    arguments: tuple[str, ...]


# Beside the counters, each scan has a motor and two clocks.
WORKLOADS = [
    NodeWorkload(
        "points",
        "10 scans of 100 channels x 2,000 points, one per entry",
        ("--kind", "1d", "--scans", "10", "--channels", "97", "--points", "2000"),
    ),
    NodeWorkload(
        "blocks",
        "20 channels x 1,000,000 points, 1,000 per entry",
        ("--kind", "1d", "--channels", "17", "--points", "1000000", "--batch", "1000"),
    ),
    NodeWorkload(
        "spectra",
        "4 MCA channels x 2,048 uint32 x 2,000 points, one per entry",
        ("--kind", "mca", "--channels", "0", "--detectors", "4", "--mca-size", "2048", "--points", "2000"),
    ),
]


def main() -> int:
    chosen = parse_arguments()
    program = chosen.binaries / "nexus-writer"
    load = os.getloadavg()[0]
    results = []
    with PrivateRedis() as server, tempfile.TemporaryDirectory(prefix="bench-files-", dir=chosen.directory) as folder:
        for workload in chosen.only or WORKLOADS:
            results.append(run_pairs(workload, program, server, Path(folder).resolve(), chosen.pairs))
            server.reset()
    print(json.dumps(results, indent=1) if chosen.json else report(results, load))
    wrong = [text for result in results for text in result["problems"] + goals(result)]
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


def run_pairs(workload: NodeWorkload, program: Path, server: PrivateRedis, folder: Path, pairs: int) -> dict:
    """Publish one workload, then read it and save it `pairs` times in turn."""
    note(f"{workload.name}: {workload.description}")
    file = folder / "scans" / f"{workload.name}.h5"
    keys = publish(program, workload, server, file)
    save = (program, "save", "--json", "--model", "node")
    floor = Path(__file__).with_name("node_floor.py")
    programs = {FLOOR: OnDemand(sys.executable, floor, timed=True)}
    programs |= {name: OnDemand(*save, *more) for name, more in OPTIONS.items()}
    names = list(programs)
    runs = {name: [] for name in names}
    for number in range(pairs):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            shutil.rmtree(file.parent, ignore_errors=True)
            file.parent.mkdir()
            # Pages of the file before must not be written to disk while this one is timed.
            os.sync()
            run = programs[name].save(server, keys, file, None)
            verify = number == 0 and name != FLOOR and run.status == 0
            runs[name].append(figures(run, file, differences(server, keys, file) if verify else []))
        note(f"  pair {number + 1}/{pairs}: " + ", ".join(f"{name} {runs[name][-1]['work']:.2f} s" for name in names))
    return {
        "workload": workload.name,
        "description": workload.description,
        "medians": {name: medians(several) for name, several in runs.items()},
        "ratios": {name: ratios(runs, name) for name in OPTIONS},
        "runs": runs,
        "problems": [
            f"{workload.name}, {name}: {problem}" for name in names for run in runs[name] for problem in run["problems"]
        ],
    }


def publish(program: Path, workload: NodeWorkload, server: PrivateRedis, file: Path) -> list[str]:
    """The keys of the scans, which are complete and do not expire."""
    arguments = [*workload.arguments, "--rate", "0", "--first", "1", "--file", str(file)]
    command = [program, "simulate", "--model", "node", server.url, *arguments]
    with Process(command) as process:
        run = process.wait(TIMEOUT_SECONDS)
    if run.status != 0:
        raise RuntimeError(f"{command}: exit status {run.status}: {run.errors}")
    with connect(server.url) as client, client.pipeline(transaction=False) as pipeline:
        for key in client.scan_iter(count=10_000):
            pipeline.persist(key)
        pipeline.execute()
    note(f"  published in {run.wall:.1f} s")
    return run.output.split()


def differences(server: PrivateRedis, keys: list[str], file: Path) -> list[str]:
    """What is in a file, but was not published like that."""
    wrong = []
    with connect(server.url) as client, h5py.File(file) as root:
        for number, key in enumerate(keys, 1):
            points = {}
            for stream, fields in read(client, channels(client, key)):
                data = pickle.loads(fields[b"__DATA__"])
                points.setdefault(stream, []).append(data if fields[b"__NPOINTS__"] != b"1" else data[np.newaxis])
            measured = root[f"{number}.1/measurement"]
            if len(points) != len(measured):
                wrong.append(f"{number}.1: {len(measured)} of {len(points)} channels")
            for stream, parts in points.items():
                name = dataset(stream.decode())
                if name not in measured or not np.array_equal(measured[name], np.concatenate(parts)):
                    wrong.append(f"{number}.1/measurement/{name} is not what was published")
    return wrong


def dataset(stream: str) -> str:
    """The name of a channel in its scan."""
    name = stream.removesuffix("_data").rsplit(":", 1)[-1]
    return name.replace("spectrum", "mca") if name.startswith("spectrum_") else name


def medians(runs: list[dict]) -> dict:
    return {name: statistics.median(run[name] for run in runs) for name in ("wall", "work", "cpu", "peak", "file")}


def ratios(runs: dict, name: str) -> dict:
    return summary([floor["work"] / ours["wall"] for floor, ours in zip(runs[FLOOR], runs[name], strict=True)])


def report(results: list[dict], load: float) -> str:
    lines = [row(HEAD), row(["-" * (width - 1) for width in WIDTHS])]
    for result in results:
        for name, middle in result["medians"].items():
            compared = result["ratios"].get(name)
            faster = f"{compared['median']:.1f} [{compared['low']:.1f}, {compared['high']:.1f}]" if compared else ""
            file = f"{middle['file'] / 1e6:.1f}" if compared else ""
            cells = [f"{middle[key]:.2f}" for key in ("wall", "work", "cpu")]
            head = result["workload"] if name == FLOOR else ""
            lines.append(row([head, name, *cells, f"{middle['peak'] / 1e6:.0f}", file, faster]))
        lines.append("")
    lines += ["Medians of all pairs; in brackets between which ratios the true median lies."]
    return "\n".join(lines + table.busy(load))


def row(values) -> str:
    aligned = "<<>>>>>>"
    return " ".join(f"{v:{side}{width}}" for v, side, width in zip(values, aligned, WIDTHS)).rstrip()


def goals(result: dict) -> list[str]:
    """The goals that are not reached."""
    goal = GOALS.get(result["workload"], 0)
    return [
        f"{result['workload']}, {name}: goal missed: {ratio['median']:.1f} and not {goal} times faster"
        for name, ratio in result["ratios"].items()
        if ratio["median"] < goal
    ]


def parse_arguments() -> argparse.Namespace:
    names = {workload.name: workload for workload in WORKLOADS}

    def workload(text: str) -> NodeWorkload:
        if text not in names:
            raise argparse.ArgumentTypeError(f"no workload {text!r}")
        return names[text]

    parser = argparse.ArgumentParser(prog="./dev bench node", description=__doc__.splitlines()[0])
    add = parser.add_argument
    binaries = ROOT / "target/release"
    add("--binaries", type=absolute, default=binaries, metavar="DIR", help="where our programs are")
    add("--only", type=workload, action="append", metavar="NAME", help=f"a workload ({', '.join(names)})")
    add("--pairs", type=positive, default=5, metavar="N", help="runs of each program (5)")
    add("--directory", type=Path, metavar="DIR", help="where the files go, instead of the temporary directory")
    add("--json", action="store_true", help="print the figures of all runs as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
