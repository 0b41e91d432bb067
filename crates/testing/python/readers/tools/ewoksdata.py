"""ewoksdata: the iterators with which workflows follow scans of BLISS."""

from ewoksdata.data import bliss
from readers.files import SavedFile, assert_same

PACKAGE = "ewoksdata"
KINDS = ("curve", "spectrum", "image", "mesh", "tomography")
WAIT = 10


def channels(file: SavedFile) -> dict:
    """Return the arguments that name detectors and counters."""
    cameras = [name for name in file.names if file.channel(name).kind == "lima"]
    return {"lima_names": cameras, "counter_names": [name for name in file.names if name not in cameras]}


def iterate(file: SavedFile, state: str, half=lambda: None):
    """Iterate over the points; `half` is called when those that are there now have come."""
    now = min(len(file.values(name)) for name in file.names)
    found = []
    for index, point in bliss.iter_bliss_data(file.path, file.scan.number, retry_timeout=WAIT, **channels(file)):
        assert index == len(found)
        found.append(point)
        if len(found) == now:
            half()
    shortest = min(len(file.values(name, state)) for name in file.names)
    for name in file.names:
        assert_same([point[name] for point in found], file.values(name, state)[:shortest], name)


def points(file: SavedFile):
    iterate(file, file.state)


def follow(file: SavedFile, half):
    iterate(file, "finished", half)


def whole(file: SavedFile):
    """Get data by its URL."""
    for name in file.names:
        data = bliss.get_data(f"silx://{file.path}::{file.path_of(name)}", retry_timeout=WAIT)
        assert_same(data, file.values(name), name)


def wait_for_whole(file: SavedFile, half):
    """Ask for data of a running scan: they come when it has ended."""
    half()
    for name in file.names:
        data = bliss.get_data(f"silx://{file.path}::{file.path_of(name)}", retry_timeout=WAIT)
        assert_same(data, file.values(name, "finished"), name)


FINDS = {}
FINDS_AFTERWARDS = {"points of a scan": (KINDS, points), "data by URL": (KINDS, whole)}
FOLLOWS = {"points as they come": (KINDS, follow), "data when the scan ends": (KINDS, wait_for_whole)}
