"""A reader on the beamline that opens one file after the other, ten times a second, while they are written.

`load_reader.py TARGETS SAMPLES` runs until its standard input is closed. TARGETS is a JSON file that lists the files,
each with some of its datasets. For each opening, a line is written into SAMPLES: the time, the number of points that
are visible in all of these datasets, and when the newest of them was published.
"""

import json
import select
import sys
import time
from itertools import cycle
from pathlib import Path

import h5py

PERIOD = 0.1
TRIES = 20


def main(targets: str, samples: str):
    with Path(samples).open("w") as lines:
        for number, target in cycle(enumerate(json.loads(Path(targets).read_text()))):
            begin = time.time()
            visible, newest = look(target)
            print(json.dumps({"target": number, "time": begin, "visible": visible, "newest": newest}), file=lines)
            time.sleep(max(0, begin + PERIOD - time.time()))
            if select.select([sys.stdin], [], [], 0)[0]:
                return


def look(target: dict) -> tuple[int, float | None]:
    """Open a file, and again if it is just being changed."""
    for _ in range(TRIES):
        try:
            with h5py.File(target["file"], "r", locking=False) as root:
                visible = min(len(root[path]) if path in root else 0 for path in target["datasets"])
                return visible, float(root[target["epoch"]][visible - 1]) if visible else None
        except FileNotFoundError:
            break
        except Exception:  # whatever h5py says of a file in the middle of a change
            time.sleep(0.01)
    return 0, None


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
