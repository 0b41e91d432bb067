"""Describe datasets as h5py sees them, without a lock, and save their bytes.

Usage: dataset.py FILE DIRECTORY PATH...

Prints a list with a description for each path, or null where there is nothing; the bytes of the
n-th dataset go into the file n of the directory.
"""

import json
import sys

import h5py
import hdf5plugin  # noqa: F401  registers bitshuffle


def describe(dataset):
    plist = dataset.id.get_create_plist()
    chunks = []
    if dataset.chunks:
        for index in range(dataset.id.get_num_chunks()):
            info = dataset.id.get_chunk_info(index)
            chunks.append([list(info.chunk_offset), info.filter_mask, info.byte_offset, info.size])
    sources = []
    if dataset.is_virtual:
        sources = [[source.file_name, source.dset_name] for source in dataset.virtual_sources()]
    return {
        "dtype": str(dataset.dtype),
        "shape": dataset.shape,
        "maxshape": dataset.maxshape,
        "chunks": dataset.chunks,
        "filters": [dataset.shuffle, dataset.compression, dataset.compression_opts],
        "pipeline": [
            [number, flags, list(values)]
            for number, flags, values, _ in map(plist.get_filter, range(plist.get_nfilters()))
        ],
        "fill": str(dataset.fillvalue),
        "fill defined": plist.fill_value_defined() == h5py.h5d.FILL_VALUE_USER_DEFINED,
        "stored": sorted(chunks),
        "sources": sources,
    }


def main(filename, directory, *paths):
    described = []
    with h5py.File(filename, "r", locking=False) as root:
        for number, path in enumerate(paths):
            if path not in root:
                described.append(None)
                continue
            described.append(describe(root[path]))
            with open(f"{directory}/{number}", "wb") as file:
                file.write(root[path][()].tobytes())
    json.dump(described, sys.stdout)


main(*sys.argv[1:])
