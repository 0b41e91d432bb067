"""xarray: the groups of a scan as data sets, read by h5netcdf."""

import xarray
from readers.files import SavedFile, assert_same

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


FINDS = {"measurement": (KINDS, measurement), "a detector": (("spectrum", "image"), detector), "whole file": (KINDS, tree)}
