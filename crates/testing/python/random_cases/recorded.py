"""Cases that are made of the recorded scans of BLISS."""

import base64
import functools
import json
from collections.abc import Iterator

from cases import ROOT, Case
from cases.publisher import SEAL
from replay import RECORDED_ROOT, RECORDINGS, read

# The files of detectors are not there, and a reader that looks for them has nothing to compare.
DETECTOR_FILES = "files"
# Scans with more points take too long.
MAX_BYTES = 200_000


@functools.cache
def scans() -> list[Case]:
    """Return a case for each recorded scan that has its data in Redis."""
    folders = sorted(folder for folder in RECORDINGS.iterdir() if folder.is_dir())
    return [case for folder in folders if not (folder / DETECTOR_FILES).exists() for case in of_recording(folder.name)]


def of_recording(name: str) -> list[Case]:
    documents, entries = {}, {}
    for _, arguments in read(name):
        if arguments[0] == b"JSON.SET" and arguments[1].startswith(b"esrf:scan:"):
            documents[arguments[1]] = json.loads(arguments[3].replace(RECORDED_ROOT.encode(), ROOT.encode()))
        elif arguments[0] == b"XADD":
            entries.setdefault(arguments[1].decode().rpartition(":")[2], []).append(arguments[2:])
    cases = []
    for document in documents.values():
        # The reference, which follows the session, shall not save what only is referred to.
        others = [other["info"] | {"save": False} for other in documents.values() if other is not document]
        cases.append(case_of(document, others, entries))
    return [case for case in cases if len(json.dumps(case.streams)) < MAX_BYTES]


def case_of(document: dict, others: list[dict], entries: dict[str, list]) -> Case:
    streams = [
        stream_of(name, stream, entries.get(stream["pk"], [])) for name, stream in document["data_streams"].items()
    ]
    refers = any(stream.get("refs") for stream in streams)
    # A writer of a session leaves the scans of other writers alone.
    info = document["info"] | {"data_writer": "external"}
    return Case("", info, streams=streams, scans=others if refers else [])


def stream_of(name: str, stream: dict, entries: list) -> dict:
    encoding, info = stream["encoding"], stream["info"]
    if info.get("format") == "subscan":
        return {"name": name, "refs": True}
    if encoding["type"] == "numeric" and -1 not in encoding["shape"]:
        common = {"name": name, "dtype": encoding["dtype_str"], "shape": encoding["shape"]}
        # Type and shape may change, and the publisher says them.
        more = {key: value for key, value in info.items() if key not in ("dtype", "shape")}
        return common | {"n": points(entries), "info": more}
    raw = [(arguments[0].decode(), dict(fields(arguments[1:]))) for arguments in entries]
    if raw and raw[-1][0] != SEAL:
        raw.append((SEAL, {"id": base64.b64encode(str(points(entries)).encode()).decode()}))
    return {"name": name, "encoding": encoding, "info": info, "raw": raw}


def points(entries: list) -> int:
    """Return the number of points of a stream, of which an entry holds one, or as many as it says."""
    return sum(int(dict(zip(e[1::2], e[2::2])).get(b"len", 1)) for e in entries if e[0].decode() != SEAL)


def fields(arguments: list[bytes]) -> Iterator[tuple[str, str]]:
    for name, value in zip(arguments[::2], arguments[1::2]):
        yield name.decode(), base64.b64encode(value).decode()
