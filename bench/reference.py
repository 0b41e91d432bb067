"""Saves scans that Redis still holds with blisswriter: `reference.py URL KEY...`.

`blisswriter run` only saves scans that appear after its start, so this script asks its service
for scans on demand (the one behind the Tango device) for each key, and waits for them. It does
what `nexus-writer save URL KEY...` does, as one process from start to end.

The last line it prints is JSON: the seconds from the end of the imports to the last scan saved.
"""

import json
import sys
import time

from blisswriter.writing_service import OnDemandWritingService


def main(url: str, keys: list[str]) -> int:
    begin = time.monotonic()
    service = OnDemandWritingService(url)
    accepted = [service.request_scan(key) for key in keys]
    service.close(wait=True)
    print(json.dumps({"seconds": time.monotonic() - begin}))
    return 0 if all(accepted) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
