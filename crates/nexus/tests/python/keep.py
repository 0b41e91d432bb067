"""Keep a dataset open and look at it again and again, with the index of the first look.

Usage: keep.py FILE PATH COUNT

For each line of the input, prints whether the first COUNT elements are what they were at the first look.
"""

import sys

import h5py
import numpy


def main(filename, path, count):
    count = int(count)
    # Without a chunk cache: each look is one at the file.
    with h5py.File(filename, "r", locking=False, rdcc_nbytes=0) as root:
        dataset = root[path]
        first = dataset[:count]
        print("ready", flush=True)
        for _ in sys.stdin:
            print(numpy.array_equal(dataset[:count], first), flush=True)


main(*sys.argv[1:])
