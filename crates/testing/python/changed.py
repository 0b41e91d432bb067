"""Change files of a recording, and compare or validate them: `changed.py NAME CHANGE... [--gate]`.

Each change is a Python statement about `h5`, the file that blisswriter 2.0.0 made. Prints one line of
JSON for each: what the comparison finds, or with `--gate` what the validators find.
"""

import argparse
import json
import tempfile
from pathlib import Path

import classic_differences
import h5build
import h5compare
import h5py
import numpy
import recordings
from replay import RECORDINGS, copy_files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("changes", nargs="+", metavar="CHANGE")
    parser.add_argument("--gate", action="store_true")
    options = parser.parse_args()
    expected = h5compare.load(RECORDINGS / options.name / "golden.json.gz")
    classic_differences.correct(options.name, expected)
    for change in options.changes:
        with tempfile.TemporaryDirectory(prefix="changed-") as directory:
            root = Path(directory).resolve()
            copy_files(options.name, root)
            (file,) = h5build.build(expected, root)
            with h5py.File(file, "a") as h5:
                exec(change, {"h5": h5, "h5py": h5py, "numpy": numpy})
            print(json.dumps(validated(file) if options.gate else compared(options.name, root)), flush=True)


def compared(name: str, root: Path) -> list[dict]:
    found = recordings.differences(name, "golden", root)
    return [{"recording": name, "kind": kind, "path": path, "text": text} for kind, path, text in found]


def validated(file: Path) -> list[dict]:
    import gate

    return [{"file": file.name, "check": check, "problem": problem} for check, problem in gate.problems(file)]


if __name__ == "__main__":
    main()
