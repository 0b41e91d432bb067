"""How soon a reader sees the points of a running scan, and how often it has to try.

    bench/live.py                       1, 100, 1,000 and 10,000 points per second, 15 s each; then heavy loads
    bench/live.py --writer blisswriter  the same with the reference
    bench/live.py --rates --loads scans only one of the loads of `loads.py`

A writer runs on a private Redis. Scans of 20 scalar channels are published live with blissdata,
in batches of at most 100 ms. One channel carries the time at which each point was published, so
that the file itself says how old its points are. `live_reader.py` opens it meanwhile.

Each load has a writer of its own, so that its memory is that of this load.

wait    how long published points were not visible (the oldest one, at each opening): the delay
        of the writer alone, whatever the rate
newest  the age of the newest visible point: at 1 Hz up to one second more than the wait, because
        the next point does not exist yet
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from blissdata.redis_engine.store import DataStore

import compare
import h5maps
from loads import LOADS, run_load
from publish import create, declare
from server import PrivateRedis
from workloads import SEED, Scan, scalar_channels

HERE = Path(__file__).resolve().parent
REFERENCE, OURS = "blisswriter", "nexus-writer"
BATCH_SECONDS = 0.1
FINISH_SECONDS = 60
TRIES_LIMIT = 3
WAIT_LIMIT = 1.0
HEAD = ("rate Hz", "points", "opened", "retried", "tries max", "first s", "wait s", "wait max", "newest max", "file")
LOAD_HEAD = ("load", "wait s", "wait 90 %", "wait max", "newest max", "CPU %", "MB", "peak MB", "closed s", "file")


def main() -> int:
    options = parse_arguments()
    command = {
        REFERENCE: [Path(sys.executable).with_name("blisswriter"), "run", "--log-level", "WARNING"],
        OURS: [options.binary.absolute(), "run"],
    }[options.writer]
    results, loads = [], []
    with PrivateRedis() as server, tempfile.TemporaryDirectory(prefix="bench-live-") as folder:
        with Writer([*command, server.url], Path(folder, "writer.log")) as writer:
            wake(server.url, Path(folder, "wake"))
            for number, rate in enumerate(options.rates, 1):
                note(f"{options.writer}: {rate:g} Hz for {options.seconds:g} s")
                file = Path(folder, f"live{number}.h5")
                results.append(run_scan(server.url, file, number, rate, options.seconds))
        for load in options.loads:
            note(f"{options.writer}: {load.description} for {options.seconds:g} s")
            server.reset()
            with Writer([*command, server.url], Path(folder, f"{load.name}.log")) as loaded:
                wake(server.url, Path(folder, f"wake-{load.name}"))
                loads.append(run_load(server, Path(folder), load, options.seconds, loaded.pid))
            for problem in loads[-1]["problems"][:5]:
                note(f"  {problem}")
        if writer.status != 0:
            note(f"exit status {writer.status}: {Path(folder, 'writer.log').read_text()[-2000:]}")
    if options.json:
        print(json.dumps({"scans": results, "loads": loads, "cpu": writer.cpu, "peak": writer.peak}, indent=1))
    else:
        if results:
            print_table(options.writer, results, writer)
        if loads:
            print_loads(loads)
    return 1 if any(result["problems"] for result in results + loads) else 0


class Writer:
    """A writer that runs until the block ends; then SIGINT, and `status`, `cpu` and `peak` are there."""

    def __init__(self, command: list, log: Path):
        self._log = log.open("w")
        self._process = subprocess.Popen(list(map(str, command)), stdout=self._log, stderr=self._log)

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peak = peak_memory(self._process.pid)
        self._process.send_signal(signal.SIGINT)
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = self.status = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self._log.close()


def wake(url: str, folder: Path):
    """Publish small scans until one is saved: from then on the writer listens."""
    for number in range(1, 31):
        file = folder / f"wake{number}.h5"
        publish_live(url, make_scan(number, 10, 1), file, 10)
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            if list(folder.glob("*.h5")):
                return
            time.sleep(0.05)
    raise RuntimeError("the writer does not save scans")


def make_scan(number: int, rate: float, seconds: float) -> Scan:
    """A time scan of 20 scalar channels whose elapsed times are exactly those of its rate."""
    channels = scalar_channels(np.random.default_rng(SEED), int(rate * seconds))
    scan = Scan(number, "timescan", f"timescan {1 / rate:g}", channels, 1 / rate)
    elapsed = next(c for c in scan.channels if c.name == "timer:elapsed_time")
    elapsed.data = np.arange(elapsed.points) / rate
    return scan


def run_scan(url: str, file: Path, number: int, rate: float, seconds: float) -> dict:
    """Publish one scan while the reader looks at its file, and judge what it has seen."""
    scan = make_scan(number, rate, seconds)
    epoch, elapsed = (next(c for c in scan.channels if c.name == f"timer:{name}") for name in ("epoch", "elapsed_time"))
    paths = [h5maps.dataset_path(scan, channel) for channel in scan.channels]
    command = [
        sys.executable,
        HERE / "live_reader.py",
        file,
        h5maps.dataset_path(scan, epoch),
        h5maps.dataset_path(scan, elapsed),
        str(rate),
        *paths,
    ]
    with tempfile.TemporaryFile("w+") as lines:
        # Leaving the inner block closes the reader's input, which ends it.
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=lines) as reader:
            publish_live(url, scan, file, rate, at_end=reader.stdin.close)
        lines.seek(0)
        samples = [json.loads(line) for line in lines]
    problems = wait_complete(str(file), scan)
    if reader.returncode:
        problems.append(f"the reader ended with status {reader.returncode}")
    for problem in problems:
        note(f"  {problem}")
    return judge(rate, samples, epoch.data) | {"points": epoch.points, "problems": problems}


def publish_live(url: str, scan: Scan, file: Path, rate: float, at_end=lambda: None):
    """Publish a scan at its rate, as BLISS does; fills the channel `timer:epoch` on the way."""
    live = create(DataStore(url), scan, str(file))
    streams = declare(live, scan, str(file), h5maps)
    info = h5maps.prepared(scan, str(file))
    live.info.update(info)
    live.prepare()
    live.start()
    points = scan.channels[0].points
    batch = max(1, round(rate * BATCH_SECONDS))
    begin = time.time()
    for first in range(0, points, batch):
        last = min(first + batch, points)
        time.sleep(max(0, begin + last / rate - time.time()))
        for channel in scan.channels:
            if channel.name == "timer:epoch":
                channel.data[first:last] = time.time()
            streams[channel.name].send(channel.data[first:last])
    at_end()
    live.stop()
    live.info.update(h5maps.closed(scan, str(file), info))
    live.close()


def judge(rate: float, samples: list[dict], published: np.ndarray) -> dict:
    """What the samples of the reader say, given when each point was published."""
    waits, ages = [], []
    opened = [s for s in samples if s["tries"] != 0]
    for sample in samples:
        visible = sample["visible"]
        missing = visible < len(published) and published[visible] <= sample["time"]
        waits.append(sample["time"] - published[visible] if missing else 0.0)
        if sample["newest"] is not None:
            ages.append(sample["time"] - sample["newest"])
    seen = [s["time"] for s in samples if s["visible"] > 0]
    return {
        "rate": rate,
        "opened": len(opened),
        "retried": sum(s["tries"] != 1 for s in opened),
        "failed": sum(s["tries"] is None for s in opened),
        "tries_max": max((s["tries"] or len(s["errors"]) for s in opened), default=0),
        "first": seen[0] - float(published[0]) if seen else None,
        "wait": statistics.median(waits) if waits else None,
        "wait_max": max(waits, default=None),
        "newest_max": max(ages, default=None),
        "errors": sorted({error for s in samples for error in s["errors"]}),
    }


def wait_complete(file: str, scan: Scan) -> list[str]:
    """Wait until the file holds the whole scan; returns what is still missing after a minute."""
    deadline = time.monotonic() + FINISH_SECONDS
    while True:
        try:
            problems = compare.differences(file, [scan], h5maps)
        except (OSError, KeyError, RuntimeError) as error:
            problems = [f"{file}: {error}"]
        if not problems or time.monotonic() > deadline:
            return problems
        time.sleep(0.2)


def peak_memory(pid: int) -> int:
    """Peak memory in bytes of a running process, 0 when it is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def print_table(name: str, results: list[dict], writer: Writer):
    print(name)
    print(" ".join(f"{text:>10}" for text in HEAD))
    for r in results:
        seconds = ("first", "wait", "wait_max", "newest_max")
        cells = (
            f"{r['rate']:g}",
            r["points"],
            r["opened"],
            r["retried"],
            r["tries_max"] if not r["failed"] else f"{r['failed']} failed",
            *(f"{r[key]:.2f}" if r[key] is not None else "never" for key in seconds),
            "wrong" if r["problems"] else "correct",
        )
        print(" ".join(f"{cell!s:>10}" for cell in cells))
    print(f"writer: {writer.cpu:.1f} s CPU, {writer.peak / 1e6:.0f} MB peak memory, exit status {writer.status}")
    for goal in goals(results):
        print(f"goal missed: {goal}")
    for error in sorted({error for result in results for error in result["errors"]}):
        print(f"a try failed with: {error}")


