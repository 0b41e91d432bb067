"""silx: what `silx view` shows by default, its access to data, and its conversion into other files."""

import os
import tempfile
from dataclasses import replace

import numpy as np
import silx.io
from readers.files import SavedFile, assert_begins, assert_same, open_until_end
from readers.scans import GRID
from silx.io import nxdata
from silx.io.convert import write_to_h5
from silx.io.url import DataUrl
from silx.io.utils import get_data, h5py_read_dataset, visitall

PACKAGE = "silx"
NUMBERS = ("curve", "spectrum", "image", "mesh", "filters", "tomography")


def default_plot(file: SavedFile):
    """Find the plot from the root of the file and from the entry, as the viewer does."""
    with silx.io.open(file.path) as root:
        for group in (root, root[file.entry]):
            plot = nxdata.get_default(group)
            if not file.has_plot:
                assert plot is None
                continue
            assert plot is not None, f"no plot of {group.name}"
            assert plot.is_valid, plot.issues
            assert plot.signal_name == file.signal
            check_plot(file, plot)


def check_plot(file: SavedFile, plot):
    signal = file.values(file.signal)
    axes = [file.values(name) for name in file.axes]
    if file.kind == "mesh" and np.ndim(plot.signal) == 2:
        rows = -(-len(signal) // GRID[1])
        grid = np.full(GRID, np.nan)
        grid.ravel()[: len(signal)] = signal
        found = np.asarray(plot.signal, float)
        assert found.shape in (GRID, (rows, GRID[1])), found.shape
        np.testing.assert_array_equal(found, grid[: len(found)])
        assert plot.axes_dataset_names == file.axes
        np.testing.assert_allclose(plot.axes[0][:rows], np.arange(rows) * 0.5, atol=1e-9)
        np.testing.assert_allclose(plot.axes[1], np.arange(GRID[1]) * 0.25, atol=1e-9)
        return
    assert_same(plot.signal[()], signal, file.signal)
    if axes:
        assert plot.is_scatter or len(axes) == 1
        for found, expected in zip(plot.axes, axes, strict=True):
            assert_same(found[()], expected, "axis")


def kind_of_plot(file: SavedFile):
    """Say what is drawn: a curve, a stack of spectra, a stack of images, an image or points of a mesh."""
    if not file.has_plot:
        return
    with silx.io.open(file.path) as root:
        plot = nxdata.get_default(root)
        kinds = {
            "curve": plot.is_curve,
            "spectrum": plot.interpretation == "spectrum" or plot.signal_ndim == 2,
            "filters": plot.interpretation == "spectrum" or plot.signal_ndim == 2,
            "image": plot.is_stack or plot.interpretation == "image",
            "mesh": plot.is_image or plot.is_scatter,
        }
        assert kinds[file.kind], f"{plot.interpretation}, {plot.signal_ndim} dimensions"


def values(file: SavedFile):
    for name in file.names:
        url = DataUrl(file_path=file.path, data_path=file.path_of(name), scheme="silx")
        assert_same(get_data(url), file.values(name), name)


def one_image(file: SavedFile):
    for name in ("frames", "cam"):
        url = DataUrl(f"silx://{file.path}?path={file.path_of(name)}&slice=5")
        assert_same(get_data(url), file.values(name)[5], name)


def all_objects(file: SavedFile):
    with silx.io.open(file.path) as root:
        for path, item in visitall(root):
            assert item is not None, path
            if silx.io.is_dataset(item):
                h5py_read_dataset(item)


def title(file: SavedFile):
    with silx.io.open(file.path) as root:
        assert h5py_read_dataset(root[file.entry]["title"]) == file.scan.title


def converted(file: SavedFile):
    """Copy the file into another one by `silx convert`."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "copy.h5")
        write_to_h5(file.path, copy, mode="w")
        with silx.io.open(copy) as root:
            for name in file.names:
                path = file.path_of(name)
                assert path in root, f"{path} is not in the copy"
                if name != "events":
                    assert_same(root[path][()], file.values(name), name)


def while_growing(file: SavedFile, half):
    def look():
        all_objects(file)
        for name in file.names:
            url = DataUrl(file_path=file.path, data_path=file.path_of(name), scheme="silx")
            assert_begins(get_data(url), file.values(name, "finished"), name)

    look()
    half()
    open_until_end(file, look)
    ended = replace(file, state="finished")
    if ended.has_plot:
        default_plot(ended)


FINDS_AFTERWARDS = {"kind of plot": (("curve", "spectrum", "image", "mesh", "filters"), kind_of_plot)}
FINDS = {
    "default plot": (("curve", "spectrum", "image", "mesh", "filters"), default_plot),
    "values by URL": (NUMBERS, values),
    "one image by URL": (("image",), one_image),
    "all objects": ((*NUMBERS, "texts"), all_objects),
    "title": (("texts", "curve"), title),
    "converted file": ((*NUMBERS, "texts"), converted),
}
FOLLOWS = {"a file that changes": (NUMBERS, while_growing)}
