"""Where our files of the classic layout differ from those of blisswriter 2.0.0, on purpose.

Each `Difference` changes what was recorded for one recording, or for all of them. Everything that is
not listed here has to be as the reference makes it. `docs/differences.md` lists the differences for users.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import h5py
import h5tree
import msgpack
import numpy as np
from replay import read


@dataclass(frozen=True)
class Difference:
    """`write` puts in an HDF5 file what is expected of the published streams in the file of a recording."""

    recording: str
    why: str
    write: Callable[[h5py.File, dict[str, np.ndarray]], None]

    def correct(self, golden: dict):
        (root,) = golden["files"].values()
        # The outcome of the reference was due to chance; ours is not.
        golden.pop("unstable", None)
        streams = published(self.recording)
        h5tree.merge(root, h5tree.described(lambda h5: self.write(h5, streams), classic=True))


@dataclass(frozen=True)
class Names:
    """`names` are those of the reference, and ours, of groups, datasets and links in the files of some recordings."""

    recordings: tuple[str, ...]
    why: str
    names: dict[str, str]

    def correct(self, group: dict):
        for item in group["items"]:
            item[0] = self.names.get(item[0], item[0])
            if item[1]["kind"] == "group":
                self.correct(item[1])
            elif item[1]["kind"] == "soft":
                parts = item[1]["path"].split("/")
                item[1]["path"] = "/".join(self.names.get(part, part) for part in parts)


def correct(recording: str, golden: dict):
    for difference in DIFFERENCES:
        if difference.recording == recording:
            difference.correct(golden)
    for names in NAMES:
        if recording in names.recordings:
            for root in golden["files"].values():
                names.correct(root)
    for root in golden["files"].values():
        for _, entry in root["items"]:
            if entry["kind"] == "group":
                add_completeness(entry)
                sort_items(entry)


def add_completeness(entry: dict):
    """Add the record of what was published and what is in the file to every finished entry, in fields of
    NXnote. With it, a reader can prove that nothing is missing."""
    items = dict(entry["items"])
    if "end_time" not in items:
        return

    def record(note: h5py.Group):
        note["type"] = "application/json"
        note["data"] = "<RECORD>"

    h5tree.merge(items["writer"], h5tree.described(record))


def sort_items(group: dict):
    """Without a tracked order, names are sorted."""
    group["items"].sort(key=lambda item: item[0].encode())
    for _, item in group["items"]:
        if item["kind"] == "group":
            sort_items(item)


def whole(chunks: tuple, detector: str, fill, attributes: dict | None = None) -> Callable:
    """Write the entry of a loop whose only detector the reference cannot save: all that was published."""

    def write(h5: h5py.File, streams: dict[str, np.ndarray]):
        h5["1.1/writer/status"] = "SUCCEEDED"
        for path in ("instrument/positioners", "measurement"):
            h5.create_group(f"1.1/{path}").attrs["NX_class"] = "NXcollection"
        for channel, points in streams.items():
            name = channel.rpartition(":")[2]
            is_detector = name == detector
            place = f"/1.1/instrument/{name}/{'data' if is_detector else 'value'}"
            dataset = h5.create_dataset(
                place,
                data=points,
                chunks=(len(points), *chunks) if is_detector else (len(points),),
                maxshape=(None,) * points.ndim,
                fillvalue=fill if is_detector else np.nan,
            )
            dataset.parent.attrs["NX_class"] = "NXdetector" if is_detector else "NXpositioner"
            dataset.attrs.update((attributes or {}) if is_detector else {"units": "s"})
            for collection in ["measurement"] if is_detector else ["measurement", "instrument/positioners"]:
                h5[f"1.1/{collection}/{name}"] = h5py.SoftLink(place)

    return write


def published(recording: str) -> dict[str, np.ndarray]:
    """All points of each stream, those of different shape filled up with zeros."""
    entries, streams = {}, {}
    for _, arguments in read(recording):
        if arguments[0] == b"JSON.SET":
            streams = json.loads(arguments[3]).get("data_streams", {})
        elif b"payload" in arguments:
            entries.setdefault(arguments[1].decode().rpartition(":")[2], []).append(arguments[-1])
    return {
        name: stacked([decoded(payload, stream["encoding"]) for payload in entries[stream["pk"]]])
        for name, stream in streams.items()
    }


def decoded(payload: bytes, encoding: dict) -> np.ndarray:
    """One point."""
    if -1 not in encoding["shape"]:
        return np.frombuffer(payload, encoding["dtype_str"]).reshape(encoding["shape"])
    shape, data = msgpack.unpackb(payload)
    return np.frombuffer(data, encoding["dtype_str"]).reshape(shape)


def stacked(points: list[np.ndarray]) -> np.ndarray:
    shape = np.max([point.shape for point in points], axis=0) if points[0].ndim else ()
    data = np.zeros((len(points), *np.asarray(shape, int)), points[0].dtype)
    for place, point in zip(data, points) if points[0].ndim else ():
        place[tuple(map(slice, point.shape))] = point
    return data if points[0].ndim else np.array(points)


NO_FILL = "the reference fails when it creates the dataset, and stops reading all channels"
RAGGED = "the reference cannot place points with another number of rows, and stops reading all channels"

DIFFERENCES = [
    Difference("types_bool", NO_FILL, whole((), "flag", False)),
    Difference("types_complex", NO_FILL, whole((), "cplx", complex(np.nan, np.nan))),
    Difference("variable_rows", RAGGED, whole((512, 3), "rows", 0, {"interpretation": "image"})),
]

NAMES = [
    Names(
        ("autofilter_detectors", "lines_triggered", "mosca_steps", "mosca_triggered", "triggered_aborted"),
        "the sum of two elements is not known as such, because a pair becomes a list on its way through Redis",
        {
            "falconx_det_1_2_": "falconx_sum_1_2",
            "falconx_det_1_2_pair_sum_01": "falconx_sum_1_2_pair",
            "pair_sum_01": "pair",
        },
    ),
]
