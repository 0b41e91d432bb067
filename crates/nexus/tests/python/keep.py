"""Keep a dataset open and look at it again and again, with the index of the first look.

Usage: keep.py FILE PATH COUNT

For each line of the input, prints whether the first COUNT elements are 0, 1, 2, ...
"""

import sys

import h5py
import numpy


def main(filename, path, count):
    count = int(count)
    # Without a chunk cache: each look is one at the file.
    with h5py.File(filename, "r", locking=False, rdcc_nbytes=0) as root:
        dataset = root[path]
        for _ in sys.stdin:
            print(numpy.array_equal(dataset[:count], numpy.arange(count)), flush=True)


main(*sys.argv[1:])
