"""Scans that do not go as they should: failures, losses, and strange ends."""

import numpy as np

from . import items as i
from .detectors import announce
from .stage import Stage


def failures(stage: Stage):
    """One scan each for what can go wrong with a mapping or its files."""

    def play(number: int, label: str):
        scan = stage.scan(number, f"{label}.h5", label=label)
        return scan, scan.stream("diode"), f"{label}.h5"

    healthy = {"title": "healthy", "diode": i.stream("diode")}

    scan, diode, file = play(1, "missing_stream")
    scan.run({file: i.group({**healthy, "x": i.stream("nope")})}, lambda: diode.send(1.0))

    scan, diode, file = play(2, "json_stream")
    values = scan.json("j")
    scan.run(
        {file: i.group({**healthy, "x": i.stream("j")})},
        lambda: (diode.send(1.0), values.send({"a": float("nan")}), values.send([1, "é"])),
    )

    scan, diode, file = play(3, "missing_directory")
    elsewhere = {"nowhere/extra.h5": i.group({"x": 1})}
    scan.run({file: i.group(healthy), **elsewhere}, lambda: diode.send(1.0))

    scan, diode, file = play(4, "root_is_dataset")
    scan.run({file: i.dataset(1)}, lambda: diode.send(1.0))

    scan, diode, file = play(5, "late_directory")
    scan.run({file: i.group(healthy)}, lambda: diode.send(1.0), {file: i.group({**healthy, "end": 1}), **elsewhere})

    scan, diode, file = play(6, "two_places")
    cam = scan.lima("cam:image", (2, 4), 4)
    children = {**healthy, "one": i.stream("cam:image"), "two": i.stream("cam:image")}
    scan.run({file: i.group(children)}, lambda: (announce(cam, 4), diode.send(np.arange(3.0))))

    scan, diode, file = play(7, "unknown_plugin")
    scan.stream("odd")
    scan.disguise("odd", plugin="zarr")
    scan.run({file: i.group({**healthy, "x": i.stream("odd")})}, lambda: diode.send(1.0))

    scan, diode, file = play(8, "not_hdf5")
    (stage.root / file).write_text("This is not an HDF5 file.\n" * 100)
    scan.run({file: i.group(healthy)}, lambda: diode.send(1.0))


def not_saved(stage: Stage):
    """Scans that are not to be saved are complete without a file."""
    stage.scan(1, None, label="no_path").run({"no_path.h5": i.group({"x": 1})})
    stage.scan(2, "no_maps.h5", label="no_maps").run(None)
    stage.scan(3, "empty_maps.h5", label="empty_maps").run({})


def sequence(stage: Stage):
    """A sequence of scans with a file of its own that links to theirs."""
    parent = stage.scan(1, "sequence.h5", label="sequence", wave=1)
    subscans = parent.sequence("subscans")
    diode = parent.stream("diode")
    maps = {"sequence.h5": i.entry("1.1", {"title": "sequence", "diode": i.stream("diode")})}
    links = {}
    parent.prepare(maps)
    parent.start()
    for number in (2, 3):
        child = stage.scan(number, "scan.h5", label=f"child {number}", group=parent.key)
        counter = child.stream("counter", "<i8")
        subscans.send({"key": child.key, "scan_number": number})
        name = f"{number}.1"
        child.run(
            {"scan.h5": i.measurement(name, {"counter": i.stream("counter")})},
            lambda counter=counter, number=number: counter.send(np.arange(number)),
        )
        diode.send(float(number))
        links[name] = i.external("scan.h5", f"/{name}")
    parent.stop()
    closed = i.entry("1.1", {"title": "sequence", "diode": i.stream("diode"), "subscans": i.group(links)})
    parent.close({"sequence.h5": closed})


def mapped_sequence(stage: Stage):
    """The stream of a sequence is mapped like a channel."""
    play = stage.scan(1)
    subscans, diode = play.sequence("subscans"), play.stream("diode")
    maps = i.entry("1.1", {"subscans": i.stream("subscans"), "diode": i.stream("diode")})
    play.run(
        {"scan.h5": maps},
        lambda: (subscans.send({"key": "esrf:scan:gone", "scan_number": 7}), diode.send(1.0)),
    )


def trimmed(stage: Stage):
    """Points that the data base has removed before the writer started."""
    play = stage.scan(1)
    head, tail, batches = play.stream("head"), play.stream("tail"), play.stream("batches", "<i4", (2,))
    ragged, whole = play.stream("ragged", "<i2", (-1,)), play.stream("whole")

    def send():
        for k in range(10):
            head.send(k)
            tail.send(k)
            whole.send(k)
            batches.send(np.full((5, 2), k, "<i4"))
            ragged.send(np.full(k % 3 + 1, k, "<i2"))
        play.trim(head, 4)
        play.trim(batches, 15)
        play.trim(ragged, 3)

    names = ["head", "tail", "batches", "ragged", "whole"]
    play.prepare({"scan.h5": i.measurement("1.1", {name: i.stream(name) for name in names})})
    play.start()
    send()
    play.stop()
    play.trim_to_seal(tail)
    play.close()


def aborted(stage: Stage):
    """Scans that ended early, in every state, with streams of different lengths."""
    maps = {"title": "aborted", "diode": i.stream("diode"), "axis": i.stream("axis")}

    def play(number: int, label: str):
        scan = stage.scan(number, f"{label}.h5", label=label)
        return scan, scan.stream("diode"), scan.stream("axis"), {f"{label}.h5": i.entry("1.1", maps)}

    scan, diode, axis, mapping = play(1, "user_abort")
    scan.run(mapping, lambda: (diode.send(np.arange(3.0)), axis.send(np.arange(5.0))), end_reason="USER_ABORT")

    scan, diode, axis, mapping = play(2, "never_stopped")
    scan.prepare(mapping)
    scan.start()
    diode.send(np.arange(3.0))
    scan.close(end_reason="FAILURE")

    scan, *_, mapping = play(3, "never_started")
    scan.prepare(mapping)
    scan.close(end_reason="FAILURE")

    scan, *_ = play(4, "never_prepared")
    scan.close(end_reason="FAILURE")


def unsealed(stage: Stage):
    """The publisher has closed the scan but not its streams, which are never sealed."""
    play = stage.scan(1)
    diode, mca = play.stream("diode"), play.stream("mca", "<u4", (16,))
    play.prepare({"scan.h5": i.measurement("1.1", {"diode": i.stream("diode"), "mca": i.stream("mca")})})
    play.start()
    for k in range(5):
        diode.send(k)
    mca.send(np.arange(3 * 16, dtype="<u4").reshape(3, 16))
    play.close_unsealed("FAILURE")


def deleted(stage: Stage):
    """The scan is deleted by force while it runs: closed, not sealed, and gone ten seconds later.

    There must be a writer that follows the scan already.
    """
    play = stage.scan(1)
    diode = play.stream("diode")
    play.prepare({"scan.h5": i.measurement("1.1", {"diode": i.stream("diode")})})
    play.start()
    for k in range(20):
        diode.send(k)
        stage.pause()
    diode.join()
    stage.pause()
    stage.store.delete_scan(play.key, force=True)
