"""Scans of heavy load, published live: many channels, or many scans at once.

    channels    one scan of 2,000 scalar channels at 100 Hz
    scans       100 scans at once, of 20 scalar channels at 10 Hz, each in a file of its own
    shared      the same in one file

Points are published every 100 ms, on one connection that does not ask for replies: what is to be measured is the
writer. `load_reader.py` opens one file after the other meanwhile, ten times a second in all.
"""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import blissdata.streams.event_stream
import numpy as np
import redis
from blissdata.redis_engine.store import DataStore

import compare
import h5maps
from publish import Pipe, create, declare, entry
from server import PrivateRedis
from workloads import SEED, Channel, Scan

READER = Path(__file__).resolve().parent / "load_reader.py"
BATCH_SECONDS = 0.1
FINISH_SECONDS = 120
# Datasets of each file at which the reader looks.
SEEN_DATASETS = 20


@dataclass
class Load:
    name: str
    description: str
    scans: int
    channels: int
    rate: float
    shared: bool = False


LOADS = [
    Load("channels", "2,000 channels at 100 Hz", 1, 2000, 100),
    Load("scans", "100 scans of 20 channels at 10 Hz, each in its file", 100, 20, 10),
    Load("shared", "100 scans of 20 channels at 10 Hz, in one file", 100, 20, 10, shared=True),
]


class SharedSink(redis.Redis):
    """Replaces the sink of a stream, which would be a connection and two threads for each of 2,000 channels.

    Only the ends of streams go through it: points are sent by a `Pipe`.
    """

    def __init__(self, data_store: DataStore):
        super().__init__(connection_pool=data_store._redis.connection_pool)

    def join(self):
        pass

    def stop(self):
        pass


class LiveScan:
    """A running scan, of which `send` makes the next points."""

    def __init__(self, store: DataStore, scan: Scan, file: Path):
        self.scan, self.file = scan, file
        self._live = create(store, scan, str(file))
        streams = declare(self._live, scan, str(file), h5maps)
        self._keys = {name: stream.key for name, stream in streams.items()}
        self._info = h5maps.prepared(scan, str(file))
        self._live.info.update(self._info)
        self._live.prepare()
        self._live.start()

    def send(self, pipe: Pipe, first: int, last: int):
        self.epoch.data[first:last] = time.time()
        pipe.send(entry(self._keys[channel.name], channel, first, last - first) for channel in self.scan.channels)

    def close(self):
        self._live.stop()
        self._live.info.update(h5maps.closed(self.scan, str(self.file), self._info))
        self._live.close()

    @property
    def epoch(self) -> Channel:
        return next(channel for channel in self.scan.channels if channel.name == "timer:epoch")

    def target(self) -> dict:
        """Where a reader finds some of the datasets."""
        step = max(1, len(self.scan.channels) // SEEN_DATASETS)
        seen = [*self.scan.channels[::step], self.epoch]
        return {
            "file": str(self.file),
            "epoch": h5maps.dataset_path(self.scan, self.epoch),
            "datasets": [h5maps.dataset_path(self.scan, channel) for channel in seen],
        }


def run_load(server: PrivateRedis, folder: Path, load: Load, seconds: float, pid: int) -> dict:
    """Publish a load and judge what a reader sees of it. `pid` is the writer."""
    blissdata.streams.event_stream.RedisSink = SharedSink
    store = DataStore(server.url)
    files = [folder / f"{load.name}{0 if load.shared else number}.h5" for number in range(load.scans)]
    scans = [LiveScan(store, make_scan(number + 1, load, seconds), file) for number, file in enumerate(files)]
    targets, samples = folder / "targets.json", folder / "samples.jsonl"
    targets.write_text(json.dumps([scan.target() for scan in scans]))
    points, batch = int(load.rate * seconds), max(1, round(load.rate * BATCH_SECONDS))
    command = [sys.executable, READER, targets, samples]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as reader, Pipe(server.path) as pipe:
        begin, cpu = time.time(), cpu_time(pid)
        for first in range(0, points, batch):
            last = min(first + batch, points)
            time.sleep(max(0, begin + last / load.rate - time.time()))
            for scan in scans:
                scan.send(pipe, first, last)
        end, cpu = time.time(), cpu_time(pid) - cpu
        reader.stdin.close()
    closing = time.time()
    for scan in scans:
        scan.close()
    problems = wait_complete(scans)
    waits, ages = judge(scans, [json.loads(line) for line in samples.read_text().splitlines()], end)
    return {
        "load": load.name,
        "wait": float(np.median(waits)),
        "wait_90": float(np.percentile(waits, 90)),
        "wait_max": float(np.max(waits)),
        "newest_max": float(np.max(ages)) if ages else None,
        "cpu": cpu / (end - begin),
        "memory": memory(pid, "VmRSS"),
        "peak": memory(pid, "VmHWM"),
        "closed": time.time() - closing,
        "problems": problems,
    }


def make_scan(number: int, load: Load, seconds: float) -> Scan:
    points = int(load.rate * seconds)
    rng = np.random.default_rng(SEED + number)
    channels = [
        Channel("axis:samy", "positioner", np.arange(points) / points, "mm"),
        Channel("timer:elapsed_time", "timer", np.arange(points) / load.rate, "s"),
        Channel("timer:epoch", "timer", np.zeros(points), "s"),
    ]
    for counter in range(load.channels - len(channels)):
        channels.append(Channel(f"ct2:det{counter:04d}", "counter", rng.poisson(1000, points).astype(np.float64)))
    return Scan(number, "timescan", f"timescan {1 / load.rate:g}", channels, 1 / load.rate)


def judge(scans: list[LiveScan], samples: list[dict], end: float) -> tuple[list[float], list[float]]:
    """How long published points were not visible, and how old the newest visible ones were."""
    waits, ages = [], []
    for sample in samples:
        published, visible = scans[sample["target"]].epoch.data, sample["visible"]
        if sample["time"] > end:
            continue
        missing = visible < len(published) and 0 < published[visible] <= sample["time"]
        waits.append(sample["time"] - published[visible] if missing else 0.0)
        if sample["newest"] is not None:
            ages.append(sample["time"] - sample["newest"])
    return waits, ages


def wait_complete(scans: list[LiveScan]) -> list[str]:
    """Wait until the files hold all scans; returns what is still missing after two minutes."""
    deadline = time.monotonic() + FINISH_SECONDS
    problems = []
    for file in {scan.file for scan in scans}:
        inside = [scan.scan for scan in scans if scan.file == file]
        while True:
            try:
                found = compare.differences(str(file), inside, h5maps)
            except (OSError, KeyError, RuntimeError) as error:
                found = [f"{file}: {error}"]
            if not found or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        problems += found
    return problems


def cpu_time(pid: int) -> float:
    """CPU seconds of a running process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def memory(pid: int, field: str) -> int:
    """A figure of the memory of a running process, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))
