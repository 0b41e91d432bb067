"""Prints how far a scan is while it is saved, and its default plot at the end: follow_silx.py FILE ENTRY"""

import sys
import time

from silx.io import get_data
from silx.io.h5py_utils import File, top_level_names
from silx.io.nxdata import get_default

name, entry = sys.argv[1:]
ended = False
while not ended:
    try:
        # Entries that have a start time, also while they are being written.
        running = entry in top_level_names(name, include_only=("start_time",))
    except FileNotFoundError:
        # The scan has not begun yet.
        running = False
    if running:
        # silx opens files for reading without a lock.
        with File(name) as file:
            ended = "end_time" in file[entry]
            channels = file.get(f"{entry}/measurement", {})
            lengths = [len(channel) for channel in channels.values() if channel.ndim]
            print(f"{min(lengths, default=0)} points of all channels", flush=True)
    if not ended:
        time.sleep(0.5)

title = get_data(f"silx:{name}?/{entry}/title")
with File(name) as file:
    plot = get_default(file[entry])
    print(f"{title}: {plot.signal_name} over {', '.join(plot.axes_dataset_names)}")
