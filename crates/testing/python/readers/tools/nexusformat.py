"""nexusformat (NeXpy): the tree of a file, its plots, and its values."""

from dataclasses import replace

from nexusformat.nexus import nxload
from readers.files import SavedFile, assert_begins, assert_same, open_until_end
from readers.scans import GRID

PACKAGE = "nexusformat"
NUMBERS = ("curve", "spectrum", "image", "mesh", "filters", "tomography")


def values(file: SavedFile):
    root = nxload(file.path)
    measurement = root[file.entry]["measurement"]
    for name in file.names:
        assert_same(measurement[name].nxvalue, file.values(name), name)


def entries(file: SavedFile):
    root = nxload(file.path)
    assert sorted(entry.nxname for entry in root.NXentry) == [f"{scan.number}.1" for scan in file.scans]
    assert str(root[file.entry]["title"]) == file.scan.title
    assert root[file.entry].NXinstrument


def plot(file: SavedFile):
    root = nxload(file.path)
    found = root[file.entry].plottable_data
    if not file.has_plot:
        return
    assert found is not None
    signal, axes = found.nxsignal, found.nxaxes
    assert signal.nxname.replace("_link", "") == file.signal, signal.nxname
    expected = file.values(file.signal)
    if file.kind == "mesh" and signal.ndim == 2:
        rows = len(expected) // GRID[1]
        assert_same(signal.nxvalue[:rows], expected.reshape(rows, GRID[1]), file.signal)
        assert [axis.nxname for axis in axes] == file.axes
        return
    assert_same(signal.nxvalue, expected, file.signal)
    if file.kind == "curve":
        assert_same(axes[0].nxvalue, file.values(file.axes[0]), file.axes[0])


def tree(file: SavedFile):
    root = nxload(file.path, recursive=True)
    assert file.entry in root.tree


def units(file: SavedFile):
    root = nxload(file.path)
    assert root[f"{file.entry}/measurement/samy"].attrs["units"] == "mm"


def while_growing(file: SavedFile, half):
    def look():
        measurement = nxload(file.path, recursive=True)[file.entry]["measurement"]
        for name in file.names:
            try:
                found = measurement[name].nxvalue
            except ValueError:
                # It opens the file again for values, and refuses points that came after it had loaded the tree.
                continue
            assert_begins(found, file.values(name, "finished"), name)

    look()
    half()
    open_until_end(file, look)
    values(replace(file, state="finished"))
    plot(replace(file, state="finished"))


FINDS = {
    "entries": ((*NUMBERS, "texts"), entries),
    "values": (NUMBERS, values),
    "plottable data": (("curve", "spectrum", "image", "mesh"), plot),
    "tree": ((*NUMBERS, "texts"), tree),
    "units": (("curve",), units),
}
FOLLOWS = {"a file that changes": (("curve", "spectrum", "mesh"), while_growing)}
