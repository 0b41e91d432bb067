"""Hold a file open for writing until standard input ends.

Usage: hold.py FILE
"""

import sys

import h5py

with h5py.File(sys.argv[1], "a", locking=True):
    print("held", flush=True)
    sys.stdin.read()
