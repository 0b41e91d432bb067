"""The five workloads: what a beamline publishes, from step scans to image series.

A `Workload` makes its `Scan`s on demand, each a list of `Channel`s with all their points in
memory. Data is drawn from a seeded generator, so that every run (and every writer) gets the
same bytes, and looks like measured data: a compressor gains on it what it gains on a beamline.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

SEED = 20240611


@dataclass
class Channel:
    """One stream of a scan. `data` has the shape (points, *shape of one point)."""

    name: str
    kind: str  # positioner, timer, counter, mca or image; in other programs lima or json
    data: np.ndarray
    unit: str = ""

    @property
    def display_name(self) -> str:
        return self.name.rsplit(":", 1)[-1]

    @property
    def points(self) -> int:
        return len(self.data)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape[1:]


@dataclass
class Scan:
    """One scan: its channels, and how many points each Redis entry holds."""

    number: int
    name: str
    title: str
    channels: list[Channel]
    count_time: float
    batch: int = 1

    @property
    def nbytes(self) -> int:
        return sum(channel.data.nbytes for channel in self.channels)

    @property
    def entries(self) -> int:
        return sum(-(-channel.points // self.batch) for channel in self.channels)


@dataclass
class Workload:
    name: str
    description: str
    make: Callable[[], Iterator[Scan]]

    def scans(self) -> list[Scan]:
        return list(self.make())


def scalar_channels(rng: np.random.Generator, points: int) -> list[Channel]:
    """20 float64 channels: 2 motors, 2 timers and 16 counters that see a moving peak."""
    step = np.arange(points) / points
    elapsed = np.arange(points) * 0.01 + rng.normal(0, 2e-5, points).cumsum()
    channels = []
    for axis, (start, stop) in {"samy": (-1, 1), "samz": (10, 12.5)}.items():
        position = start + (stop - start) * step + rng.normal(0, 1e-5, points)
        channels.append(Channel(f"axis:{axis}", "positioner", position, "mm"))
    channels.append(Channel("timer:elapsed_time", "timer", elapsed, "s"))
    channels.append(Channel("timer:epoch", "timer", 1.75e9 + elapsed, "s"))
    for number in range(16):
        width = 0.05 + 0.01 * number
        peak = 50 + 2000 * (number + 1) * np.exp(-(((step - 0.5) / width) ** 2) / 2)
        counts = rng.poisson(peak).astype(np.float64)
        channels.append(Channel(f"ct2:det{number:02d}", "counter", counts))
    return channels


def spectra(rng: np.random.Generator, points: int, size: int, scale: float) -> np.ndarray:
    """Fluorescence spectra: lines over a falling background, a few counts in most bins."""
    energy = np.arange(size) / size
    expected = 4 * np.exp(-3 * energy)
    for place in rng.uniform(0.05, 0.9, 12):
        height, width = rng.uniform(20, 400), rng.uniform(0.004, 0.01)
        expected += height * np.exp(-(((energy - place) / width) ** 2) / 2)
    intensity = scale * (1 + 0.3 * np.sin(np.linspace(0, 6, points)))
    data = np.empty((points, size), np.uint32)
    for row, factor in zip(data, intensity):
        row[:] = rng.poisson(expected * factor)
    return data


def images(rng: np.random.Generator, points: int, size: int) -> np.ndarray:
    """Diffraction frames: low Poisson background with 40 spots that flicker."""
    y, x = np.mgrid[:size, :size]
    radius = np.hypot(y - size / 2, x - size / 2)
    background = 0.5 + 3 * np.exp(-radius / (size / 5))
    spots = np.zeros((size, size))
    for cy, cx in rng.uniform(0, size, (40, 2)):
        spots += rng.uniform(50, 3000) * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 8)
    data = np.empty((points, size, size), np.uint16)
    for frame, flicker in zip(data, rng.uniform(0, 1, points)):
        frame[:] = rng.poisson(background + spots * flicker)
    return data


def step_scan() -> Iterator[Scan]:
    rng = np.random.default_rng(SEED)
    yield Scan(1, "ascan", "ascan samy -1 1 24999 0.01", scalar_channels(rng, 25_000), 0.01)


def fast_scan() -> Iterator[Scan]:
    rng = np.random.default_rng(SEED + 1)
    channels = scalar_channels(rng, 1_000_000)
    yield Scan(1, "fscan", "fscan samy -1 2e-6 1000000 1e-4", channels, 1e-4, batch=1000)


def mca_scan() -> Iterator[Scan]:
    rng = np.random.default_rng(SEED + 2)
    channels = [
        Channel(f"fx:spectrum_det{n}", "mca", spectra(rng, 2000, 4096, 0.5 + 0.25 * n))
        for n in range(8)
    ]
    yield Scan(1, "loopscan", "loopscan 2000 0.1", channels, 0.1)


def image_scan() -> Iterator[Scan]:
    rng = np.random.default_rng(SEED + 3)
    channels = [Channel("basler:image", "image", images(rng, 400, 512))]
    yield Scan(1, "loopscan", "loopscan 400 0.05", channels, 0.05)


def short_scans() -> Iterator[Scan]:
    rng = np.random.default_rng(SEED + 4)
    for number in range(1, 51):
        yield Scan(number, "ascan", "ascan samy -1 1 9 0.1", scalar_channels(rng, 10), 0.1)


WORKLOADS = [
    Workload("step", "20 scalar channels x 25,000 points, one per entry", step_scan),
    Workload("fast", "20 scalar channels x 1,000,000 points, 1,000 per entry", fast_scan),
    Workload("mca", "8 MCA channels x 4,096 uint32 x 2,000 points", mca_scan),
    Workload("image", "400 frames of 512 x 512 uint16", image_scan),
    Workload("short", "50 scans of 10 points x 20 scalar channels, one file", short_scans),
]
