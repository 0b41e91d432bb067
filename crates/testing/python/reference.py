"""Save published scans with blisswriter 3.0.0: `reference.py KEY... --redis URL`.

With --resident, keys are read from standard input, too. Prints one line of JSON for each scan: its key, state, reason
and warnings. `blisswriter run` only takes scans that appear after its start, so its scan writer is called here for
each key.
"""

import argparse
import itertools
import json
import os
import sys

# The file is read afterwards by another process than the one that wrote it.
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "TRUE")

from blissdata.redis_engine.store import DataStore
from blisswriter.scan_writer import ScanWriter, ScanWritingStatus


def save(url: str, key: str) -> dict:
    status = ScanWritingStatus()
    try:
        ScanWriter(DataStore(url).load_scan(key), status).run()
    except Exception as error:
        return {"key": key, "state": "FAILED", "reason": f"{type(error).__name__}: {error}", "warnings": []}
    return {"key": key, "state": status.state.name, "reason": status.state_msg, "warnings": status.warnings}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keys", nargs="*", metavar="KEY")
    parser.add_argument("--resident", action="store_true")
    parser.add_argument("--redis", required=True, metavar="URL")
    options = parser.parse_args()
    more = (line.strip() for line in sys.stdin) if options.resident else ()
    for key in itertools.chain(options.keys, more):
        print(json.dumps(save(options.redis, key)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
