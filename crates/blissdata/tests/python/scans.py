"""Publishes scans with the genuine blissdata, one step per line on standard input.

    python scans.py REDIS_URL SCENARIO

Each step answers with one line of JSON. The first step is made at once.
"""

import json
import os
import sys
import traceback
from unittest import mock

import numpy as np
import redis
from blissdata.redis_engine.store import DataStore
from blissdata.streams.default import Stream
from blissdata.streams.hdf5_fallback import Hdf5BackedStream
from blissdata.streams.lima import LimaStream
from blissdata.streams.scan_sequence import ScanStream

IDENTITY = {
    "name": "ascan",
    "number": 7,
    "data_policy": "ESRF",
    "session": "demo",
    "proposal": "blc15000",
    "collection": "sample",
    "dataset": "0001",
    "path": "/data/visitor/demo/sample_0001.h5",
}


class Publisher:
    def __init__(self, url):
        self.url = url
        self.store = DataStore(url)
        self.redis = redis.Redis.from_url(url)

    def scan(self, **info):
        return self.store.create_scan(IDENTITY, info=info)

    def prepared(self, **streams):
        """A scan with plain scalar streams of the given types, ready to run."""
        scan = self.scan()
        streams = {
            name: scan.create_stream(Stream.make_definition(name, dtype))
            for name, dtype in streams.items()
        }
        scan.prepare()
        scan.start()
        return scan, streams

    def alter(self, key, path, value):
        self.redis.execute_command("JSON.SET", key, path, json.dumps(value))


def close(scan, **info):
    if scan.state == 2:
        scan.stop()
    scan.info = {**scan.info, **info}
    scan.close()


def numbers(dtype, shape=(), points=5):
    count = points * int(np.prod(shape, dtype=int))
    values = np.arange(count).reshape((points, *shape))
    return (values % 2 if dtype == "?" else values).astype(dtype)


def every_dtype(p):
    """Scalars, vectors and images of each type, in single points and batches."""
    letters = "? i1 u1".split() + [
        order + kind
        for order in "<>"
        for kind in "i2 i4 i8 u2 u4 u8 f2 f4 f8 f16 c8 c16 c32".split()
    ]
    scan, expected, streams = p.scan(), {}, []
    for dtype in letters:
        for shape in ((), (3,), (2, 2)):
            name = f"{dtype}{shape}"
            data = numbers(dtype, shape)
            definition = Stream.make_definition(name, np.dtype(dtype), shape)
            streams.append((scan.create_stream(definition), data))
            dtype_str = np.dtype(dtype).str
            expected[name] = {"dtype": dtype_str, "data": data.tobytes().hex()}
    scan.prepare()
    scan.start()
    for stream, data in streams:
        # With an ellipsis the byte order stays.
        stream.send(data[0, ...])
        stream.send(data[1:4])
        stream.send(data[4, ...])
    close(scan, end_reason="SUCCESS")
    yield {"key": scan.key, "expected": expected}


def variable(p):
    """Spectra and images whose size changes."""
    scan = p.scan()
    spectrum = scan.create_stream(Stream.make_definition("spectrum", "<u2", (-1,)))
    image = scan.create_stream(Stream.make_definition("image", ">f4", (-1, 2)))
    scan.prepare()
    scan.start()
    batches = [numbers("<u2", (n,), points) for n, points in ((2, 1), (2, 3), (3, 2), (3000, 1))]
    for batch in batches:
        spectrum.send(batch)
    image.send(numbers(">f4", (3, 2), 1))
    close(scan)
    blocks = [[list(b.shape[1:]), len(b), b.tobytes().hex()] for b in batches]
    yield {"key": scan.key, "spectrum": blocks}


def json_values(p):
    scan = p.scan()
    stream = scan.create_stream(Stream.make_definition("events", "json"))
    scan.prepare()
    scan.start()
    for value in ({"a": 1, "b": [None, True]}, [1, 2], {"nan": float("nan")}, "\u00b5", 3):
        stream.send(value)
    close(scan)
    yield {"key": scan.key}


