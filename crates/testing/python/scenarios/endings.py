"""Scans that do not go as they should: failures, losses, and strange ends."""

import numpy as np

from . import items as i
from .detectors import announce
from .fixture import ScenarioFixture


def failures(fixture: ScenarioFixture):
    """One scan each for what can go wrong with a mapping or its files."""

    def create(number: int, label: str):
        scan = fixture.scan(number, f"{label}.h5", label=label)
        return scan, scan.stream("diode"), f"{label}.h5"

    healthy = {"title": "healthy", "diode": i.stream("diode")}

    scan, diode, file = create(1, "missing_stream")
    scan.run({file: i.group({**healthy, "x": i.stream("nope")})}, lambda: diode.send(1.0))

    scan, diode, file = create(2, "json_stream")
    values = scan.json("j")
    scan.run(
        {file: i.group({**healthy, "x": i.stream("j")})},
        lambda: (diode.send(1.0), values.send({"a": float("nan")}), values.send([1, "é"])),
    )

    scan, diode, file = create(3, "missing_directory")
    elsewhere = {"nowhere/extra.h5": i.group({"x": 1})}
    scan.run({file: i.group(healthy), **elsewhere}, lambda: diode.send(1.0))

    scan, diode, file = create(4, "root_is_dataset")
    scan.run({file: i.dataset(1)}, lambda: diode.send(1.0))

    scan, diode, file = create(5, "late_directory")
    scan.run({file: i.group(healthy)}, lambda: diode.send(1.0), {file: i.group({**healthy, "end": 1}), **elsewhere})

    scan, diode, file = create(6, "two_places")
    cam = scan.lima("cam:image", (2, 4), 4)
    children = {**healthy, "one": i.stream("cam:image"), "two": i.stream("cam:image")}
    scan.run({file: i.group(children)}, lambda: (announce(cam, 4), diode.send(np.arange(3.0))))

    scan, diode, file = create(7, "unknown_plugin")
    scan.stream("odd")
    scan.disguise("odd", plugin="zarr")
    scan.run({file: i.group({**healthy, "x": i.stream("odd")})}, lambda: diode.send(1.0))

    scan, diode, file = create(8, "not_hdf5")
    (fixture.root / file).write_text("This is not an HDF5 file.\n" * 100)
    scan.run({file: i.group(healthy)}, lambda: diode.send(1.0))


def not_saved(fixture: ScenarioFixture):
    """Scans that are not to be saved are complete without a file."""
    fixture.scan(1, None, label="no_path").run({"no_path.h5": i.group({"x": 1})})
    fixture.scan(2, "no_maps.h5", label="no_maps").run(None)
    fixture.scan(3, "empty_maps.h5", label="empty_maps").run({})


def sequence(fixture: ScenarioFixture):
    """A sequence of scans with a file of its own that links to theirs."""
    parent = fixture.scan(1, "sequence.h5", label="sequence", wave=1)
    subscans = parent.sequence("subscans")
    diode = parent.stream("diode")
    maps = {"sequence.h5": i.entry("1.1", {"title": "sequence", "diode": i.stream("diode")})}
    links = {}
    parent.prepare(maps)
    parent.start()
    for number in (2, 3):
        child = fixture.scan(number, "scan.h5", label=f"child {number}", group=parent.key)
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


def mapped_sequence(fixture: ScenarioFixture):
    """The stream of a sequence is mapped like a channel."""
    publisher = fixture.scan(1)
    subscans, diode = publisher.sequence("subscans"), publisher.stream("diode")
    maps = i.entry("1.1", {"subscans": i.stream("subscans"), "diode": i.stream("diode")})
    publisher.run(
        {"scan.h5": maps},
        lambda: (subscans.send({"key": "esrf:scan:gone", "scan_number": 7}), diode.send(1.0)),
    )


def trimmed(fixture: ScenarioFixture):
    """Points that the data base has removed before the writer started."""
    publisher = fixture.scan(1)
    head, tail, batches = publisher.stream("head"), publisher.stream("tail"), publisher.stream("batches", "<i4", (2,))
    ragged, whole = publisher.stream("ragged", "<i2", (-1,)), publisher.stream("whole")

    def send():
        for k in range(10):
            head.send(k)
            tail.send(k)
            whole.send(k)
            batches.send(np.full((5, 2), k, "<i4"))
            ragged.send(np.full(k % 3 + 1, k, "<i2"))
        publisher.trim(head, 4)
        publisher.trim(batches, 15)
        publisher.trim(ragged, 3)

    names = ["head", "tail", "batches", "ragged", "whole"]
    publisher.prepare({"scan.h5": i.measurement("1.1", {name: i.stream(name) for name in names})})
    publisher.start()
    send()
    publisher.stop()
    publisher.trim_to_seal(tail)
    publisher.close()


def aborted(fixture: ScenarioFixture):
    """Scans that ended early, in every state, with streams of different lengths."""
    maps = {"title": "aborted", "diode": i.stream("diode"), "axis": i.stream("axis")}

    def create(number: int, label: str):
        scan = fixture.scan(number, f"{label}.h5", label=label)
        return scan, scan.stream("diode"), scan.stream("axis"), {f"{label}.h5": i.entry("1.1", maps)}

    scan, diode, axis, mapping = create(1, "user_abort")
    scan.run(mapping, lambda: (diode.send(np.arange(3.0)), axis.send(np.arange(5.0))), end_reason="USER_ABORT")

    scan, diode, axis, mapping = create(2, "never_stopped")
    scan.prepare(mapping)
    scan.start()
    diode.send(np.arange(3.0))
    scan.close(end_reason="FAILURE")

    scan, *_, mapping = create(3, "never_started")
    scan.prepare(mapping)
    scan.close(end_reason="FAILURE")

    scan, *_ = create(4, "never_prepared")
    scan.close(end_reason="FAILURE")


def unsealed(fixture: ScenarioFixture):
    """The publisher has closed the scan but not its streams, which are never sealed."""
    publisher = fixture.scan(1)
    diode, mca = publisher.stream("diode"), publisher.stream("mca", "<u4", (16,))
    publisher.prepare({"scan.h5": i.measurement("1.1", {"diode": i.stream("diode"), "mca": i.stream("mca")})})
    publisher.start()
    for k in range(5):
        diode.send(k)
    mca.send(np.arange(3 * 16, dtype="<u4").reshape(3, 16))
    publisher.close_unsealed("FAILURE")


def deleted(fixture: ScenarioFixture):
    """The scan is deleted by force while it runs: closed, not sealed, and gone ten seconds later.

    There must be a writer that follows the scan already.
    """
    publisher = fixture.scan(1)
    diode = publisher.stream("diode")
    publisher.prepare({"scan.h5": i.measurement("1.1", {"diode": i.stream("diode")})})
    publisher.start()
    for k in range(20):
        diode.send(k)
        fixture.pause()
    diode.join()
    fixture.pause()
    fixture.store.delete_scan(publisher.key, force=True)
