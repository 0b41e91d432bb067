"""Images that a detector has saved in files of its own."""

from pathlib import Path

import h5py
import numpy as np

from . import items as i
from .fixture import ScanPublisher, ScenarioFixture

DATA = "/entry_0000/measurement/data"


def frame(number: int, shape) -> np.ndarray:
    return (np.arange(np.prod(shape)).reshape(shape) + 100 * number).astype("<u2")


def save_frames(file: Path, numbers, shape):
    """Save frames as the server of the detector does."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, "w") as h5:
        h5[DATA] = np.stack([frame(number, shape) for number in numbers])


def announce(stream, frames: int, saved: int | None = None, step: int = 3):
    """Status messages as a poll of the detector makes them: not one for every frame."""
    for last in [*range(step - 1, frames - 1, step), frames - 1]:
        stream.send({"last_index": last, "last_index_saved": max(last - 2, -1)})
    stream.send({"last_index": frames - 1, "last_index_saved": (frames if saved is None else saved) - 1})


def lima_references(fixture: ScenarioFixture):
    """All ways to save, or not; no file of a detector exists."""
    publisher = fixture.scan(1)
    diode = publisher.stream("diode")
    shape = (2, 4)
    folder = fixture.absolute("scan0001")
    pilatus = publisher.lima("pilatus:image", shape, 7, {"file_path": f"{folder}/pil_%04d.h5", "frames_per_file": 3})
    eiger = publisher.lima(
        "eiger:image", shape, 4, {"file_path": "/elsewhere/eig_%04d.h5", "frames_per_file": 10, "file_offset": 5}
    )
    cam = publisher.lima("cam:image", shape, 4)
    edf = publisher.lima(
        "edf:image",
        shape,
        2,
        {"file_path": f"{folder}/e_%04d.edf", "frames_per_file": 1, "file_format": "edf"},
    )
    publisher.lima("noimg:image", shape, 4, {"file_path": f"{folder}/no_%04d.h5", "frames_per_file": 1})

    def send():
        announce(pilatus, 14)
        announce(eiger, 4)
        announce(cam, 4)
        announce(edf, 2)
        diode.send(np.arange(4, dtype="<f8"))

    children = {
        "pilatus": i.dataset(i.stream("pilatus:image"), interpretation="image"),
        "eiger": i.stream("eiger:image"),
        "nosave": i.stream("cam:image"),
        "edf": i.stream("edf:image"),
        "noimg": i.stream("noimg:image"),
        "diode": i.stream("diode"),
    }
    publisher.run({"scan.h5": i.entry("1.1", children)}, send)


def lima_files(fixture: ScenarioFixture):
    """Ten frames in three files, and an axis."""
    shape = (6, 8)
    for file, numbers in enumerate((range(0, 4), range(4, 8), range(8, 10))):
        save_frames(fixture.root / f"scan0001/cam_{file:04d}.h5", numbers, shape)
    publisher = fixture.scan(1)
    saving = {"file_path": fixture.absolute("scan0001/cam_%04d.h5"), "frames_per_file": 4}
    cam, axis = publisher.lima("cam:image", shape, 10, saving), publisher.stream("axis:m0")

    def send():
        for k in range(10):
            axis.send(0.1 * k)
            cam.send({"last_index": k, "last_index_saved": 4 * (k // 4) - 1})
            fixture.pause()
        cam.send({"last_index": 9, "last_index_saved": 9})

    children = {"cam": i.dataset(i.stream("cam:image"), interpretation="image"), "m0": i.stream("axis:m0")}
    publisher.run({"scan.h5": i.measurement("1.1", children)}, send)


def lima_acquisitions(fixture: ScenarioFixture):
    """Three acquisitions of three frames, two in a file: the last file of each is shorter."""
    shape = (3, 5)
    for acquisition in range(3):
        first = 3 * acquisition
        save_frames(fixture.root / f"img/a{2 * acquisition + 1}.h5", (first, first + 1), shape)
        save_frames(fixture.root / f"img/a{2 * acquisition + 2}.h5", (first + 2,), shape)
    publisher = fixture.scan(1)
    saving = {"file_path": fixture.absolute("img/a%d.h5"), "frames_per_file": 2, "file_offset": 1}
    cam = publisher.lima("cam:image", shape, 3, saving)
    publisher.run({"scan.h5": i.measurement("1.1", {"cam": i.stream("cam:image")})}, lambda: announce(cam, 9, step=2))


def lima_aborted(fixture: ScenarioFixture):
    """The detector continued after the scan was aborted: its files hold more than was announced."""
    shape = (4, 4)
    save_frames(fixture.root / "scan0001/cam_0000.h5", range(0, 6), shape)
    save_frames(fixture.root / "scan0001/cam_0001.h5", range(6, 12), shape)
    publisher = fixture.scan(1)
    saving = {"file_path": fixture.absolute("scan0001/cam_%04d.h5"), "frames_per_file": 6}
    cam = publisher.lima("cam:image", shape, 20, saving)
    publisher.run(
        {"scan.h5": i.measurement("1.1", {"cam": i.stream("cam:image")})},
        lambda: announce(cam, 8),
        end_reason="USER_ABORT",
    )


def lima2_master(fixture: ScenarioFixture):
    """A detector with a master file, which is linked if there is a frame."""
    publisher = fixture.scan(1)
    cam, idle = lima2(publisher, "cam:frame", "scan0001/master.h5"), lima2(publisher, "idle:frame", "scan0001/idle.h5")
    away = lima2(publisher, "away:frame", "/elsewhere/master.h5")

    def send():
        for stream in (cam, away):
            for available in (3, 7, 12):
                stream.send(np.uint32(available))

    children = {
        "cam": i.stream("cam:frame"),
        "idle": i.stream("idle:frame"),
        "away": i.stream("away:frame"),
        "title": "lima 2",
    }
    assert idle is not None
    publisher.run({"scan.h5": i.entry("1.1", children)}, send)


def lima2(publisher: ScanPublisher, name: str, master: str):
    """The plugin of Lima 2 asks a server before it makes such a stream, and there is none."""
    stream = publisher.stream(name, "<u4")
    publisher.disguise(
        name,
        plugin="lima2",
        dtype="uint16",
        shape=[512, 1024],
        protocol_version=2,
        acq_uuid="7a5f0ab0-1111-4222-8333-0123456789ab",
        source_name="frame",
        conductor_hostname="localhost",
        conductor_port=1,
        master_file=[master if master.startswith("/") else publisher.fixture.absolute(master), "/entry/data"],
    )
    return stream
