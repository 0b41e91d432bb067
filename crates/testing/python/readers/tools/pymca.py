"""PyMca: a scan as it selects counters and spectra, and stacks of spectra and images."""

from PyMca5.PyMcaCore import NexusTools
from PyMca5.PyMcaCore.NexusDataSource import NexusDataSource, h5open
from PyMca5.PyMcaIO.HDF5Stack1D import HDF5Stack1D
from readers.files import SavedFile, assert_begins, assert_same, open_until_end

PACKAGE = "PyMca5"
KINDS = ("curve", "spectrum", "image", "mesh", "filters", "tomography")


def entries(file: SavedFile):
    source = NexusDataSource(file.path)
    try:
        assert source.getSourceInfo()["Size"] == len(file.scans)
    finally:
        source.close()
    with h5open(file.path) as h5:
        assert NexusTools.getTitle(h5, f"/{file.entry}") == file.scan.title
        assert NexusTools.getMeasurementGroup(h5, f"/{file.entry}").name.endswith("measurement")


def curve(file: SavedFile):
    """Draw a counter over a motor, as the user does who selects both."""
    names = ["samy", "det00"]
    selection = {
        "sourcename": file.path,
        "entry": f"/{file.entry}",
        "cntlist": [f"/measurement/{name}" for name in names],
        "LabelNames": names,
        "x": [0],
        "y": [1],
        "xselectiontype": ["full"],
        "yselectiontype": ["full"],
        "selectiontype": "SCAN",
    }
    source = NexusDataSource(file.path)
    try:
        found = source.getDataObject("1.1", selection)
        assert_same(found.x[0], file.values("samy"), "samy")
        assert_same(found.y[0], file.values("det00"), "det00")
    finally:
        source.close()


def positioners(file: SavedFile):
    """List the motors that the scan moves."""
    with h5open(file.path) as h5:
        moved = {path.split("/")[-1] for path in NexusTools.getScannedPositioners(h5, f"/{file.entry}")}
        motors = {name for name in file.names if file.channel(name).kind == "positioner"}
        assert motors <= moved, f"{moved}"


def spectra(file: SavedFile):
    """Find the spectra of an MCA, and their sum."""
    with h5open(file.path) as h5:
        found = NexusTools.getMcaList(h5, f"/{file.entry}")
        datasets = [path for path in found if "fx_det0" in path]
        assert datasets, found
        assert_same(h5[datasets[0]][()], file.values("fx_det0"), datasets[0])
    selection = {
        "sourcename": file.path,
        "entry": f"/{file.entry}",
        "mcalist": [datasets[0].removeprefix(f"/{file.entry}")],
        "cntlist": [],
        "LabelNames": [],
        "mca": [0],
        "mcaselectiontype": "sum",
        "selectiontype": "MCA",
    }
    source = NexusDataSource(file.path)
    try:
        summed = source.getDataObject("1.1", selection)
        assert_same(summed.y[0], file.values("fx_det0").sum(axis=0, dtype="f4"), "sum")
    finally:
        source.close()


def stack(file: SavedFile):
    """Load the spectra of a map."""
    found = HDF5Stack1D([file.path], {"y": "/measurement/fx_det0"}, scanlist=[f"/{file.entry}"])
    expected = file.values("fx_det0")
    assert_same(found.data.reshape(expected.shape), expected, "stack")


def while_growing(file: SavedFile, half):
    def look():
        entries(file)
        with h5open(file.path) as h5:
            NexusTools.getScannedPositioners(h5, f"/{file.entry}")
            for path in NexusTools.getMcaList(h5, f"/{file.entry}"):
                assert_begins(h5[path][()], file.values(file.names[-1], "finished"), path)

    look()
    half()
    open_until_end(file, look)


FINDS = {
    "entries, titles": (KINDS, entries),
    "curve": (("curve",), curve),
    "moved motors": (("curve", "mesh"), positioners),
    "spectra": (("spectrum", "filters"), spectra),
    "stack of spectra": (("spectrum", "filters"), stack),
}
FOLLOWS = {"a file that changes": (("curve", "spectrum", "mesh"), while_growing)}
