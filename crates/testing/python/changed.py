"""Compare files of a recording that were changed: `changed.py NAME CHANGE...`.

Each change is a Python statement about `h5`, the file that blisswriter 2.0.0 made. Prints one line of
JSON for each: what the comparison finds.
"""

import argparse
import json
import tempfile
from pathlib import Path

import classic_differences
import h5build
import h5compare
import h5py
import recordings
from replay import RECORDINGS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("changes", nargs="+", metavar="CHANGE")
    options = parser.parse_args()
    expected = h5compare.load(RECORDINGS / options.name / "golden.json.gz")
    classic_differences.correct(options.name, expected)
    for change in options.changes:
        with tempfile.TemporaryDirectory(prefix="changed-") as directory:
            root = Path(directory).resolve()
            (file,) = h5build.build(expected, root)
            with h5py.File(file, "a") as h5:
                exec(change, {"h5": h5, "h5py": h5py})
            found = recordings.differences(options.name, "golden", root)
        print(json.dumps([{"recording": options.name, "kind": k, "path": p, "text": t} for k, p, t in found]))


if __name__ == "__main__":
    main()
