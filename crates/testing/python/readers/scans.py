"""The scans, and the values that a reader has to find.

Each file has one kind of content, and its last scan is the one that is finished, aborted or growing.
"""

import numpy as np
from workloads import Channel, Scan

POINTS = 20
HALF = 12
GRID = (5, 4)
FRAME = (12, 16)
FRAMES_PER_FILE = 8
DETECTOR_FRAMES = "cam:image"
MCA = "fx:spectrum_det0"
TEXT = "Größe 5 µm, 東京"


def curve() -> list[Scan]:
    """One motor, two counters, and a plot of them."""
    counts = 100.0 + 10 * (np.arange(POINTS) % 7)
    channels = [
        Channel("axis:samy", "positioner", np.linspace(0, 1.9, POINTS), "mm"),
        *timer(),
        Channel("ct2:det00", "counter", counts),
        Channel("ct2:det01", "counter", counts**2),
    ]
    return [Scan(1, "ascan", "ascan samy 0 1.9 19 0.1", channels, 0.1)]


def spectrum() -> list[Scan]:
    """Spectra of an MCA."""
    spectra = np.arange(POINTS * 64, dtype="<u4").reshape(POINTS, 64) % 1000
    return [Scan(1, "loopscan", "loopscan 20 0.1", [*timer(), Channel(MCA, "mca", spectra)], 0.1)]


def image() -> list[Scan]:
    """Images that are streamed, and images that a detector has saved in files of its own."""
    channels = [*timer(), Channel("basler:frames", "image", frames()), Channel(DETECTOR_FRAMES, "lima", frames(7))]
    return [Scan(1, "loopscan", "loopscan 20 0.1", channels, 0.1)]


def mesh() -> list[Scan]:
    """A grid of 5 rows of 4 points."""
    slow, fast = np.meshgrid(np.arange(GRID[0]) * 0.5, np.arange(GRID[1]) * 0.25, indexing="ij")
    channels = [
        Channel("axis:roby", "positioner", fast.ravel(), "mm"),
        Channel("axis:robz", "positioner", slow.ravel(), "mm"),
        *timer(),
        Channel("ct2:det00", "counter", 3.0 * np.arange(POINTS)),
    ]
    return [Scan(1, "amesh", "amesh roby 0 0.75 3 robz 0 2 4 0.1", channels, 0.1)]


def texts() -> list[Scan]:
    """A title and metadata with letters of several alphabets, and a stream of JSON values."""
    events = np.array([{"point": point, "text": TEXT, "list": [1, None]} for point in range(POINTS)])
    return [Scan(1, "loopscan", f"loopscan {TEXT}", [*timer(), Channel("log:events", "json", events)], 0.1)]


def filters() -> list[Scan]:
    """Spectra that are large enough for the filters that the scan asks for."""
    spectra = np.arange(POINTS * 32768, dtype="<u4").reshape(POINTS, 32768) % 1013
    return [Scan(1, "loopscan", "loopscan 20 0.1", [*timer(), Channel(MCA, "mca", spectra)], 0.1)]


def tomography() -> list[Scan]:
    """The scans of a tomography: the sequence, dark images, reference images, and projections."""

    def step(number: int, title: str, points: int, channels: list[Channel]) -> Scan:
        return Scan(number, "fscan", title, channels, 0.1)

    angles = np.linspace(0, 180, POINTS, endpoint=False)
    moved = [Channel("axis:rot", "positioner", angles, "deg"), *timer(), Channel(DETECTOR_FRAMES, "lima", frames(7))]
    still = [*timer(3), Channel(DETECTOR_FRAMES, "lima", frames(7)[:3])]
    return [
        step(1, "tomo:fullturn", 1, [*timer(1), Channel("ct2:det00", "counter", np.ones(1))]),
        step(2, "dark images", 3, still),
        step(3, "reference images", 3, still),
        step(4, "projections 20", POINTS, moved),
    ]


KINDS = {scan.__name__: scan for scan in (curve, spectrum, image, mesh, texts, filters, tomography)}


def of(kind: str, writer: str) -> list[Scan]:
    """Return the scans of a file. The reference writers fail at streams of JSON values."""
    found = KINDS[kind]()
    if writer == "reference":
        for scan in found:
            scan.channels = [channel for channel in scan.channels if channel.kind != "json"]
    return found


def timer(points: int = POINTS) -> list[Channel]:
    elapsed = np.arange(points) * 0.1
    return [
        Channel("timer:elapsed_time", "timer", elapsed, "s"),
        Channel("timer:epoch", "timer", 1.75e9 + elapsed, "s"),
    ]


def frames(first: int = 0) -> np.ndarray:
    size = POINTS * FRAME[0] * FRAME[1]
    return (np.arange(first, first + size, dtype="<u2") % 997).reshape(POINTS, *FRAME)


def published(channel: Channel, state: str, last: bool) -> int:
    """Return the number of points of a channel that are published. `last`: the scan is the last one of its file."""
    if state == "finished" or not last:
        return channel.points
    if state == "aborted":
        # Not equally long, but the channels of the plot are.
        return HALF + {"timer:elapsed_time": 1, "timer:epoch": -1}.get(channel.name, 0)
    return HALF


def visible(channel: Channel, state: str, last: bool) -> int:
    """Return the number of points that a reader finds. Frames of a detector count when their file is complete."""
    points = published(channel, state, last)
    if channel.kind == "lima" and state == "growing" and last:
        return points // FRAMES_PER_FILE * FRAMES_PER_FILE
    return points


def shown_name(channel: Channel) -> str:
    """Return the name of the link in `measurement`."""
    return {DETECTOR_FRAMES: "cam", MCA: "fx_det0"}.get(channel.name, channel.display_name)


def plot(kind: str) -> tuple[str, list[str]]:
    """Return the signal and the axes, the slow one first, of the plot of the last scan of a kind."""
    return {
        "curve": ("det00", ["samy"]),
        "spectrum": ("fx_det0", []),
        "image": ("frames", []),
        "mesh": ("det00", ["robz", "roby"]),
        "filters": ("fx_det0", []),
    }.get(kind, ("", []))
