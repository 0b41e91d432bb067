"""Validate HDF5 files of the classic layout: `python -m gate FILE_OR_DIRECTORY...`.

Prints one line of JSON for each problem: `file`, `check`, `problem`. The exit status is 1 if there
are any, 2 if there are no files.
"""

import argparse
import json
import sys
from pathlib import Path

from gate import problems


def main() -> int:
    parser = argparse.ArgumentParser(prog="gate", description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_DIRECTORY")
    parser.add_argument("--exclude", default="", metavar="GLOB", help="files in directories that are not of interest")
    options = parser.parse_args()
    files = []
    for path in options.paths:
        files += sorted(path.rglob("*.h5")) if path.is_dir() else [path]
    files = [file for file in files if not (options.exclude and file.match(options.exclude))]
    found = [
        {"file": str(file), "check": check, "problem": problem} for file in files for check, problem in problems(file)
    ]
    for problem in found:
        print(json.dumps(problem, ensure_ascii=False))
    print(f"{len(files)} files, {len(found)} problems", file=sys.stderr)
    return 2 if not files else bool(found)


if __name__ == "__main__":
    sys.exit(main())
