"""Publish a scan with another release of blissdata: `publisher.py VERSION FILE NUMBER --redis URL [--classic]`.

The releases are those in the folder `publishers` of the environment. The scan has streams of numbers, of spectra, of
spectra of varying length and of images, of which each point is sent by itself, and 3 points together at the end, and a
stream of JSON values. With --classic, its info describes its devices, otherwise the layout of its file. Prints the key
of the scan.
"""

import argparse
import json
import os
import sys
from pathlib import Path

PUBLISHERS = Path(sys.prefix) / "publishers"
POINTS = 20
TOGETHER = 3
STREAMS = {
    "ct:diode": ("<f8", ()),
    "ct:counts": ("<u4", ()),
    "mca:spectrum": ("<i4", (4,)),
    "mca:varying": ("<f4", (-1,)),
    "cam:image": ("<u2", (3, 5)),
    "log:events": ("json", ()),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version")
    parser.add_argument("file", type=Path)
    parser.add_argument("number", type=int)
    parser.add_argument("--redis", required=True, metavar="URL")
    parser.add_argument("--classic", action="store_true")
    options = parser.parse_args()
    use(options.version)
    publish(options)


def use(version: str):
    """Start this program again with the paths of a release."""
    folders = [PUBLISHERS / version]
    if tuple(map(int, version.split(".")[:2])) < (2, 4):
        folders.append(PUBLISHERS / "before-2.4")
    path = os.pathsep.join(map(str, folders))
    if os.environ.get("PYTHONPATH") != path:
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"PYTHONPATH": path})


def publish(options: argparse.Namespace):
    import blissdata
    import numpy as np
    from blissdata.redis_engine.store import DataStore

    if PUBLISHERS / options.version not in Path(blissdata.__file__).parents:
        raise SystemExit(f"{blissdata.__file__} is not that of blissdata {options.version}")
    identity = {
        "name": "loopscan",
        "number": options.number,
        "data_policy": "no_policy",
        "session": "demo",
        "path": str(options.file),
    }
    description = classic(options) if options.classic else layout(options)
    scan = DataStore(options.redis).create_scan(identity, info=description)
    streams = {name: (create(scan, name, *what), *what) for name, what in STREAMS.items()}
    scan.prepare()
    scan.start()
    for stream, dtype, shape in streams.values():
        if dtype == "json":
            for point in range(POINTS):
                stream.send({"point": point, "text": "\u00e9", "list": [1, None]})
            continue
        for point in range(POINTS - TOGETHER):
            stream.send(values(np, point, 1, dtype, shape)[0])
        stream.send(values(np, POINTS - TOGETHER, TOGETHER, dtype, shape))
    scan.stop()
    scan.info["end_reason"] = "SUCCESS"
    scan.info["end_time"] = "2026-01-01T00:00:02+01:00"
    scan.close()
    print(json.dumps({"key": scan.key}), flush=True)


def values(np, first: int, count: int, dtype: str, shape: tuple):
    """Return points, of which each element is the number of its point."""
    shape = tuple(2 if length == -1 else length for length in shape)
    points = np.arange(first, first + count, dtype=dtype).reshape(-1, *(1 for _ in shape))
    return np.broadcast_to(points, (count, *shape)).copy()


def create(scan, name: str, dtype: str, shape: tuple):
    """Return a new stream, by what the release offers."""
    try:
        from blissdata.streams.default import Stream
    except ImportError:
        try:
            from blissdata.streams.base import Stream
        except ImportError:
            import numpy as np
            from blissdata.redis_engine.encoding.json import JsonStreamEncoder
            from blissdata.redis_engine.encoding.numeric import NumericStreamEncoder

            if dtype == "json":
                return scan.create_stream(name, JsonStreamEncoder())
            info = {"dtype": np.dtype(dtype).name, "shape": shape}
            return scan.create_stream(name, NumericStreamEncoder(dtype, shape), info=info)
    return scan.create_stream(Stream.make_definition(name, dtype, shape or None))


def layout(options: argparse.Namespace) -> dict:
    streams = {name.replace(":", "_"): {"type": "stream", "stream": name} for name in STREAMS}
    entry = {"type": "group", "attributes": {"NX_class": "NXentry"}, "children": streams}
    root = {"type": "group", "children": {f"{options.number}.1": entry}}
    return {"save": True, "h5maps": {str(options.file): root}}


def classic(options: argparse.Namespace) -> dict:
    devices = {}
    channels = {}
    for name, (_, shape) in STREAMS.items():
        device, _, channel = name.partition(":")
        devices.setdefault(device, {"name": device, "channels": []})["channels"].append(name)
        channels[name] = {"device": device, "display_name": channel, "dim": len(shape)}
    return {
        "save": True,
        "type": "loopscan",
        "title": f"loopscan {POINTS} 0.1",
        "name": f"{options.number}_loopscan",
        "scan_nb": options.number,
        "npoints": POINTS,
        "filename": str(options.file),
        "start_time": "2026-01-01T00:00:00+01:00",
        "data_writer": "external",
        "publisher": "bliss",
        "publisher_version": options.version,
        "channels": channels,
        "devices": devices,
        "acquisition_chain": {"ct": {"devices": list(devices), "top_master": "ct"}},
        "scan_meta_categories": [],
    }


if __name__ == "__main__":
    main()