def lima(frames_per_file=4, saved=True):
    saving = {
        "file_path": "/data/visitor/demo/scan0007/cam_%04d.h5",
        "data_path": "/entry_0000/ESRF-ID00/simulator/data",
        "file_format": "hdf5",
        "file_offset": 0,
        "frames_per_file": frames_per_file,
    }
    return dict(
        dtype=np.uint16,
        shape=(2048, 2048),
        server_url="id00/limaccds/simulator",
        buffer_max_number=32,
        frames_per_acquisition=10,
        acquisition_offset=0,
        saving=saving if saved else {},
    )


def detectors(p):
    """A Lima 1, a Lima 2 detector, and one that does not save, step by step."""
    from blissdata_lima2.stream import Lima2Stream

    scan = p.scan()
    cam = scan.create_stream(LimaStream.make_definition("cam:image", **lima()))
    bad = scan.create_stream(LimaStream.make_definition("idle:image", **lima(saved=False)))
    with mock.patch("lima2.client.services.init"):
        definition = Lima2Stream.make_definition(
            "eiger:frame",
            "frame",
            "l2host",
            58712,
            "7a5f0ab0-1111-4222-8333-0123456789ab",
            ("/data/x/master.h5", "/entry_0000/measurement/data"),
            np.uint16,
            (512, 1024),
        )
        eiger = scan.create_stream(definition)
        scan.prepare()
        scan.start()
        cam.send({"last_index": 3, "last_index_saved": -1})
        cam.send({"last_index": 9, "last_index_saved": 5})
        eiger.send(np.uint32(7))
        cam.join()
        eiger.join()
        yield {"key": scan.key}
        cam.send({"last_index": 9, "last_index_saved": 9})
        eiger.send(np.array([8, 12], dtype=np.uint32))
        close(scan)
        yield {}


def sequence(p):
    child = p.scan()
    scan = p.scan()
    subscans = scan.create_stream(ScanStream.make_definition("subscans"))
    scan.prepare()
    scan.start()
    subscans.send({"key": child.key, "scan_number": 7})
    close(child)
    close(scan)
    yield {"key": scan.key, "child": child.key}


def batches(p):
    """Batches of 10 and 1 points."""
    scan, streams = p.prepared(x="<i4")
    for start in (0, 11, 22):
        streams["x"].send(np.arange(start, start + 10, dtype="<i4"))
        streams["x"].send(np.int32(start + 10))
    close(scan)
    yield {"key": scan.key}


def trimmed(p):
    """Streams that lost their beginning, all their data, and their last report."""
    scan = p.scan()
    streams = [
        scan.create_stream(Stream.make_definition(name, "<i4")) for name in ("head", "all", "none")
    ]
    cam = scan.create_stream(LimaStream.make_definition("cam:image", **lima()))
    scan.prepare()
    scan.start()
    for stream in streams[:2]:
        for index in range(20):
            stream.send(np.int32(index))
    cam.send({"last_index": 9, "last_index_saved": 9})
    close(scan)
    p.redis.xtrim(streams[0].key, minid="12-1", approximate=False)
    for stream in (streams[1], cam):
        p.redis.xtrim(stream.key, minid=f"{2**64 - 1}-{2**64 - 1}", approximate=False)
    yield {"key": scan.key}


def orphan(p):
    """A stream that was deleted while its publisher went on."""
    scan, streams = p.prepared(x="<i4")
    streams["x"].send(np.arange(5, dtype="<i4"))
    streams["x"].join()
    p.redis.delete(streams["x"].key)
    streams["x"].send(np.arange(5, 8, dtype="<i4"))
    close(scan)
    yield {"key": scan.key}


def deleted(p):
    """A scan that is deleted by force while it runs."""
    scan, streams = p.prepared(x="<i4")
    streams["x"].send(np.arange(5, dtype="<i4"))
    streams["x"].join()
    yield {"key": scan.key}
    p.store.delete_scan(scan.key, force=True)
    yield {}


def running(p):
    """A scan that goes on as the test wants: keys first, 3 points per step."""
    scan, streams = p.prepared(x="<i4")
    yield {"key": scan.key, "stream": streams["x"].key, "states": scan._model.state_stream.key()}
    for step in range(3):
        streams["x"].send(np.arange(3 * step, 3 * step + 3, dtype="<i4"))
        streams["x"].join()
        yield {}
    close(scan, end_reason="SUCCESS")
    yield {}


