"""Publishes scans: their life cycle with blissdata, their points with raw pipelined XADD.

blissdata takes some 30 us per point, so half a million entries would take longer to publish
than to save. The entries are therefore made here, in the documented format of a numeric
stream (`<first point>-1 payload <bytes> [len <points>]`), on a connection that does not ask
for replies.
"""

import socket
from pathlib import Path
from types import ModuleType

import redis
from blissdata.redis_engine.store import DataStore

from scaninfo import SESSION
from workloads import Channel, Scan

try:
    from blissdata.streams.default import Stream
except ImportError:  # blissdata 2.0
    from blissdata.streams.base import Stream

SEND_SIZE = 1 << 20


def publish(url: str, socket_path: Path, scan: Scan, file: str, layout: ModuleType) -> str:
    """Publish a complete scan, to be saved in `file`. Returns its key; the scan is closed.

    `layout` makes its info: see `scaninfo`.
    """
    store = DataStore(url)
    live = create(store, scan, file)
    streams = declare(live, scan, file, layout)
    info = layout.prepared(scan, file)
    live.info.update(info)
    live.prepare()
    live.start()
    with Pipe(socket_path) as pipe:
        for channel in scan.channels:
            pipe.send(entries(streams[channel.name].key, channel, scan.batch))
    check(url, scan, {name: stream.key for name, stream in streams.items()})
    live.stop()
    live.info.update(layout.closed(scan, file, info))
    live.close()
    return live.key


def create(store: DataStore, scan: Scan, file: str, info: dict | None = None):
    """A scan in the state CREATED."""
    identity = {
        "name": scan.name,
        "number": scan.number,
        "data_policy": "no_policy",
        "session": SESSION,
        "path": file,
    }
    return store.create_scan(identity, info=info or {})


def declare(live, scan: Scan, file: str, layout: ModuleType) -> dict[str, Stream]:
    """Create the streams of a scan."""
    return {
        channel.name: live.create_stream(
            Stream.make_definition(
                channel.name, channel.data.dtype, channel.shape, info=layout.stream_info(scan, channel, file)
            )
        )
        for channel in scan.channels
    }


def entries(key: str, channel: Channel, batch: int):
    """The XADD commands of a whole channel, encoded for the Redis protocol."""
    for first in range(0, channel.points, batch):
        yield entry(key, channel, first, min(batch, channel.points - first))


def entry(key: str, channel: Channel, first: int, count: int):
    """The XADD command of `count` points of a channel, encoded for the Redis protocol."""
    data = memoryview(channel.data[first : first + count].reshape(-1).view("u1"))
    index, length = b"%d-1" % first, b"%d" % count
    head = b"*%d\r\n$4\r\nXADD\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n$7\r\npayload\r\n$%d\r\n" % (
        5 if count == 1 else 7,
        len(key),
        key.encode(),
        len(index),
        index,
        len(data),
    )
    tail = b"\r\n" if count == 1 else b"\r\n$3\r\nlen\r\n$%d\r\n%s\r\n" % (len(length), length)
    return head, data, tail


class Pipe:
    """A connection that sends commands without waiting for replies; leaving it waits until all are done."""

    def __init__(self, path: Path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._socket.sendall(b"CLIENT REPLY OFF\r\n")

    def send(self, commands):
        parts, size = [], 0
        for head, data, tail in commands:
            parts += head, data, tail
            size += len(data) + len(head)
            if size >= SEND_SIZE:
                self._socket.sendall(b"".join(parts))
                parts, size = [], 0
        self._socket.sendall(b"".join(parts))

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        try:
            if error is None:
                self._socket.sendall(b"CLIENT REPLY ON\r\n")
                reply = self._socket.recv(64)
                if reply != b"+OK\r\n":
                    raise RuntimeError(f"redis refused the data: {reply!r}")
        finally:
            self._socket.close()


def check(url: str, scan: Scan, keys: dict[str, str]):
    """Raise an error unless every entry has arrived: without replies, nothing else would notice."""
    with redis.Redis.from_url(url) as client:
        for channel in scan.channels:
            wanted, found = -(-channel.points // scan.batch), client.xlen(keys[channel.name])
            if wanted != found:
                raise RuntimeError(f"stream {channel.name}: {found} of {wanted} entries arrived")
