"""The tools, one module each, which run in the environment of the tools.

A module has `PACKAGE`, the name of its package, and a dictionary `FINDS`: what has to be found, and the function that
looks for it in a `SavedFile` and raises an exception if it is not there. The function is called for the kinds of files in
the first element of the pair. A module in `FOLLOWERS` also has `FOLLOWS`, whose functions read a growing scan
until it ends: they get a function to call when they have the points that are there.
"""

NAMES = (
    "silx",
    "pymca",
    "nexusformat",
    "h5grove",
    "pyfai",
    "xarray",
    "pandas",
    "hdf5plugin",
    "blissdata",
    "nxtomomill",
    "ewoksdata",
    "h5py",
)
FOLLOWERS = ("blissdata", "ewoksdata", "h5py")
