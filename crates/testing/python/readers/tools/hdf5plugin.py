"""hdf5plugin: chunks that are compressed with filters that HDF5 itself does not have."""

import h5py
import hdf5plugin
from readers.files import SavedFile, assert_same

PACKAGE = "hdf5plugin"
DEFLATE = 1


def filtered(file: SavedFile):
    name = "fx_det0"
    with h5py.File(file.path) as h5:
        dataset = h5[file.path_of(name)]
        properties = dataset.id.get_create_plist()
        used = {properties.get_filter(number)[0] for number in range(properties.get_nfilters())}
        expected = hdf5plugin.BSHUF_ID if file.layout == "classic" else DEFLATE
        assert expected in used or (file.state == "growing" and not used), f"filters {used}"
        assert_same(dataset[()], file.values(name), name)


FINDS = {"compressed spectra": (("filters",), filtered)}
