"""h5grove: what H5Web asks it for, of every object, in each encoding."""

import io

import h5py
import numpy as np
import orjson
from h5grove import content, encoders
from h5grove.utils import hdf_path_join
from readers.files import SavedFile, assert_begins, assert_same, open_until_end

PACKAGE = "h5grove"
KINDS = ("curve", "spectrum", "image", "mesh", "filters", "texts", "tomography")


def refuse(status: int, message: str) -> Exception:
    return RuntimeError(f"{status}: {message}")


def paths(file: SavedFile) -> list[str]:
    with content.get_list_of_paths(file.path, "/", refuse) as found:
        return list(found)


def all_paths(file: SavedFile):
    found = paths(file)
    for name in file.names:
        assert file.path_of(name) in found, f"{file.path_of(name)} is not listed"


def described(file: SavedFile):
    """Ask for the description and the attributes of each object."""
    for path in paths(file):
        with content.get_content_from_file(file.path, path, refuse) as item:
            described = orjson.loads(encoders.encode(item.metadata(), "json").content)
            assert described["kind"] in ("group", "dataset"), f"{path}: {described}"
            names = {attribute["name"] for attribute in described["attributes"]}
            attributes = orjson.loads(encoders.encode(item.attributes(), "json").content)
            assert names == set(attributes), path


def data(file: SavedFile):
    """Ask for the data of each dataset, as JSON, as bytes for JavaScript, and as a file of numpy."""
    for path in paths(file):
        with content.get_content_from_file(file.path, path, refuse) as item:
            if item.kind != "dataset":
                continue
            encoders.encode(item.data(), "json")
            found = item.data()
            if isinstance(found, np.ndarray) and found.dtype.kind in "iuf":
                found = item.data(dtype="safe", flatten=True)
                assert len(encoders.encode(found, "bin").content) == found.nbytes, path
                copy = np.load(io.BytesIO(encoders.encode(item.data(), "npy").content))
                assert copy.shape == item.metadata()["shape"], path


def values(file: SavedFile):
    for name in file.names:
        if file.channel(name).kind == "json":
            continue
        with content.get_content_from_file(file.path, file.path_of(name), refuse) as item:
            expected = file.values(name)
            as_json = orjson.loads(encoders.encode(item.data(), "json").content)
            assert_same(as_json, expected, f"{name} as JSON")
            copy = np.load(io.BytesIO(encoders.encode(item.data(), "npy").content))
            assert_same(copy, expected, f"{name} as npy")
            assert_same(item.data("0"), expected[0], f"the first point of {name}")


def stats(file: SavedFile):
    for name in file.names:
        if file.channel(name).kind == "json":
            continue
        with content.get_content_from_file(file.path, file.path_of(name), refuse) as item:
            found = item.data_stats()
            expected = file.values(name)
            assert found["min"] == expected.min() and found["max"] == expected.max(), f"{name}: {found}"
            # It cuts the mean of integers to an integer.
            assert abs(found["mean"] - expected.mean()) < 1, f"{name}: {found}"


def default_chain(file: SavedFile):
    """Follow the attributes `default` from the root to the plot, as the viewer does in the browser."""
    with h5py.File(file.path) as h5:
        path, seen = "/", []
        while "default" in h5[path].attrs and path not in seen:
            seen.append(path)
            path = hdf_path_join(path, h5[path].attrs["default"])
        assert path in h5, path
        if file.has_plot:
            assert h5[path].attrs["NX_class"] == "NXdata", path
            assert h5[path].attrs["signal"] == file.signal


def while_growing(file: SavedFile, half):
    def look():
        described(file)
        data(file)
        for name in file.names:
            if file.channel(name).kind != "json":
                with content.get_content_from_file(file.path, file.path_of(name), refuse) as item:
                    assert_begins(item.data(), file.values(name, "finished"), name)

    look()
    half()
    open_until_end(file, look)


FINDS = {
    "paths": (KINDS, all_paths),
    "descriptions, attributes": (KINDS, described),
    "data of all datasets": (KINDS, data),
    "values": (KINDS, values),
    "statistics": (KINDS, stats),
    "default plot": (("curve", "spectrum", "image", "mesh"), default_chain),
}
FOLLOWS = {"a file that changes": (KINDS, while_growing)}
