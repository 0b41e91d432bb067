"""A reader on the beamline: opens the file 10 times a second, without lock, while it is written.

`live_reader.py FILE EPOCH ELAPSED RATE DATASET...` runs until its standard input is closed, and
prints one JSON line per opening: the time, the tries that it took, the points that are visible in
all datasets, and the publishing time of the newest of them. A try fails when the file cannot be
opened, or shows values that were never published.
"""

import json
import select
import sys
import time

import h5py
import numpy as np

PERIOD = 0.1
PAUSE = 0.01
MAX_TRIES = 20
TAIL = 2000


class WrongValues(Exception):
    """The file opens, but shows something else than what was published."""


def main(file: str, epoch: str, elapsed: str, rate: float, datasets: list[str]):
    while not stopped():
        begin = time.time()
        print(json.dumps(look(file, epoch, elapsed, rate, datasets)), flush=True)
        time.sleep(max(0, begin + PERIOD - time.time()))


def look(file: str, epoch: str, elapsed: str, rate: float, datasets: list[str]) -> dict:
    """One opening, tried until it succeeds."""
    errors = []
    while len(errors) < MAX_TRIES:
        at = time.time()
        try:
            visible, newest = read(file, epoch, elapsed, rate, datasets)
            return {"time": at, "tries": len(errors) + 1, "visible": visible, "newest": newest, "errors": errors}
        except FileNotFoundError:
            return {"time": at, "tries": 0, "visible": 0, "newest": None, "errors": []}
        except Exception as error:  # whatever h5py says of a file in the middle of a change
            errors.append(f"{type(error).__name__}: {error}")
            time.sleep(PAUSE)
    return {"time": at, "tries": None, "visible": 0, "newest": None, "errors": errors}


def read(file: str, epoch: str, elapsed: str, rate: float, datasets: list[str]):
    """The number of points in the shortest dataset, and when the newest of them was published."""
    with h5py.File(file, "r", locking=False) as root:
        visible = min((len(root[path]) if path in root else 0) for path in datasets)
        if visible == 0:
            return 0, None
        first = max(0, visible - TAIL)
        published = root[epoch][first:visible]
        found, expected = root[elapsed][first:visible], np.arange(first, visible) / rate
        wrong = np.flatnonzero(found != expected)
        if len(wrong):
            at = wrong[0]
            raise WrongValues(
                f"{len(wrong)} elapsed times from point {first + at} of {visible} on:"
                f" {found[at]:g} instead of {expected[at]:g}"
            )
        if published[0] < 1e9 or np.any(np.diff(published) < 0):
            raise WrongValues(f"publishing times of points {first} to {visible - 1}")
        return visible, float(published[-1])


def stopped() -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(readable)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), sys.argv[5:])
