"""What a tool is told about a file, and what it has to find in it."""

import time
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from workloads import Channel, Scan

from . import scans

# Seconds between two openings of a file that grows.
PERIOD = 0.02


@dataclass(frozen=True)
class SavedFile:
    """A file with scans of one kind. `writer` is `ours` or `reference`."""

    path: str
    kind: str
    layout: str
    state: str
    writer: str

    def as_dict(self) -> dict:
        return asdict(self)

    @cached_property
    def scans(self) -> list[Scan]:
        return scans.of(self.kind, self.writer)

    @property
    def scan(self) -> Scan:
        """The last scan of the file."""
        return self.scans[-1]

    @property
    def entry(self) -> str:
        return f"{self.scan.number}.1"

    @property
    def measurement(self) -> str:
        return f"/{self.entry}/measurement"

    @property
    def has_ended(self) -> bool:
        return self.state != "growing"

    @property
    def has_plot(self) -> bool:
        """Whether there is a plot by now. In the classic layout it is made when a scan ends, and not of half a grid."""
        if self.layout == "classic" and (not self.has_ended or (self.kind == "mesh" and self.state == "aborted")):
            return False
        return bool(scans.plot(self.kind)[0])

    @property
    def signal(self) -> str:
        return scans.plot(self.kind)[0]

    @property
    def axes(self) -> list[str]:
        return scans.plot(self.kind)[1]

    @property
    def names(self) -> list[str]:
        """The names of all channels in `measurement`."""
        return [scans.shown_name(channel) for channel in self.scan.channels]

    def channel(self, name: str) -> Channel:
        (channel,) = [channel for channel in self.scan.channels if scans.shown_name(channel) == name]
        return channel

    def values(self, name: str, state: str = "") -> np.ndarray:
        """Return the points of the last scan that a reader finds, by the name in `measurement`."""
        channel = self.channel(name)
        return channel.data[: scans.visible(channel, state or self.state, last=True)]

    def path_of(self, name: str) -> str:
        return f"{self.measurement}/{name}"


def assert_same(found, expected, what: str = ""):
    """Compare values, for which it does not matter whether they are integers."""
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        raise AssertionError(f"{what}: shape {found.shape} instead of {expected.shape}")
    if not np.array_equal(found, expected):
        wrong = np.argwhere(found != expected)
        at = tuple(wrong[0])
        first = f"{found[at]} instead of {expected[at]} at {at}"
        raise AssertionError(f"{what}: {len(wrong)} wrong values, the first one is {first}")


def assert_begins(found, expected, what: str = ""):
    """Compare the points that are there by now with those of the whole scan."""
    assert_same(found, expected[: len(found)], what)


def open_until_end(file: SavedFile, look):
    """Call `look`, which opens the file, again and again until the scan has ended, and once more then."""
    import h5py

    ended = False
    while not ended:
        with h5py.File(file.path, "r") as h5:
            ended = f"{file.entry}/end_time" in h5
        look()
        time.sleep(PERIOD)
