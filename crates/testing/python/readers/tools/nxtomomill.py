"""nxtomomill: the scans of a tomography become one NXtomo, as `nxtomomill h52nx` does it."""

import os
import tempfile

import h5py
import numpy as np
from nxtomomill.converter.hdf5.hdf5converter import from_h5_to_nx, get_bliss_tomo_entries
from nxtomomill.models.h52nx import H52nxModel
from readers.files import SavedFile, assert_same
from readers.scans import FRAME, shown_name

PACKAGE = "nxtomomill"
DARK, FLAT, PROJECTION = 2, 1, 0


def converted(file: SavedFile):
    with tempfile.TemporaryDirectory() as folder:
        model = H52nxModel()
        model.input_file, model.output_file = file.path, os.path.join(folder, "tomo.nx")
        model.single_file, model.request_input = True, False
        assert get_bliss_tomo_entries(file.path, model) == ["1.1"]
        made = from_h5_to_nx(model)
        assert len(made) == 1, f"{len(made)} acquisitions"
        path, entry = made[0]
        with h5py.File(path) as h5:
            check(file, h5[entry])


def check(file: SavedFile, tomo: h5py.Group):
    steps = [next(c for c in scan.channels if shown_name(c) == "cam") for scan in file.scans[1:3]]
    projections, angles = file.values("cam"), file.values("rot")
    detector = tomo["instrument/detector"]
    keys = [DARK] * 3 + [FLAT] * 3 + [PROJECTION] * len(projections)
    assert_same(detector["image_key"][()], keys, "image_key")
    frames = np.concatenate([*(step.data for step in steps), projections])
    assert detector["data"].shape[1:] == FRAME
    assert_same(detector["data"][()], frames, "frames")
    np.testing.assert_allclose(tomo["sample/rotation_angle"][()][6:], angles[: len(projections)])
    assert tomo["definition"].asstr()[()] == "NXtomo"


def sequence(file: SavedFile):
    """Find the sequence in a file, whose last scan may run."""
    model = H52nxModel()
    model.input_file, model.output_file = file.path, os.path.join(tempfile.gettempdir(), "none.nx")
    assert get_bliss_tomo_entries(file.path, model) == ["1.1"]


FINDS = {"sequence of scans": (("tomography",), sequence)}
FINDS_AFTERWARDS = {"its NXtomo": (("tomography",), converted)}
