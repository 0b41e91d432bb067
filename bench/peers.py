"""With whom nexus-writer is compared: a release of blisswriter for each layout of the file.

Each lives in a Python environment of its own, because they need different releases of blissdata;
`./dev bench` runs the benchmark in the one that fits, which publishes with that blissdata too.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import classic
import h5maps
from writers import Follower, OnDemand

HERE = Path(__file__).resolve().parent
REFERENCE = "blisswriter"


@dataclass
class Peer:
    """`writers` returns the programs to compare by their names, the reference first."""

    name: str
    title: str
    layout: ModuleType
    writers: Callable[[Path], dict]
    notes: tuple[str, ...]  # what the columns mean, below the table
    measure: str  # which figure the goal is about, `wall` or `work`
    wanted: int  # how many times less of it


def on_demand(binaries: Path) -> OnDemand:
    """Our `nexus-writer save`, of any revision."""
    return OnDemand(binaries / "nexus-writer", "save", "--json")


def h5maps_writers(binaries: Path) -> dict:
    return {
        REFERENCE: OnDemand(sys.executable, HERE / "reference.py", timed=True),
        "nexus-writer": on_demand(binaries),
    }


def classic_writers(binaries: Path) -> dict:
    program = "NexusSessionWriter"
    return {
        REFERENCE: Follower(Path(sys.executable).with_name(program)),
        "nexus-writer": Follower(binaries / program),
        "its save": on_demand(binaries),
    }


H5MAPS = Peer(
    "h5maps",
    "blisswriter 3.0.0: the layout that the publisher describes (h5maps)",
    h5maps,
    h5maps_writers,
    notes=("wall: whole process; - start: without Python's start and imports.",),
    measure="wall",
    wanted=10,
)

CLASSIC = Peer(
    "classic",
    "NexusSessionWriter of blisswriter 2.0.0: the layout that the writer computes (classic)",
    classic,
    classic_writers,
    notes=(
        "wall: from the start of the process until the file is closed; - start: from the moment when a",
        "scan appears to a writer that listens. its save: `nexus-writer save`, the whole process.",
    ),
    measure="work",
    wanted=10,
)

PEERS = {peer.name: peer for peer in (H5MAPS, CLASSIC)}
