"""Record what blisswriter 3.0.0 makes of the scenarios: `record.py [NAME...]`.

The results are the files `golden/NAME.json`: the outcome of each scan and a description of the
files (see `h5tree.py`). They are only to be recorded again when a scenario changes.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path

import h5tree
from scenarios import RECORDED
from scenarios.fixture import publish

HERE = Path(__file__).resolve().parent
GOLDEN = HERE / "golden"
TIMEOUT = 120
ULID = re.compile("[0-9A-HJKMNP-TV-Z]{26}")


def main():
    sys.path.append(str(HERE.parents[2] / "bench"))
    from server import PrivateRedis

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [scenario.__name__ for scenario in RECORDED]
    parser.add_argument("names", nargs="*", metavar="NAME", help="all by default: " + ", ".join(names))
    wanted = parser.parse_args().names or names
    GOLDEN.mkdir(exist_ok=True)
    for scenario in RECORDED:
        if scenario.__name__ not in wanted:
            continue
        with PrivateRedis() as server, tempfile.TemporaryDirectory(prefix="record-") as root:
            result = record(scenario, server.url, Path(root).resolve())
        (GOLDEN / f"{scenario.__name__}.json").write_text(h5tree.dump(result), encoding="utf-8")
        print(scenario.__name__, ", ".join(f"{o['label'] or 'scan'} {o['state']}" for o in result["scans"]))


def record(scenario, url: str, root: Path) -> dict:
    fixture = publish(scenario, url, root)
    before = [*h5tree.hdf5_files(root), "not_hdf5.h5"]
    outcomes = []
    publishers = sorted(fixture.publishers, key=lambda publisher: publisher.wave)
    for _, wave in groupby(publishers, key=lambda publisher: publisher.wave):
        labels = {publisher.key: publisher.label for publisher in wave}
        for outcome in save(url, root, list(labels)):
            # The other lines are long, and only for people.
            outcome["reason"] = outcome["reason"].split("\n")[0]
            outcomes.append({"label": labels[outcome.pop("key")], **outcome})
    text = ULID.sub("<ULID>", json.dumps(outcomes).replace(str(root), "<ROOT>"))
    description = h5tree.describe(root, exclude=before)
    return {"format": 1, "scans": json.loads(text), "files": description["files"]}


def save(url: str, directory: Path, keys: list[str]) -> list[dict]:
    command = [sys.executable, HERE / "reference.py", *keys, "--redis", url]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


if __name__ == "__main__":
    main()
