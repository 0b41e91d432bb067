"""Prints the points of a channel while its scan is saved: follow_h5py.py FILE ENTRY CHANNEL"""

import sys
import time

import h5py

name, entry, channel = sys.argv[1:]
done = 0
ended = False
while not ended:
    # A file that stays open does not show what comes later, so it is opened each time.
    try:
        with h5py.File(name) as file:
            ended = f"{entry}/end_time" in file
            points = file.get(f"{entry}/measurement/{channel}")
            if points is not None:
                for value in points[done:]:
                    print(f"{channel} {value}", flush=True)
                done = len(points)
    except FileNotFoundError:
        # The scan has not begun yet.
        pass
    if not ended:
        time.sleep(0.5)
print(f"the scan has ended with {done} points")
