"""Makes a file that `nexus-writer check` finds good, with one defect if a name of one is given.

    python checked.py FILE [DEFECT]
"""

import json
import sys
from pathlib import Path

import h5py
import numpy

POINTS = 5


def dangling_soft_link(file):
    file["1.1/measurement/lost"] = h5py.SoftLink("/1.1/instrument/lost/data")


def dangling_external_link(file):
    file["1.1/master"] = h5py.ExternalLink("nowhere.h5", "/1.1")


def external_link_to_nothing(file):
    with h5py.File(Path(file.filename).with_name("other.h5"), "w"):
        file["1.1/master"] = h5py.ExternalLink("other.h5", "/1.1")


def dangling_virtual_dataset(file):
    layout = h5py.VirtualLayout((2, 3), "u2")
    layout[:] = h5py.VirtualSource("frames.h5", "/entry/data", (2, 3))
    file["1.1/instrument"].create_virtual_dataset("frames", layout)


def missing_raw_data(file):
    external = [("frames.raw", 0, 12)]
    file["1.1/instrument"].create_dataset("frames", (2, 3), "u2", external=external)


def default_to_nothing(file):
    file["1.1"].attrs["default"] = "plot"


def plot_without_signal(file):
    del file["1.1/plotselect/diode"]


def axis_of_other_length(file):
    del file["1.1/plotselect/roby"]
    file["1.1/plotselect/roby"] = numpy.arange(POINTS - 2)


def shorter_than_recorded(file):
    file["1.1/instrument/diode/data"].resize((POINTS - 1,))


def unequal_lengths(file):
    file["1.1/instrument/diode/data"].resize((POINTS + 1,))


def fewer_published(file):
    """Nothing is wrong: the record tells, and the plot has as many positions."""
    positions_of_no_point(file)
    del file["1.1/plotselect/roby"]
    file["1.1/plotselect/roby"] = numpy.arange(POINTS - 1)


def positions_of_no_point(file):
    file["1.1/instrument/diode/data"].resize((POINTS - 1,))
    change_record(file, diode={"points": POINTS - 1})


def signals_of_two_lengths(file):
    file["1.1/plotselect"].attrs["auxiliary_signals"] = ["other"]
    file["1.1/plotselect/other"] = numpy.arange(POINTS - 1)


def no_end_time(file):
    del file["1.1/end_time"]


def no_record(file):
    del file["1.1/writer/data"]


def broken_record(file):
    write(file, "1.1/writer/data", "{}")


def newer_record(file):
    change_record(file, version=3)


def incomplete(file):
    write(file, "1.1/writer/status", "FAILED")
    change_record(file, complete=False, problems=["the sky fell"])


def holes(file):
    change_record(file, diode={"holes": [[1, 3]], "received": 3, "written": 3})


def version_1(file, **diode):
    """Nothing is wrong: older writers left this."""
    record = read_record(file)
    streams = [
        {
            "stream": name,
            "file": file.filename,
            "path": record["folder"] + path,
            "expected": POINTS,
            "received": POINTS,
            "written": POINTS,
            "holes": [],
        }
        for name, path in record["streams"].items()
    ]
    streams[0].update(diode)
    older = {"version": 1, "scan": record["scan"], "complete": True, "problems": [], "streams": streams}
    write(file, "1.1/writer/data", json.dumps(older))


def holes_of_version_1(file):
    version_1(file, holes=[[1, 3]], received=3, written=3)


def path_out_of_the_folder(file):
    change_record(file, diode={"path": "../diode/data"})


def not_what_the_status_says(file):
    write(file, "1.1/writer/status", "FAILED")


def running(file):
    del file["1.1/end_time"]
    del file["1.1/writer/data"]
    write(file, "1.1/writer/status", "RUNNING")


def root_record(file):
    """Nothing is wrong: files of published layouts have their records there."""
    file.attrs["completeness_01M82Y7PBE5ARXMK29K55ZRRJ4"] = file["1.1/writer/data"].asstr()[()]
    del file["1.1/writer"]


def circle(file):
    """Nothing is wrong: a walk must end all the same."""
    file["1.1/instrument/entry"] = file["1.1"]


def read_record(file):
    return json.loads(file["1.1/writer/data"].asstr()[()])


def change_record(file, diode=None, **changes):
    record = read_record(file)
    record.update(changes)
    if diode:
        record["streams"]["diode"] = {"path": record["streams"]["diode"], **diode}
    write(file, "1.1/writer/data", json.dumps(record))


def write(file, path, text):
    del file[path]
    file[path] = text


def group(parent, name, nx_class, **attributes):
    made = parent.create_group(name)
    made.attrs["NX_class"] = nx_class
    made.attrs.update(attributes)
    return made


def make(file):
    file.attrs.update({"NX_class": "NXroot", "default": "1.1"})
    entry = group(file, "1.1", "NXentry", default="plotselect")
    entry["end_time"] = "2026-11-23T00:31:05.786624+00:00"
    instrument = group(entry, "instrument", "NXinstrument")
    measurement = group(entry, "measurement", "NXcollection")
    streams = {}
    for name, nx_class in [("diode", "NXdetector"), ("roby", "NXpositioner")]:
        device = group(instrument, name, nx_class)
        device.create_dataset("data", data=numpy.arange(POINTS) / 2, maxshape=(None,))
        measurement[name] = h5py.SoftLink(f"{device.name}/data")
        streams[name] = f"{name}/data"
    plot = group(entry, "plotselect", "NXdata", signal="diode", axes=["roby"])
    plot["diode"] = h5py.SoftLink("/1.1/instrument/diode/data")
    plot["roby"] = h5py.SoftLink("/1.1/measurement/roby")
    writer = group(entry, "writer", "NXnote")
    writer["status"] = "SUCCEEDED"
    writer["type"] = "application/json"
    writer["data"] = json.dumps(
        {
            "version": 2,
            "scan": "esrf:scan:01M82Y7PBE5ARXMK29K55ZRRJ4",
            "complete": True,
            "folder": "/1.1/instrument/",
            "file": file.filename,
            "points": POINTS,
            "streams": streams,
        }
    )


with h5py.File(sys.argv[1], "w") as file:
    make(file)
    for defect in sys.argv[2:]:
        globals()[defect](file)
