"""The options that several benchmarks share."""

import argparse
from pathlib import Path

from peers import PEERS
from revision import ROOT
from workloads import WORKLOADS, Workload


def parser(description: str) -> argparse.ArgumentParser:
    """Layout, workloads, and where the files go."""
    workloads = ", ".join(f"{number} {workload.name}" for number, workload in enumerate(WORKLOADS, 1))
    parser = argparse.ArgumentParser(prog="./dev bench", description=description)
    add = parser.add_argument
    add("layout", choices=PEERS, help="which layout, and so which release of blisswriter publishes")
    binaries = ROOT / "target/release"
    add("--binaries", type=absolute, default=binaries, metavar="DIR", help="where our programs are")
    add("--only", type=find_workload, action="append", metavar="N", help=f"a workload ({workloads}); may be repeated")
    add("--directory", type=Path, metavar="DIR", help="where the files go, instead of the temporary directory")
    add("--json", action="store_true", help="print the figures of all runs as JSON")
    return parser


def find_workload(text: str) -> Workload:
    for number, workload in enumerate(WORKLOADS, 1):
        if text in (str(number), workload.name):
            return workload
    raise argparse.ArgumentTypeError(f"no workload {text!r}")


def absolute(text: str) -> Path:
    return Path(text).absolute()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
