"""How long one operation of a primitive takes: in `hub`, with bare Tokio, and in Python.

Every measurement is a process of its own; the three sides take turns, so that a machine which is
busy for a while is so for all of them. The table has medians, and how they compare.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
RUST = TARGET / "release/examples/primitives"
PYTHON = HERE / "hub_python.py"

SIDES = ("python", "tokio", "hub")
AHEAD_OF_PYTHON = 20
BEHIND_TOKIO = 2
BUSY = 1.0
WIDTH = 40


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    python: str
    operations: int  # of Python, about a second

    def command(self, side: str) -> list:
        if side == "python":
            return [sys.executable, PYTHON, self.name, str(self.operations)]
        return [RUST, self.name, side]


CASES = [
    Case("lock-inside", "lock hand-over, one hub", "two BoundedSemaphore", 100_000),
    Case("lock-across", "lock hand-over, two threads", "two threading.Lock", 40_000),
    Case("queue-inside", "queue 1:1, one hub", "gevent Queue", 200_000),
    Case("queue-across", "queue 1:1, two threads", "queue.Queue", 100_000),
    Case("queue-many-inside", "queue 4:4, one hub", "gevent Queue", 200_000),
    Case("queue-many-across", "queue 4:4, two threads", "queue.Queue, 8 threads", 100_000),
    Case("trigger", "trigger latency, hub to hub", "loop.async_", 20_000),
    Case("launch", "launcher round trip, greenlet", "gevent ThreadPool", 10_000),
    Case("launch-blocking", "launcher round trip, thread", "ThreadPoolExecutor", 10_000),
]


def main() -> int:
    options = parser().parse_args()
    load = os.getloadavg()[0]
    cases = [case for case in CASES if not options.only or case.name in options.only]
    times = {case.name: {side: [] for side in SIDES} for case in cases}
    for _ in range(options.repeat):
        for case in cases:
            for side in SIDES:
                times[case.name][side].append(measured(case.command(side)))
    medians = {
        name: {side: statistics.median(seconds) for side, seconds in sides.items()}
        for name, sides in times.items()
    }
    if options.json:
        print(json.dumps(medians, indent=2))
    else:
        print(table(cases, medians, load))
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev bench hub", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[case.name for case in CASES], metavar="CASE")
    parser.add_argument("--repeat", type=int, default=7, help="rounds (default 7)")
    parser.add_argument("--json", action="store_true", help="seconds per operation, as JSON")
    return parser


def measured(command: list) -> float:
    """The seconds of one operation."""
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    result = json.loads(run.stdout)
    return result["seconds"] / result["operations"]


def table(cases: list[Case], medians: dict, load: float) -> str:
    lines = [
        row("one operation", "hub", "Tokio", "Python", "hub/Tokio", "Python/hub", "what of Python"),
        row(*["-" * width for width in (WIDTH - 10, 9, 9, 9, 9, 10, 22)]),
    ]
    for case in cases:
        python, tokio, hub = (medians[case.name][side] for side in SIDES)
        lines.append(
            row(
                case.title,
                duration(hub),
                duration(tokio),
                duration(python),
                f"{hub / tokio:.2f}",
                f"{python / hub:.0f} x",
                case.python,
            )
        )
        if python < AHEAD_OF_PYTHON * hub:
            lines.append(f"  goal missed: {AHEAD_OF_PYTHON} times as quick as Python")
        if hub > BEHIND_TOKIO * tokio:
            lines.append(f"  goal missed: within {BEHIND_TOKIO} times of bare Tokio")
    lines += ["", "Medians of all repetitions."]
    if load > BUSY:
        lines.append(f"The machine was busy before (load {load:.1f}): trust the ratios, not the times.")
    return "\n".join(lines)


def duration(seconds: float) -> str:
    if seconds < 1e-6:
        return f"{seconds * 1e9:.0f} ns"
    return f"{seconds * 1e6:.2f} us"


def row(title, hub, tokio, python, behind, ahead, what) -> str:
    width = WIDTH - 10
    return f"{title:{width}} {hub:>9} {tokio:>9} {python:>9} {behind:>9} {ahead:>10}  {what}"


if __name__ == "__main__":
    sys.exit(main())
