"""Prints as JSON what blissdata finds in a scan: read_scan.py URL KEY"""

import json
import sys

import numpy
from blissdata.redis_engine.store import DataStore
from blissdata.streams.default import BrokenStream


def describe(stream):
    events = stream.event_stream
    # The Lima2 plugin asks the detector about the stream, and there is none.
    view = events if isinstance(stream, BrokenStream) else stream
    description = {
        "key": stream.key,
        "plugin": stream.info.get("plugin"),
        "dtype": str(view.dtype),
        "shape": list(view.shape),
        "length": len(view),
        "sealed": stream.is_sealed(),
        "info": stream.info,
    }
    if events.encoding["type"] == "json":
        description["values"] = events[:]
    else:
        points = events[:]
        if isinstance(points, numpy.ndarray):
            # Not the scalars that a loop gives: those lose their byte order.
            points = [points[i, ...] for i in range(len(points))]
        description["points"] = [
            {"dtype": point.dtype.str, "shape": point.shape, "bytes": point.tobytes().hex()}
            for point in points
        ]
    if description["plugin"] == "lima" and "file_path" in stream.info["lima_info"]:
        references = stream.get_references(slice(None))
        description["references"] = [
            [reference.file_path, reference.data_path, reference.index] for reference in references
        ]
    return description


def main(url, key):
    store = DataStore(url)
    scan = store.load_scan(key)
    fields = ["name", "number", "data_policy", "session", "proposal", "collection", "dataset"]
    description = {
        "state": scan.state.name,
        "info": scan.info,
        "id": {field: getattr(scan, field) for field in fields + ["path"]},
        "last": store.get_last_scan()[1],
        "found": store.search_existing_scans(session=scan.session)[1],
        "streams": {name: describe(stream) for name, stream in scan.streams.items()},
    }
    # NaN is no JSON: JSON streams also as text.
    for stream in description["streams"].values():
        if "values" in stream:
            stream["text"] = json.dumps(stream["values"])
            if "NaN" in stream["text"]:
                del stream["values"]
    print(json.dumps(description))


main(*sys.argv[1:])
