"""blissdata: its own interface to files, for files that are closed and for those that grow."""

import hdf5plugin  # noqa: F401  (its filters are needed, and blissdata does not import it)
from blissdata.h5api import dynamic_hdf5, static_hdf5
from readers.files import SavedFile, assert_same

PACKAGE = "blissdata"
KINDS = ("curve", "spectrum", "image", "mesh", "filters", "tomography")
# Seconds. Without a limit, it waits for ever for what is not there.
WAIT = 10


def static(file: SavedFile):
    with static_hdf5.File(file.path) as root:
        for name in file.names:
            dataset = root[file.path_of(name)]
            assert_same(dataset[()], file.values(name), name)
            assert dataset.shape == file.values(name).shape
        assert root[file.entry].attrs["NX_class"] == "NXentry"


def dynamic(file: SavedFile):
    with dynamic_hdf5.File(file.path, retry_timeout=WAIT) as root:
        for name in file.names:
            expected = file.values(name)
            dataset = root[file.path_of(name)]
            assert len(dataset) >= len(expected), f"{name}: {len(dataset)} points"
            assert_same(dataset[: len(expected)], expected, name)
        assert root[file.entry].attrs["NX_class"] == "NXentry"


def names(file: SavedFile, half):
    """List the channels. In the published layout, it cannot know before the end of the scan that it has all of them."""
    half()
    with dynamic_hdf5.File(file.path, retry_timeout=WAIT) as root:
        assert set(root[file.measurement]) == set(file.names)


def follow_points(file: SavedFile, half):
    """Iterate over the points of each channel while the scan runs; the iteration ends with the scan."""
    with dynamic_hdf5.File(file.path, retry_timeout=WAIT) as root:
        for name in file.names:
            now = len(file.values(name))
            points = []
            for point in root[file.path_of(name)]:
                points.append(point)
                if len(points) == now:
                    half()
            assert_same(points, file.values(name, "finished"), name)


FINDS = {
    "values, static": (KINDS, static),
    "values, dynamic": (KINDS, dynamic),
}
FOLLOWS = {
    "points as they come": (KINDS, follow_points),
    "names of channels": (("curve",), names),
}
