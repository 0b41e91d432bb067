"""Mappings that change between PREPARED and CLOSED, and files that several scans share."""

import numpy as np

from . import items as i
from .fixture import ScenarioFixture


def two_versions(fixture: ScenarioFixture):
    """Values, attributes, groups, links and a whole file change; the streams stay."""
    publisher = fixture.scan(1)
    diode, seconds = publisher.stream("diode"), publisher.stream("t")
    same = {
        "title": "loopscan 3",
        "unchanged": i.dataset(0.1, units="s"),
    }
    streams = {"diode": i.stream("diode"), "t": i.dataset(i.stream("t"), units="s")}
    prepared = {
        **same,
        "end_reason": "RUNNING",
        "to_delete": [1, 2],
        "to_group": 5,
        "link": i.soft("title"),
        "measurement": i.group(streams, NX_class="NXcollection"),
    }
    closed = {
        **same,
        "end_reason": "SUCCESS",
        "to_group": i.group({"x": 1}, NX_class="NXcollection"),
        "end_time": "2026-01-01T00:00:00+01:00",
        "plot": i.group({"diode": i.soft("../measurement/diode")}, NX_class="NXdata", signal="diode"),
        "link": i.soft("end_time"),
        "measurement": i.group(streams, NX_class="NXcollection", note="done"),
    }

    def send():
        for k in range(3):
            diode.send(k)
            seconds.send(0.1 * k)
            fixture.pause()

    publisher.run(
        {"scan.h5": i.group({"1.1": i.group(prepared, NX_class="NXentry", tmp=1)})},
        send,
        {
            "scan.h5": i.group({"1.1": i.group(closed, NX_class="NXentry", default="plot")}),
            "extra.h5": i.group({"1.1": i.external("scan.h5", "/1.1")}),
        },
    )


def streams_change(fixture: ScenarioFixture):
    """A streamed dataset is not as it was when the scan is closed. Its points must survive."""
    plain = i.stream("diode")
    cases = {
        "attributes": ({"diode": i.dataset(plain, units="V")}, {"diode": i.dataset(plain, units="A", gain=2)}),
        "attributes_added": ({"diode": plain}, {"diode": i.dataset(plain, units="A")}),
        "removed": ({"diode": plain}, {}),
        "moved": ({"diode": plain}, {"current": plain}),
        "replaced": ({"diode": plain}, {"diode": 1}),
        "added": ({}, {"diode": plain}),
        "group_removed": ({"sub": i.group({"diode": plain, "x": 1})}, {}),
        "no_data": ({"empty": i.stream("empty")}, {"empty": i.dataset(i.stream("empty"), units="A")}),
    }
    for number, (name, (before, after)) in enumerate(cases.items(), 1):
        publisher = fixture.scan(number, f"{name}.h5", label=name)
        diode = publisher.stream("diode")
        publisher.stream("empty")
        publisher.run(
            {f"{name}.h5": i.entry("1.1", {"title": name, **before})},
            lambda diode=diode: diode.send(np.arange(4, dtype="<f8")),
            {f"{name}.h5": i.entry("1.1", {"title": name, **after})},
        )


def shared_file(fixture: ScenarioFixture):
    """Two scans in one file, which one of them names in another way; a third repeats an entry."""

    def maps(name: str, creator: str, entry: str) -> dict:
        children = {"title": f"scan {entry[0]}", "x": i.stream("x")}
        return {name: i.group({entry: i.group(children, NX_class="NXentry")}, NX_class="NXroot", creator=creator)}

    second = fixture.scan(2, label="second")
    first = fixture.scan(1, label="first", wave=1)
    floats, integers = second.stream("x"), first.stream("x", "<i4")
    second.prepare(maps("scan.h5", "scan2", "2.1"))
    second.start()
    floats.send(0.0)
    fixture.pause()
    first.prepare(maps(f"../{fixture.root.name}/scan.h5", "scan1", "1.1"))
    first.start()
    for k in range(4):
        integers.send(np.int32(k))
        if k:
            floats.send(float(k))
        fixture.pause()
    second.stop()
    second.close()
    first.stop()
    first.close()
    again = fixture.scan(2, label="again", wave=2)
    again.stream("x")
    again.run(maps("scan.h5", "scan3", "2.1"))
