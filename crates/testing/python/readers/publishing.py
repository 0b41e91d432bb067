"""Publishes the scans, a part at a time, by plain commands of Redis, as any release of blissdata does."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import redis
from cases import publisher
from cases.publisher import CLOSED, PREPARED, SEAL, STARTED, STOPPED
from workloads import Channel

from . import infos, scans
from .files import SavedFile


class FilePublisher:
    """The scans of one file. Those before the last one are finished."""

    def __init__(self, client: redis.Redis, file: SavedFile):
        self.state = file.state
        self.is_reference = file.writer == "reference"
        self.scans = [ScanPublisher(client, file.layout, file.kind, scan, Path(file.path)) for scan in file.scans]

    @property
    def keys(self) -> list[str]:
        return [scan.key for scan in self.scans]

    def prepare(self):
        for scan in self.scans:
            scan.enter(PREPARED)

    def publish(self):
        """Publish what there is in the state of the file. A growing scan continues until `finish`."""
        for scan in self.scans[:-1]:
            scan.send("finished", last=False)
            scan.end("SUCCESS")
        scan = self.scans[-1]
        scan.send(self.state, last=True)
        if self.state == "finished":
            scan.end("SUCCESS")
        if self.state == "aborted":
            # The reference waits for ever for the end of a stream.
            scan.end("USER_ABORT", lost="" if self.is_reference else "timer:epoch")

    def grow(self, points: int):
        """Publish the points of the growing scan up to this number."""
        self.scans[-1].send_until(lambda channel: points)

    def finish(self):
        self.scans[-1].end("SUCCESS")


class ScanPublisher(publisher.Scan):
    def __init__(self, client: redis.Redis, layout: str, kind: str, scan, file: Path):
        self.scan, self.kind, self.layout, self.file = scan, kind, layout, file
        super().__init__(client, infos.prepared(layout, kind, scan, file))
        self.sent = {}
        for channel in scan.channels:
            name = infos.stream_name(layout, channel)
            self.declare({"name": name, "raw": []} | infos.stream(layout, scan, channel, file), [])
            if channel.kind == "lima":
                infos.save_frames(scan, channel, file)

    def send(self, state: str, last: bool):
        """Publish the points up to where they are in this state."""
        self.enter(STARTED)
        self.send_until(lambda channel: scans.published(channel, state, last))

    def send_until(self, end: Callable[[Channel], int]):
        with self.client.pipeline(transaction=False) as pipe:
            for channel in self.scan.channels:
                first = self.sent.get(channel.name, 0)
                points = end(channel)
                for index, fields in entries(channel, first, points):
                    pipe.xadd(self._stream(channel), fields, id=f"{index}-1")
                self.sent[channel.name] = points
            pipe.execute()

    def end(self, reason: str, lost: str = ""):
        """End the scan. The publisher has lost the stream of a channel: nobody learns whether it has all its points."""
        with self.client.pipeline(transaction=False) as pipe:
            for channel in self.scan.channels:
                if channel.name != lost:
                    pipe.xadd(self._stream(channel), {"id": self.sent[channel.name]}, id=SEAL)
            pipe.execute()
        self.enter(STOPPED)
        self.info = infos.closed(self.layout, self.kind, self.scan, self.file, self.info, reason)
        self.enter(CLOSED)

    def _stream(self, channel: Channel) -> str:
        return f"esrf:stream:{self.streams[infos.stream_name(self.layout, channel)]['pk']}"


def entries(channel: Channel, first: int, end: int) -> Iterator[tuple[int, dict]]:
    """Return one entry for each point: its index and its fields."""
    for point in range(first, end):
        match channel.kind:
            case "json":
                payload = json.dumps(channel.data[point])
            case "lima":
                payload = json.dumps({"last_index": point, "last_index_saved": point})
            case _:
                payload = channel.data[point].tobytes()
        yield point, {"payload": payload}
