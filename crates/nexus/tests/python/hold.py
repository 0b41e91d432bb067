"""Hold a file open and locked until standard input ends, for writing unless a mode is given.

Usage: hold.py FILE [MODE]
"""

import sys

import h5py

mode = sys.argv[2] if len(sys.argv) > 2 else "a"
with h5py.File(sys.argv[1], mode, locking=True):
    print("held", flush=True)
    sys.stdin.read()
