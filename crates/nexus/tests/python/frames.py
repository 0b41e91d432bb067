"""Describe the dataset of a detector's frames as h5py sees it, without a lock.

Usage: frames.py FILE PATH
"""

import json
import sys

import h5py
import numpy


def block(space):
    """Where a selection begins and how large it is."""
    start, end = space.get_select_bounds()
    count = [last - first + 1 for first, last in zip(start, end)]
    return [list(start), count]


def describe(dataset):
    values = dataset[()]
    if h5py.check_string_dtype(dataset.dtype):
        values = dataset.asstr()[()]
    elif dataset.dtype.kind == "f":
        values = numpy.where(numpy.isnan(values), -1, values)
    sources = dataset.virtual_sources() if dataset.is_virtual else []
    return {
        "dtype": dataset.dtype.str,
        "shape": dataset.shape,
        "maxshape": dataset.maxshape,
        "chunks": dataset.chunks,
        "fill": str(dataset.fillvalue),
        "external": dataset.external,
        "sources": [
            [source.file_name, source.dset_name, *block(source.src_space), *block(source.vspace)]
            for source in sources
        ],
        "values": values.tolist(),
    }


def main(filename, path):
    with h5py.File(filename, "r", locking=False) as root:
        json.dump(describe(root[path]) if path in root else None, sys.stdout)


main(*sys.argv[1:])
