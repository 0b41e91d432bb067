"""h5py: what its tutorials show, on files that are closed and on files that grow."""

import json
import time

import h5py
import numpy as np
from readers.files import SavedFile, assert_same
from readers.scans import TEXT

PACKAGE = "h5py"
NUMBERS = ("curve", "spectrum", "image", "mesh", "filters", "tomography")
PERIOD = 0.02


def values(file: SavedFile):
    import hdf5plugin  # noqa: F401

    with h5py.File(file.path) as h5:
        for name in file.names:
            assert_same(h5[file.path_of(name)][()], file.values(name), name)


def everything(file: SavedFile):
    """Visit all objects, and read all of them."""
    import hdf5plugin  # noqa: F401

    found = []

    def visit(name, item):
        dict(item.attrs)
        if isinstance(item, h5py.Dataset):
            item[()]
        found.append(name)

    with h5py.File(file.path, "r") as h5:
        h5.visititems(visit)
        h5.visititems_links(lambda name, link: h5[name])
    if file.entry not in found:
        raise AssertionError(f"{file.entry} is not there")


def texts(file: SavedFile):
    with h5py.File(file.path, "r") as h5:
        entry = h5[file.entry]
        assert entry["title"].asstr()[()] == file.scan.title
        if "events" in file.names:
            events = [json.loads(text) for text in entry["measurement/events"].asstr()]
            assert events == list(file.values("events")), events[:2]
        if file.has_ended or "technique" in entry:
            technique = entry["technique"]
            assert technique["comment"].asstr()[()] == TEXT
            assert list(technique["words"].asstr()) == ["one", TEXT]


def units(file: SavedFile):
    with h5py.File(file.path, "r") as h5:
        assert h5[file.path_of("samy")].attrs["units"] == "mm"
        assert h5[file.path_of("elapsed_time")].attrs["units"] == "s"


def read_while_growing(file: SavedFile, half):
    """Open the file again and again until the scan has ended; points are never less, and never wrong."""
    import hdf5plugin  # noqa: F401

    seen = dict.fromkeys(file.names, 0)
    while True:
        with h5py.File(file.path, "r") as h5:
            ended = f"{file.entry}/end_time" in h5
            for name in file.names:
                found = h5[file.path_of(name)]
                points = found[()]
                assert len(points) >= seen[name], f"{name}: {len(points)} points after {seen[name]}"
                seen[name] = len(points)
                assert_same(points, file.values(name, "finished")[: len(points)], name)
        half()
        if ended:
            break
        time.sleep(PERIOD)
    complete = {name: len(file.values(name, "finished")) for name in file.names}
    assert seen == complete, f"{seen} instead of {complete} when `end_time` is there"


def keep_open(file: SavedFile, half):
    """Read a file that was opened before the scan went on: the points of that moment stay readable."""
    with h5py.File(file.path, "r") as h5:
        name = file.names[-1]
        early = h5[file.path_of(name)][:]
        half()
        read_while_growing(file, half)
        assert np.array_equal(h5[file.path_of(name)][: len(early)], early)


FINDS = {
    "values of all channels": (NUMBERS, values),
    "all objects": ((*NUMBERS, "texts"), everything),
    "texts": (("texts",), texts),
    "units": (("curve",), units),
}
FOLLOWS = {
    "points as they come": (NUMBERS, read_while_growing),
    "a file that stays open": (("curve",), keep_open),
}
