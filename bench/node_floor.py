"""Reads the channels of scans of BLISS 1.11 with redis-py and `pickle`, and does nothing with them.

    bench/node_floor.py URL KEY...

No reader in Python takes less time: whoever saves these scans has to read these entries and to load these
pickles. The last line of the output has the seconds without the start of Python and its imports, as JSON.
"""

import json
import pickle
import re
import sys
import time
from collections.abc import Iterator

# The types of the data. Without it the first pickle would import it.
import numpy as np  # noqa: F401
import redis

DATABASE = 1
# Entries of each stream in one reply. Of 100 streams that is 4 MB; larger replies are not faster.
COUNT = 100


def main(url: str, keys: list[str]):
    begin = time.monotonic()
    entries = 0
    with connect(url) as client:
        for key in keys:
            for _, fields in read(client, channels(client, key)):
                pickle.loads(fields[b"__DATA__"])
                entries += 1
    print(json.dumps({"entries": entries, "seconds": time.monotonic() - begin}))


def connect(url: str) -> redis.Redis:
    # The replies of the older protocol are parsed in C by hiredis, too, and need no conversion.
    return redis.Redis.from_url(url, db=DATABASE, protocol=2)


def channels(client: redis.Redis, scan: str) -> list[bytes]:
    """The streams of a scan's data."""
    pattern = re.sub(r"([\\*?\[\]])", r"\\\1", scan)
    return sorted(client.scan_iter(f"{pattern}:*_data", count=10_000))


def read(client: redis.Redis, streams: list[bytes]) -> Iterator[tuple[bytes, dict]]:
    """The entries of streams that have ended, each with the key of its stream."""
    positions = dict.fromkeys(streams, b"0")
    while positions:
        reply = client.xread(positions, count=COUNT)
        found = {key: entries for key, entries in reply}
        for key, entries in found.items():
            for _, fields in entries:
                yield key, fields
        # What is not full has no more.
        positions = {key: entries[-1][0] for key, entries in found.items() if len(entries) == COUNT}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
