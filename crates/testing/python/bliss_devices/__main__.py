"""Record what BLISS publishes of devices without hardware, and what its own writer makes of it.

    python -m bliss_devices NAME... --bliss VENV [--log DIRECTORY]

VENV is an environment with BLISS 2.2.1 and blisswriter 2.0.0, as `./dev bliss` makes it. The Redis server is that of the
tests (NEXUS_WRITER_REDIS_SERVER, NEXUS_WRITER_REDIS_MODULES).

The scans of a NAME are a function of `scans.py`. Its recording, the files of its detectors, and the description of the file
that blisswriter made replace those in `recordings/bliss2/NAME`. Data are saved in /data/bliss, which must not exist, and is
removed afterwards.
"""

import argparse
import gzip
import json
import os
import shutil
from pathlib import Path

import h5tree
from replay import RECORDED_ROOT, RECORDINGS

from .beamline import Beamline, wait
from .monitor import Monitor

HERE = Path(__file__).resolve().parent
LIMIT = 120


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--bliss", type=Path, required=True, metavar="VENV")
    parser.add_argument("--log", type=Path, metavar="DIRECTORY", help="keep what the programs print there")
    options = parser.parse_args()
    for name in options.names:
        record(name, options.bliss, options.log)


def record(name: str, venv: Path, logs: Path | None):
    root = Path(RECORDED_ROOT)
    root.mkdir(parents=True)
    try:
        with Beamline(venv) as beamline:
            try:
                publish(name, beamline)
            finally:
                if logs:
                    shutil.copytree(beamline.folder, logs / name, ignore=only_logs, dirs_exist_ok=True)
        describe(name, root)
    finally:
        shutil.rmtree(root)


def only_logs(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".log")]


def publish(name: str, beamline: Beamline):
    """Runs the scans while the writer of BLISS saves them."""
    recording = RECORDINGS / name / "recording.jsonl.gz"
    recording.parent.mkdir(exist_ok=True)
    log = beamline.folder / "writer.log"
    writer = beamline.start("NexusSessionWriter", "demo", "--log=info", log=log)
    wait(lambda: "Subscribed to Redis" in log.read_text(), LIMIT, f"the writer: {log}")
    with Monitor(recording, beamline.redis):
        printed = beamline.folder / "session.log"
        session = beamline.start("python", str(HERE / "session.py"), name, RECORDED_ROOT, log=printed)
        try:
            if session.wait(LIMIT) != 0:
                raise RuntimeError(printed.read_text())
        finally:
            session.kill()
    file = Path(RECORDED_ROOT) / "demo" / f"{name}.h5"
    wait(lambda: finished(file), LIMIT, f"the end of {file}")
    writer.terminate()
    writer.wait()


def finished(file: Path) -> bool:
    """Returns whether every entry has an end."""
    try:
        description = h5tree.Describer(file, RECORDED_ROOT, classic=True).file()
    except (OSError, KeyError, RuntimeError, ValueError):
        # It is being written.
        return False
    entries = [dict(entry["items"]) for _, entry in description["items"] if entry["kind"] == "group"]
    states = [dict(entry["writer"]["items"])["status"]["value"] for entry in entries if "writer" in entry]
    return bool(states) and all(state in ("SUCCEEDED", "FAILED") for state in states)


def describe(name: str, root: Path):
    """Stores the description of the file, and the files of detectors."""
    folder = RECORDINGS / name
    shutil.rmtree(folder / "files", ignore_errors=True)
    file = root / "demo" / f"{name}.h5"
    description = {
        "format": 1,
        "files": {
            str(file.relative_to(root)): h5tree.Describer(file, root, classic=True).file(),
        },
    }
    saved = sorted(path for path in root.rglob("*.h5") if path != file)
    if saved:
        description["detector_files"] = [str(path.relative_to(root)) for path in saved]
    for path in saved:
        target = folder / "files" / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    text = json.dumps(description).encode()
    (folder / "golden.json.gz").write_bytes(gzip.compress(text, mtime=0))


os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")
main()
