"""Where blisswriter 3.0.0 is wrong, why, and what is right instead.

Each `Defect` corrects what was recorded for one scenario. Everything that is not listed here has to
be as the reference makes it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import h5py
import h5tree
import numpy as np
from scenarios.detectors import frame
from scenarios.static import INVALID, UNWRITABLE


@dataclass(frozen=True)
class Defect:
    """`write` puts in an HDF5 file what the reference should have put in its `file`, or has wrong."""

    scenario: str
    why: str
    file: str = "scan.h5"
    write: Callable[[h5py.File], None] | None = None
    # Only the elements are wrong, not the dataset: path -> elements.
    values: dict[str, np.ndarray] = field(default_factory=dict)
    # What the reference writes and should not.
    remove: tuple[str, ...] = ()
    # The scan that ends in another state, and what its reason must contain.
    label: str | None = None
    state: str = "INCOMPLETE"
    mentions: str = ""
    # True if the defect only occurs when the scan is followed while it runs, False if only when it is
    # not; None if it always occurs.
    live: bool | None = None

    def correct(self, golden: dict):
        if self.label is not None:
            outcome = {"label": self.label, "state": self.state, "mentions": self.mentions}
            golden["scans"] = [scan for scan in golden["scans"] if scan["label"] != self.label] + [outcome]
        if not (self.write or self.values or self.remove):
            return
        root = golden["files"].setdefault(self.file, h5tree.described(lambda h5: None))
        for path in self.remove:
            parent, name = h5tree.find_parent(root, path)
            parent["items"] = [item for item in parent["items"] if item[0] != name]
        if self.write:
            h5tree.merge(root, h5tree.described(self.write))
        for path, elements in self.values.items():
            parent, name = h5tree.find_parent(root, path)
            dataset = dict(parent["items"])[name]
            right = dict(h5tree.described(lambda h5: h5.create_dataset("x", data=elements))["items"])["x"]
            for key in ("unreadable", "value", "sha256"):
                dataset.pop(key, None)
                if key in right:
                    dataset[key] = right[key]


def of(scenario: str, live: bool) -> list[Defect]:
    return [defect for defect in DEFECTS if defect.scenario == scenario and defect.live in (None, live)]


def scalars(entry: str = "/", **values) -> Callable[[h5py.File], None]:
    """Datasets in a group, texts with the type that texts of mappings have."""

    def write(h5: h5py.File):
        group = h5.require_group(entry)
        for name, value in values.items():
            group.create_dataset(name, data=value)

    return write


def virtual(h5: h5py.File):
    layout = h5py.VirtualLayout((2,), "<u2")
    layout[0:2] = h5py.VirtualSource("o.h5", "/d", (2,), "<u2")
    h5.create_virtual_dataset("1.1/vds", layout)


def entry_with(**values) -> Callable[[h5py.File], None]:
    def write(h5: h5py.File):
        h5.attrs["NX_class"] = "NXroot"
        scalars("1.1", **values)(h5)
        h5["1.1"].attrs["NX_class"] = "NXentry"

    return write


def measured(**values) -> Callable[[h5py.File], None]:
    def write(h5: h5py.File):
        entry_with()(h5)
        scalars("1.1/measurement", **values)(h5)
        h5["1.1/measurement"].attrs["NX_class"] = "NXcollection"

    return write


def masters(h5: h5py.File):
    h5["1.1/cam"] = h5py.ExternalLink("scan0001/master.h5", "/entry/data")
    h5["1.1/away"] = h5py.ExternalLink("/elsewhere/master.h5", "/entry/data")


def lost(total: int, first: int, points, dtype: str, fill) -> np.ndarray:
    """A stream of which only the points from `first` on are left."""
    values = np.asarray(points, dtype)
    data = np.full((total, *values.shape[1:]), fill, dtype)
    data[first:] = values
    return data


INVALID_ITEM = "one item that is not valid keeps everything from being written"
HALF_WRITTEN = "one item that cannot be written keeps what comes after it from being written, streams too"
STREAM_LOST = "a stream that cannot be saved keeps those that can from being saved"
DATA_DELETED = "a streamed dataset whose item changes at CLOSED is deleted with its data"
DIODE = np.arange(4, dtype="<f8")

DEFECTS = [
    Defect("static_items", "virtual datasets are not supported, and missing without a word", write=virtual),
    *[
        Defect(
            "invalid_items",
            INVALID_ITEM,
            file=f"{name}.h5",
            write=entry_with(before=1, z_after=2),
            label=name,
            mentions=f"/1.1/{name}",
        )
        for name in INVALID
    ],
    *[
        Defect(
            "unwritable_items",
            HALF_WRITTEN,
            file=f"{name}.h5",
            write=scalars("1.1", z_after=2, diode=[1.0]),
            label=name,
            mentions=f"/1.1/{name}",
        )
        for name in UNWRITABLE
        if name != "wrapping"
    ],
    Defect(
        "unwritable_items",
        "an integer above the range of int64 becomes negative",
        file="wrapping.h5",
        write=scalars("1.1", wrapping=np.uint64(2**63)),
    ),
    Defect(
        "shared_file",
        "a scan that is refused, because its entry exists, replaces attributes of the file all the same",
        write=lambda h5: h5.attrs.__setitem__("creator", "scan1"),
    ),
    Defect(
        "lima_references",
        "virtual datasets refer to files that are not HDF5, and read as zeros; and a scan is complete without "
        "images that nobody saves",
        remove=("1.1/edf",),
        label="",
        mentions="edf:image",
    ),
    Defect(
        "lima_aborted",
        "a virtual dataset cannot be read when a file holds more frames than are referred to",
        values={"1.1/measurement/cam": np.stack([frame(number, (4, 4)) for number in range(8)])},
    ),
    Defect(
        "lima2_master",
        "a Lima 2 stream needs a live server; and a scan is complete without the files of its detectors",
        write=masters,
        label="",
        mentions="frames 0..12 are not there",
    ),
    Defect("failures", STREAM_LOST, file="missing_stream.h5", write=scalars(diode=[1.0]), label="missing_stream", mentions="'nope'"),
    Defect(
        "failures",
        "values of JSON have no type in HDF5, but a text",
        file="json_stream.h5",
        write=scalars(x=['{"a": NaN}', '[1, "\\u00e9"]']),
        label="json_stream",
        state="COMPLETE",
    ),
    Defect("failures", STREAM_LOST, file="unknown_plugin.h5", write=scalars(diode=[1.0]), label="unknown_plugin", mentions="odd"),
    Defect("failures", STREAM_LOST, file="two_places.h5", write=scalars(diode=DIODE[:3]), label="two_places", mentions="cam:image"),
    Defect(
        "failures",
        "a file that cannot be opened keeps the others from being written",
        file="missing_directory.h5",
        write=scalars(title="healthy", diode=[1.0]),
        label="missing_directory",
        mentions="nowhere/extra.h5",
    ),
    Defect(
        "failures",
        "a file that cannot be opened keeps the others from being written",
        file="late_directory.h5",
        write=scalars(title="healthy", diode=[1.0], end=1),
        label="late_directory",
        mentions="nowhere/extra.h5",
    ),
    Defect("mapped_sequence", STREAM_LOST, write=scalars("1.1", diode=[1.0]), label="", mentions="subscans"),
    Defect(
        "trimmed",
        "a stream with lost points is dropped, with the points that are there, and the scan is complete all the same",
        write=scalars(
            "1.1/measurement",
            head=lost(10, 4, range(4, 10), "<f8", np.nan),
            tail=lost(10, 10, [], "<f8", np.nan),
            batches=lost(50, 15, np.repeat(np.arange(3, 10), 10).reshape(-1, 2), "<i4", 0),
            ragged=lost(10, 3, [[k if column <= k % 3 else 0 for column in range(3)] for k in range(3, 10)], "<i2", 0),
        ),
        label="",
        mentions="lost",
    ),
    Defect(
        "unsealed",
        "a stream that is not sealed is waited for, for ever",
        write=measured(diode=np.arange(5.0), mca=np.arange(3 * 16, dtype="<u4").reshape(3, 16)),
        label="",
        mentions="not sealed",
    ),
    Defect(
        "deleted",
        "the streams of a scan that is deleted are waited for, for ever",
        write=measured(diode=np.arange(20.0)),
        label="",
    ),
    Defect("streams_change", DATA_DELETED, file="removed.h5", write=scalars("1.1", diode=DIODE), live=True),
    Defect("streams_change", DATA_DELETED, file="replaced.h5", write=scalars("1.1", diode=DIODE), live=True),
    Defect("streams_change", DATA_DELETED, file="group_removed.h5", write=scalars("1.1/sub", diode=DIODE), live=True),
    Defect(
        "streams_change",
        DATA_DELETED,
        file="moved.h5",
        write=scalars("1.1", diode=DIODE),
        remove=("1.1/current",),
        live=True,
    ),
    # Not a defect: the reference that saved the closed scan knew of this stream from the start.
    Defect("streams_change", "a stream that is mapped at CLOSED only is not followed", file="added.h5", remove=("1.1/diode",), live=True),
]
