"""xarray: the groups of a scan as data sets, read by h5netcdf."""

import xarray
from readers.files import SavedFile, assert_begins, assert_same, open_until_end

PACKAGE = "xarray"
KINDS = ("curve", "spectrum", "image", "mesh", "tomography")


def measurement(file: SavedFile):
    with xarray.open_dataset(file.path, group=file.measurement, engine="h5netcdf", phony_dims="sort") as found:
        for name in file.names:
            assert_same(found[name].values, file.values(name), name)


def detector(file: SavedFile):
    for name in file.names:
        if file.channel(name).kind not in ("mca", "lima"):
            continue
        group = f"/{file.entry}/instrument/{name}"
        with xarray.open_dataset(file.path, group=group, engine="h5netcdf", phony_dims="sort") as found:
            variable = found["data"] if "data" in found else found["spectrum"]
            assert_same(variable.values, file.values(name), name)


def tree(file: SavedFile):
    with xarray.open_datatree(file.path, engine="h5netcdf", phony_dims="sort") as found:
        for name in file.names:
            assert_same(found[f"{file.measurement}/{name}"].values, file.values(name), name)


def while_growing(file: SavedFile, half):
    def look():
        with xarray.open_dataset(file.path, group=file.measurement, engine="h5netcdf", phony_dims="sort") as found:
            for name in file.names:
                assert_begins(found[name].values, file.values(name, "finished"), name)

    look()
    half()
    open_until_end(file, look)


FINDS = {
    "measurement": (KINDS, measurement),
    "a detector": (("spectrum", "image"), detector),
    "whole file": (KINDS, tree),
}
FOLLOWS = {"a file that changes": (KINDS, while_growing)}
