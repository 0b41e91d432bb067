"""Publishes scans as BLISS does, with the genuine blissdata.

A `ScenarioFixture` is what a scenario publishes to: a data base and a directory for the files. It makes
`ScanPublisher`s, each of which publishes one scan. File names in mappings are relative to the directory of the
fixture.
"""

import os
import time
import traceback
from pathlib import Path

import numpy as np
import redis
from blissdata.redis_engine.store import DataStore
from blissdata.streams.default import Stream
from blissdata.streams.lima.stream import LimaStream
from blissdata.streams.scan_sequence import ScanStream


def publish(scenario, url: str, root: Path, pace: float = 0.0, started=lambda publisher: None) -> "ScenarioFixture":
    """Run a scenario from start to end."""
    fixture = ScenarioFixture(url, root, pace, started)
    try:
        scenario(fixture)
    except BaseException:
        # The threads of streams that are not sealed would keep the process alive for ever.
        traceback.print_exc()
        os._exit(1)
    return fixture


class ScenarioFixture:
    """`pace` is the time in seconds between two steps of a scan that is published live.

    `started` is called with each scan that has just started, before anything else happens to it.
    """

    def __init__(self, url: str, root: Path, pace: float = 0.0, started=lambda publisher: None):
        self.url = url
        self.root = Path(root).resolve()
        self.store = DataStore(url)
        self.pace = pace
        self.started = started
        self.publishers: list[ScanPublisher] = []

    def scan(
        self, number: int, path: str | None = "scan.h5", label: str = "", wave: int = 0, **info
    ) -> "ScanPublisher":
        """A new scan in the state CREATED, whose main file is `path`.

        Scans of a later `wave` may only be saved when those of the earlier ones are.
        """
        publisher = ScanPublisher(self, number, path, label, wave, info)
        self.publishers.append(publisher)
        return publisher

    def pause(self):
        time.sleep(self.pace)

    def absolute(self, name: str) -> str:
        """Return the absolute path, not normalised, as the text of a mapping is not."""
        return f"{self.root}/{name}"


class ScanPublisher:
    """One scan: `stream` and its kin, then `run` (or `prepare`, `start`, `stop`, `close`)."""

    def __init__(self, fixture: ScenarioFixture, number: int, path: str | None, label: str, wave: int, info: dict):
        self.fixture = fixture
        self.label = label
        self.wave = wave
        identity = {
            "name": "ascan",
            "number": number,
            "data_policy": "no_policy",
            "session": "demo",
            "path": path and fixture.absolute(path),
        }
        self.scan = fixture.store.create_scan(identity, info={"save": path is not None, **info})
        self.key = self.scan.key

    # -- streams -----------------------------------------------------------------------------------

    def stream(self, name: str, dtype="<f8", shape=()) -> "Channel":
        return Channel(self.scan.create_stream(Stream.make_definition(name, dtype, shape or None)), dtype)

    def json(self, name: str):
        return self.scan.create_stream(Stream.make_definition(name, "json"))

    def sequence(self, name: str):
        return self.scan.create_stream(ScanStream.make_definition(name))

    def lima(self, name: str, shape, frames_per_acquisition: int, saving: dict | None = None, dtype="uint16"):
        """`saving` has file_path, frames_per_file, and what differs from the usual."""
        usual = {"data_path": "/entry_0000/measurement/data", "file_format": "hdf5", "file_offset": 0}
        definition = LimaStream.make_definition(
            name,
            dtype,
            list(shape),
            server_url="id00/limaccds/simulator",
            buffer_max_number=32,
            frames_per_acquisition=frames_per_acquisition,
            acquisition_offset=0,
            saving={**usual, **saving} if saving else {},
        )
        return self.scan.create_stream(definition)

    def disguise(self, name: str, **info):
        """Replace entries in the description of a stream: blissdata itself refuses to make some kinds."""
        self.scan._model.data_streams[name].info.update(info)

    # -- life --------------------------------------------------------------------------------------

    def prepare(self, maps: dict | None):
        # A writer may meet the scan before its mapping is there.
        self.fixture.pause()
        self._map(maps)
        self.scan.prepare()

    def start(self):
        self.scan.start()
        self.fixture.started(self)

    def stop(self):
        self.scan.stop()

    def close(self, maps: dict | None = None, end_reason: str = "SUCCESS"):
        self.scan.info["end_reason"] = end_reason
        self._map(maps)
        self.scan.close()

    def run(self, maps: dict | None, send=None, closed: dict | None = None, end_reason: str = "SUCCESS"):
        """Run the scan from its preparation to its end; `send` is called when it has started."""
        self.prepare(maps)
        self.start()
        if send:
            send()
        self.stop()
        self.close(closed, end_reason)

    def close_unsealed(self, end_reason: str):
        """End the scan as a publisher that has lost its streams: they are never sealed."""
        for stream in self.scan._writer_streams.values():
            stream.join()
        self.scan._writer_streams = {}
        self.close(end_reason=end_reason)

    def trim(self, stream, first: int):
        """Remove the entries before the point `first`, as the memory tracker does."""
        stream.join()
        with redis.Redis.from_url(self.fixture.url) as client:
            client.xtrim(stream.key, minid=f"{first}-1", approximate=False)

    def trim_to_seal(self, stream):
        """Remove all data of a sealed stream."""
        with redis.Redis.from_url(self.fixture.url) as client:
            client.xtrim(stream.key, minid="18446744073709551615-18446744073709551615", approximate=False)

    def _map(self, maps: dict | None):
        if maps is not None:
            self.scan.info["h5maps"] = {
                name if name.startswith(":") else self.fixture.absolute(name): item for name, item in maps.items()
            }


class Channel:
    """A numeric stream that converts the values that are sent: blissdata requires the exact type."""

    def __init__(self, stream, dtype: str):
        self.stream = stream
        self.dtype = np.dtype(dtype)

    @property
    def key(self) -> str:
        return self.stream.key

    def send(self, data):
        self.stream.send(np.asarray(data, self.dtype))

    def join(self):
        self.stream.join()
