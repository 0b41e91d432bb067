"""pyFAI and FabIO: images as they open them, integrated."""

import fabio
import h5py
import numpy as np
from pyFAI.detectors import Detector
from pyFAI.integrator.azimuthal import AzimuthalIntegrator
from readers.files import SavedFile, assert_same
from readers.scans import FRAME

PACKAGE = "pyFAI"
NAMES = ("frames", "cam")


def images(file: SavedFile):
    for name in NAMES:
        expected = file.values(name)
        with fabio.open(f"{file.path}::{file.path_of(name)}") as found:
            assert found.nframes == len(expected), f"{found.nframes} images"
            for number in range(found.nframes):
                assert_same(found.get_frame(number).data, expected[number], f"image {number} of {name}")


def integrated(file: SavedFile):
    """Integrate each image of the stack, and compare with integrating what was published."""
    detector = Detector(pixel1=1e-4, pixel2=1e-4, max_shape=FRAME)
    integrator = AzimuthalIntegrator(dist=0.1, poni1=6e-4, poni2=8e-4, detector=detector, wavelength=1e-10)
    for name in NAMES:
        expected = file.values(name)
        with h5py.File(file.path) as h5:
            for number, frame in enumerate(h5[file.path_of(name)]):
                found = integrator.integrate1d(frame, 8, unit="r_mm", method=("no", "histogram", "cython"))
                again = integrator.integrate1d(expected[number], 8, unit="r_mm", method=("no", "histogram", "cython"))
                np.testing.assert_array_equal(found.intensity, again.intensity)
        assert number + 1 == len(expected), f"{number + 1} images of {name}"


FINDS = {"images by FabIO": (("image",), images), "integrated images": (("image",), integrated)}
