"""Compare what a writer made of recordings with what blisswriter 2.0.0 made of them.

    recordings.py NAME... --root DIRECTORY [--golden STEM]

The files of a recording are in DIRECTORY/NAME; what they should be is in
`recordings/bliss2/NAME/STEM.json.gz`, changed by `classic_differences.py`. Each difference that counts
is a line of JSON: `recording`, `kind`, `path`, `text`.
"""

import argparse
import json
from pathlib import Path

import classic_differences
import h5compare
from replay import RECORDINGS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--root", type=Path, required=True, metavar="DIRECTORY")
    parser.add_argument("--golden", default="golden", metavar="STEM")
    options = parser.parse_args()
    for name in options.names:
        for kind, path, text in differences(name, options.golden, options.root.resolve() / name):
            if kind not in h5compare.INFORMATION:
                print(json.dumps({"recording": name, "kind": kind, "path": path, "text": text}, ensure_ascii=False))


def differences(name: str, golden: str, root: Path) -> list[tuple[str, str, str]]:
    expected = h5compare.load(RECORDINGS / name / f"{golden}.json.gz")
    classic_differences.correct(name, expected)
    return h5compare.compare(expected, root, storage=True, classic=True)


if __name__ == "__main__":
    main()
