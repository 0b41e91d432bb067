"""Publishes the scans of cases by plain commands of Redis, so that also what blissdata would refuse is published."""

import base64
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import redis

from . import Case

SESSION = "demo"
HISTORY = "_SCAN_HISTORY_"
PREPARED, STARTED, STOPPED, CLOSED = 1, 2, 3, 4
# The last possible identifier of an entry seals a stream.
SEAL = "18446744073709551615-18446744073709551615"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def publish(case: Case, client: redis.Redis, root: Path, prepared: Callable[[str], None] = lambda key: None) -> str:
    """Publish the scan of a case from its creation to its end, and before it those that it refers to.

    `prepared` is called with the key when the scan is prepared. Returns the key.
    """
    for file in case.detector_files:
        make_detector_file(root / case.name / file["path"], file)
    referred = []
    for info in case.scans:
        scan = Scan(client, case.placed(info, root))
        scan.enter(CLOSED)
        referred.append(scan)
    info = case.placed(case.info, root)
    scan = Scan(client, info | case.placed(case.prepared or {}, root), case.placed(case.identity, root))
    for stream in case.streams:
        scan.declare(case.placed(stream, root), referred)
    scan.enter(PREPARED)
    prepared(scan.key)
    scan.enter(STARTED)
    scan.send()
    scan.enter(STOPPED)
    scan.info = info
    scan.enter(CLOSED)
    return scan.key


def make_detector_file(path: Path, file: dict):
    """Make a file as a detector saves its frames: elements 0, 1, 2, ... in C order, from the smallest one on again when
    the type has no larger one."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as h5:
        elements = np.arange(np.prod(file["shape"])).astype(file["dtype"])
        h5[file["dataset"]] = elements.reshape(file["shape"])


class Scan:
    """A scan in the state CREATED."""

    def __init__(self, client: redis.Redis, info: dict, identity: dict | None = None):
        self.client, self.info, self.identity = client, info, identity or {}
        self.pk, self.state_pk = ulid(), ulid()
        self.streams = {}
        self.entries = []
        with client.pipeline() as pipe:
            self._set_document(pipe)
            pipe.xadd(HISTORY, {"key": self.key})
            pipe.xadd(f"esrf:stream:{self.state_pk}", {"state": 0})
            pipe.execute()

    @property
    def key(self) -> str:
        return f"esrf:scan:{self.pk}"

    def declare(self, stream: dict, referred: list["Scan"]):
        """Add a stream of a case. Its entries are sent by `send`."""
        if stream.get("refs"):
            encoding, info = {"type": "json"}, {"format": "subscan", "plugin": "scan_sequence"}
            events = [{"key": scan.key, "scan_number": scan.info.get("scan_nb")} for scan in referred]
            entries = [(f"{at}-1", {"payload": json.dumps(event)}) for at, event in enumerate(events)]
            entries.append((SEAL, {"id": len(events)}))
        elif "encoding" in stream:
            encoding, info = stream["encoding"], stream.get("info", {})
            entries = [
                (identifier, {name: base64.b64decode(value) for name, value in fields.items()})
                for identifier, fields in stream["raw"]
            ]
        else:
            dtype, shape = np.dtype(stream["dtype"]), stream["shape"]
            encoding = {"type": "numeric", "dtype_str": dtype.str, "shape": shape}
            info = {"dtype": dtype.name, "shape": shape, **stream.get("info", {})}
            entries = numeric_entries(dtype, shape, stream["n"])
        pk = ulid()
        self.streams[stream["name"]] = {"pk": pk, "encoding": encoding, "info": info}
        self.entries += [(f"esrf:stream:{pk}", identifier, fields) for identifier, fields in entries]

    def send(self):
        with self.client.pipeline(transaction=False) as pipe:
            for key, identifier, fields in self.entries:
                pipe.xadd(key, fields, id=identifier)
            pipe.execute()

    def enter(self, state: int):
        with self.client.pipeline() as pipe:
            self._set_document(pipe)
            pipe.xadd(f"esrf:stream:{self.state_pk}", {"state": state})
            pipe.execute()

    def _set_document(self, pipe):
        identity = {
            "pk": self.state_pk,
            "name": str(self.info.get("name") or "scan"),
            "number": int(self.info["scan_nb"]) if isinstance(self.info.get("scan_nb"), int) else 1,
            "data_policy": "None",
            "session": SESSION,
            "proposal": None,
            "collection": None,
            "dataset": None,
            "path": self.info.get("filename") or next(iter(self.info.get("h5maps") or {}), None),
            **self.identity,
        }
        document = {
            "pk": self.pk,
            "id": identity,
            "info": self.info,
            "state_stream": {"pk": self.state_pk, "encoding": None, "info": None},
            "data_streams": self.streams,
        }
        pipe.execute_command("JSON.SET", self.key, ".", json.dumps(document))


def numeric_entries(dtype: np.dtype, shape: list[int], points: int) -> list[tuple[str, dict]]:
    """Return the entries of a stream: one with all points (0, 1, 2, ... in C order), and the seal."""
    if min(shape, default=1) < 0:
        raise ValueError("a stream of points of varying shape needs its raw entries")
    values = np.arange(points * int(np.prod(shape))).astype(dtype)
    entry = {"payload": values.tobytes()} | ({"len": points} if points != 1 else {})
    return ([("0-1", entry)] if points else []) + [(SEAL, {"id": points})]


def ulid() -> str:
    """Return a new identifier as blissdata makes them: a time in milliseconds and random bits, in base 32."""
    number = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10))
    return "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
