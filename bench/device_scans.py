"""Publishes scans that run at the same time: `device_scans.py URL DIRECTORY SCANS SECONDS RATE`.

Each has 20 scalar channels and a file of its own. Prints a line when all of them have been created, and
another one when all of them are over.
"""

import sys
import time
from pathlib import Path

import numpy as np
from blissdata.redis_engine.store import DataStore

import classic
from publish import create, declare
from workloads import SEED, Scan, scalar_channels

BATCH_SECONDS = 0.1
DATA_WRITER = "nexus"


def main():
    url, folder, count, seconds, rate = sys.argv[1], Path(sys.argv[2]), *map(float, sys.argv[3:])
    store, points = DataStore(url), int(rate * seconds)
    batch = max(1, round(rate * BATCH_SECONDS))
    running = []
    for number in range(1, int(count) + 1):
        channels = scalar_channels(np.random.default_rng(SEED + number), points)
        scan = Scan(number, "timescan", f"timescan {1 / rate:g}", channels, 1 / rate)
        file = str(folder / f"scan{number}.h5")
        info = classic.prepared(scan, file) | {"data_writer": DATA_WRITER}
        # A writer has to know from the start what it is about.
        live = create(store, scan, file, info)
        running.append((scan, live, declare(live, scan, file, classic), info, file))
    print("created", flush=True)
    for _, live, _, _, _ in running:
        live.prepare()
        live.start()
    begin = time.monotonic()
    for first in range(0, points, batch):
        last = min(first + batch, points)
        time.sleep(max(0, begin + last / rate - time.monotonic()))
        for scan, _, streams, _, _ in running:
            for channel in scan.channels:
                streams[channel.name].send(channel.data[first:last])
    for scan, live, _, info, file in running:
        live.stop()
        live.info.update(classic.closed(scan, file, info))
        live.close()
    print("over", flush=True)


if __name__ == "__main__":
    main()
