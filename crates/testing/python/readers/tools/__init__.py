"""The tools, one module each, which run in the environment of the tools.

A module has `PACKAGE`, the name of its package, and a dictionary `FINDS`: what has to be found, with the kinds of files
that have it, and the function that looks for it in a `SavedFile` and raises an exception if it is not there. What is
only found when scans have ended is in `FINDS_AFTERWARDS`. A module in `FOLLOWERS` also has `FOLLOWS`, whose functions
read a growing scan until it ends: they get a function to call when they have the points that are there.
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
FOLLOWERS = ("silx", "pymca", "nexusformat", "h5grove", "xarray", "blissdata", "ewoksdata", "h5py")
