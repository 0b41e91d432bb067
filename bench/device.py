"""How the Tango device answers: ours against `NexusWriterService` of blisswriter 2.0.0.

    ./dev bench tango                three rounds; both services take turns
    ./dev bench tango --json         the figures of every round, for a program

Both are found by the same Tango database and follow the same Redis. The client is `device_client.cpp`,
which costs little. A round starts a service, lets it save a few scans, calls it as quickly as it
answers, then asks in the rhythm of BLISS, first while nothing happens and then while 20 scans are written.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py

import device_table
from device_service import DEVICE, Database, Service, wait_until
from server import PrivateRedis

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PROGRAM = "NexusWriterService"
REFERENCE, OURS = "blisswriter", "nexus-writer"
# Requests as `device_client` takes them; there are finished scans of these names.
KINDS = {
    "State": "State",
    "scan_exists": "scan_exists=1_timescan",
    "scan_state": "scan_state=1_timescan",
    "scan_disk_space_error": "scan_disk_space_error=1_timescan",
    "read Status": "@Status",
    "read scan_info": "@scan_info",
}
THREADS = (1, 16)
# What BLISS asks for a scan, each client for its own.
BLISS = [
    "State",
    "scan_exists=#_timescan",
    "scan_has_write_permissions=#_timescan",
    "scan_disk_space_error=#_timescan",
    "scan_disk_space_warning=#_timescan",
    "scan_state=#_timescan",
]
SCANS = 20
FINISH_SECONDS = 120


def main() -> int:
    options = parse_arguments()
    programs = {REFERENCE: Path(sys.executable).with_name(PROGRAM), OURS: options.binaries / PROGRAM}
    rounds = {name: [] for name in programs}
    load = os.getloadavg()[0]
    with Database(options.database):
        for number in range(options.repeat):
            for name, program in programs.items():
                note(f"{name} {number + 1}/{options.repeat}")
                rounds[name].append(measure(program, options))
    if options.json:
        print(json.dumps(rounds, indent=1))
    else:
        print(device_table.table(rounds[REFERENCE], rounds[OURS], load))
    problems = [problem for figures in rounds.values() for one in figures for problem in one["problems"]]
    for problem in problems:
        note(problem)
    return 1 if problems else 0


def measure(program: Path, options: argparse.Namespace) -> dict:
    """One round with a service of its own; seconds and bytes."""
    with PrivateRedis() as redis, tempfile.TemporaryDirectory(prefix="bench-device-") as folder:
        folder = Path(folder).resolve()
        with Service(program, redis.url, folder) as service:
            figures = {
                "ready": service.ready,
                "on": service.on,
                "rest": service.memory("VmRSS"),
                "rates": {},
                "problems": [],
            }
            with Scans(redis.url, folder / "first", 3, seconds=1, rate=10) as first:
                first.wait_saved(service)
            for threads in THREADS:
                for kind, request in KINDS.items():
                    before = service.cpu()
                    answers = ask(options, threads, options.seconds, 0, [request])
                    answers["cpu"] = (service.cpu() - before) / answers["calls"]
                    figures["rates"][f"{kind}/{threads}"] = answers
            figures["idle"] = ask(options, 1, options.seconds, 0.002, ["State", KINDS["scan_state"]])
            seconds = 5 * options.seconds
            with Scans(redis.url, folder / "many", SCANS, seconds + 1, options.rate) as many:
                wait_until(lambda: all(map(service.device.scan_exists, many.names)), "see the scans")
                figures["busy"] = ask(options, SCANS, seconds, 0.05, BLISS)
                figures["problems"] += many.wait_saved(service)
            figures["peak"] = service.memory("VmHWM")
    for name in ("idle", "busy"):
        if figures[name]["failures"]:
            figures["problems"].append(f"{program}: {figures[name]['failures']} refusals while {name}")
    return figures


class Scans:
    """Scans that run at the same time, published by a process of its own. The block begins when they exist."""

    def __init__(self, url: str, folder: Path, count: int, seconds: float, rate: float):
        folder.mkdir()
        self.names = [f"{number}_timescan" for number in range(1, count + 1)]
        self._files = [folder / f"scan{number}.h5" for number in range(1, count + 1)]
        arguments = [url, folder, count, seconds, rate]
        command = [sys.executable, HERE / "device_scans.py", *map(str, arguments)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)

    def __enter__(self):
        self._line(b"created")
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def wait_saved(self, service: Service) -> list[str]:
        """Waits until all are over and written; returns what is wrong with their files."""
        self._line(b"over")
        for name in self.names:
            wait_until(lambda: not service.saves(name), f"finish {name}", FINISH_SECONDS)
        return [problem for number, file in enumerate(self._files, 1) for problem in problems(number, file)]

    def _line(self, text: bytes):
        if self._process.stdout.readline().strip() != text:
            raise RuntimeError("the scans were not published")


def problems(number: int, file: Path) -> list[str]:
    try:
        with h5py.File(file, "r", locking=False) as root:
            status = root[f"{number}.1/writer/status"].asstr()[()]
    except (OSError, KeyError) as error:
        return [f"{file}: {error}"]
    return [] if status == "SUCCEEDED" else [f"{file}: {status}"]


def ask(options: argparse.Namespace, threads: int, seconds: float, pause: float, requests: list[str]) -> dict:
    """Calls and answer times of so many clients at once, each `pause` seconds after its last answer."""
    command = [options.client, DEVICE, threads, seconds, round(pause * 1e6), *requests]
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def note(text: str):
    print(text, file=sys.stderr, flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench tango", description=__doc__.splitlines()[0])
    add = parser.add_argument
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    add("--binaries", type=Path, default=target, metavar="DIR", help="where our programs are")
    add("--client", type=Path, default=target / "device_client", metavar="FILE", help="device_client.cpp, compiled")
    add("--database", type=Path, default=ROOT / ".venv/bin/PyDatabaseds", metavar="FILE", help="the Tango database")
    add("--repeat", type=int, default=3, metavar="N", help="rounds (3); medians count, and the slowest answer of all")
    add("--seconds", type=float, default=2, help="how long each kind of call is made (2)")
    add("--rate", type=float, default=20, help="points per second of each of the 20 scans (20)")
    add("--json", action="store_true", help="print the figures of all rounds as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