def print_loads(loads: list[dict]):
    print(" ".join(f"{text:>10}" for text in LOAD_HEAD))
    for load in loads:
        seconds = [load[key] for key in ("wait", "wait_90", "wait_max", "newest_max")]
        cells = (
            load["load"],
            *(f"{value:.2f}" if value is not None else "never" for value in seconds),
            f"{100 * load['cpu']:.0f}",
            f"{load['memory'] / 1e6:.0f}",
            f"{load['peak'] / 1e6:.0f}",
            f"{load['closed']:.1f}",
            "wrong" if load["problems"] else "correct",
        )
        print(" ".join(f"{cell!s:>10}" for cell in cells))
    for load in LOADS:
        if any(result["load"] == load.name for result in loads):
            print(f"{load.name}: {load.description}")


def goals(results: list[dict]) -> list[str]:
    """The goals that are not reached."""
    missed = []
    for r in results:
        if r["failed"] or r["tries_max"] > TRIES_LIMIT:
            missed.append(f"{r['rate']:g} Hz: opened within {TRIES_LIMIT} tries")
        if r["wait_max"] is None or r["wait_max"] > WAIT_LIMIT:
            missed.append(f"{r['rate']:g} Hz: points visible after {WAIT_LIMIT:g} s")
    return missed


def note(text: str):
    print(text, file=sys.stderr, flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    binary = HERE.parent / "target/release/nexus-writer"
    rates = [1, 100, 1000, 10000]
    add("--binary", type=Path, default=binary, help="our writer")
    add("--writer", choices=[REFERENCE, OURS], default=OURS, help="which writer runs")
    add("--rates", type=float, nargs="*", default=rates, metavar="HZ", help="points per second of each scan")
    names = {load.name: load for load in LOADS}
    add("--loads", nargs="*", default=list(names), choices=list(names), metavar="LOAD", help="|".join(names))
    add("--seconds", type=float, default=15, help="duration of each scan")
    add("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    options.loads = [names[name] for name in options.loads]
    if options.writer == OURS and not options.binary.is_file():
        parser.error(f"{options.binary} does not exist; build it with cargo build --release")
    return options


if __name__ == "__main__":
    sys.exit(main())