def life(p):
    """All states, a stream that comes late, and CLOSED twice."""
    scan = p.scan(title="ascan")
    yield {"key": scan.key}
    x = scan.create_stream(Stream.make_definition("x", "<i4"))
    scan.info = {**scan.info, "prepared": True}
    scan.prepare()
    yield {}
    scan.start()
    late = scan.create_stream(
        Hdf5BackedStream.make_definition("late", IDENTITY["path"], "7.1/measurement/late", "<i4")
    )
    x.send(np.int32(1))
    late.send(np.int32(2))
    yield {}
    scan.stop()
    yield {}
    close(scan, end_reason="SUCCESS")
    scan.close()
    yield {}


def jump(p):
    """From CREATED to CLOSED."""
    scan = p.scan()
    yield {"key": scan.key}
    scan.info = {"end_reason": "FAILURE"}
    scan.close()
    yield {}


def nan_in_info(p):
    """A document that Redis refuses, with a state that it takes."""
    scan = p.scan()
    scan.create_stream(Stream.make_definition("x", "<i4", info={"limit": float("nan")}))
    yield {"key": scan.key}
    try:
        scan.prepare()
    except redis.exceptions.ResponseError:
        pass
    yield {}


def broken_streams(p):
    """One sound stream among streams that are not."""
    scan, streams = p.prepared(good="<i4", plugin="<i4", dtype="<i4", encoding="<i4", key="<i4", cam="json")
    for name in ("good", "plugin", "dtype", "encoding"):
        streams[name].send(np.arange(4, dtype="<i4"))
    close(scan)
    for path, value in (
        (".data_streams.plugin.info.plugin", "zarr"),
        (".data_streams.dtype.encoding.dtype_str", "<U8"),
        (".data_streams.encoding.encoding", {"type": "zip"}),
        (".data_streams.cam.info.plugin", "lima"),
        (".data_streams.nothing", None),
    ):
        p.alter(scan.key, path, value)
    p.redis.delete(streams["key"].key)
    p.redis.set(streams["key"].key, "text")
    yield {"key": scan.key}


def broken_entries(p):
    """Entries that do not fit, among some that do."""
    scan, streams = p.prepared(x="<i4", events="json")
    key = streams["x"].key
    streams["x"].send(np.arange(2, dtype="<i4"))
    streams["x"].join()
    p.redis.xadd(key, {"payload": b"123"}, id="2-1")
    p.redis.xadd(key, {"payload": b"12345678", "len": 3}, id="3-1")
    p.redis.xadd(key, {"payload": b"1234"}, id="6-1")
    p.redis.xadd(key, {"something": b"1234"}, id="7-1")
    p.redis.xadd(streams["events"].key, {"payload": b"{"}, id="0-1")
    p.redis.xadd(streams["events"].key, {"payload": b"1"}, id="1-1")
    close(scan)
    yield {"key": scan.key}


def bulk(p):
    """Many entries of several streams: scalars, spectra and images."""
    scan = p.scan()
    scalars = [scan.create_stream(Stream.make_definition(f"s{i}", "<f8")) for i in range(4)]
    spectrum = scan.create_stream(Stream.make_definition("spectrum", "<u4", (2000,)))
    images = [
        scan.create_stream(Stream.make_definition(f"image{i}", "<u2", (1500, 1000))) for i in range(3)
    ]
    scan.prepare()
    scan.start()
    for index in range(3000):
        for stream in scalars:
            stream.send(np.float64(index))
    for index in range(1200):
        spectrum.send(np.full(2000, index, dtype="<u4"))
    for index in range(4):
        for image in images:
            image.send(np.full((1500, 1000), index, dtype="<u2"))
    close(scan)
    yield {"key": scan.key}


def main():
    steps = globals()[sys.argv[2]](Publisher(sys.argv[1]))
    print(json.dumps(next(steps)), flush=True)
    for _ in sys.stdin:
        print(json.dumps(next(steps)), flush=True)


if __name__ == "__main__":
    status = 1
    try:
        main()
        status = 0
    except BaseException:
        traceback.print_exc()
    # The threads of streams that are not sealed would keep us alive.
    os._exit(status)
