"""A workload in Redis that several writers save in turn, any number of times."""

import os
import shutil
import statistics
import sys
from pathlib import Path

import compare
from measure import Measurement
from peers import Peer
from publish import publish
from server import PrivateRedis
from workloads import Workload
from writers import OnDemand

FIGURES = ("wall", "work", "cpu", "user", "peak", "file")


class Saving:
    """The scans of one workload, published once for each writer: a scan names the file it is saved in.

    `writers` are those that `OnDemand` and `Follower` describe, by name.
    """

    def __init__(self, workload: Workload, peer: Peer, writers: dict, server: PrivateRedis, folder: Path):
        note(f"{peer.name}, {workload.name}: {workload.description}")
        self.workload = workload
        self.scans = workload.scans()
        self.megabytes = sum(scan.nbytes for scan in self.scans) / 1e6
        self.entries = sum(scan.entries for scan in self.scans)
        self.points = sum(channel.points for scan in self.scans for channel in scan.channels)
        note(f"  publish {self.megabytes:.0f} MB in {self.entries} entries")
        self.files = {name: folder / name.replace(" ", "-") / f"{workload.name}.h5" for name in writers}
        self._peer, self._writers, self._server = peer, writers, server
        self._keys = {
            name: [publish(server.url, server.path, scan, str(file), peer.layout) for scan in self.scans]
            for name, file in self.files.items()
        }

    def run(self, name: str, verify: bool = True) -> dict:
        """Let a writer save the scans into a new file: its figures, in seconds and bytes, and what is wrong."""
        file = self.files[name]
        shutil.rmtree(file.parent, ignore_errors=True)
        file.parent.mkdir()
        # Pages of the file before must not be written to disk while this one is timed.
        os.sync()
        run = self._writers[name].save(self._server, self._keys[name], file, self._finished)
        problems = compare.differences(str(file), self.scans, self._peer.layout) if verify else []
        return figures(run, file, problems)

    def floor(self, program: OnDemand) -> float:
        """The seconds that a program takes that saves nothing of the scans of any writer."""
        run = program.save(self._server, next(iter(self._keys.values())), Path(), self._finished)
        if run.status != 0:
            raise RuntimeError(f"{program.command}: exit status {run.status}: {run.errors}")
        return run.work

    def _finished(self, root, number: int) -> bool:
        return self._peer.layout.finished(root, self.scans[number])


def figures(run: Measurement, file: Path, problems: list[str]) -> dict:
    if run.status != 0:
        problems.insert(0, f"exit status {run.status}: {run.errors.strip()[-2000:]} {run.output.strip()[-2000:]}")
    size = file.stat().st_size if file.exists() else 0
    return {name: getattr(run, name) for name in FIGURES if name != "file"} | {"file": size, "problems": problems}


def medians(runs: list[dict]) -> dict:
    middle = {name: statistics.median(run[name] for run in runs) for name in FIGURES}
    return middle | {"problems": [problem for run in runs for problem in run["problems"]]}


def problems(workload: str, runs: dict) -> list[str]:
    """What is wrong with the runs of all writers, one line each."""
    return [
        f"{workload}, {name}: {problem}" for name, several in runs.items() for run in several for problem in run["problems"]
    ]


def note(text: str):
    print(text, file=sys.stderr, flush=True)
