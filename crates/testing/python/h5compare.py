"""Compare HDF5 files with a description that h5tree.py made of others.

    h5compare.py DESCRIPTION.json[.gz] FILE_OR_DIRECTORY [--storage] [--classic] [--ignore KIND,...]

With a directory all files in it are compared, except those that the description lists as files of
detectors; with a file only that one. Each difference is a line: kind, path in a file, explanation.

    MISSING  a file, group, dataset or link is absent
    EXTRA    the other way around
    VALUE    content of a dataset (or its fill value) differs
    DTYPE    type of a dataset differs
    SHAPE    shape differs
    ATTR     an attribute is missing, superfluous, or differs
    LINK     kind or target of a link, virtual source, or external file differs
    FILTER   compression or another filter differs
    CHUNK    storage layout or shape of chunks differs
    ORDER    order of the items in a group differs; for information, it does not count

The storage of datasets matters only where it was promised. By default it is up to the writer: layout,
chunks, filters, maximal shape and fill value are not compared, beyond the elements that show them, nor
are the stamps on the root group. With --storage all of these are compared, too.

Values must be equal to the last bit. Where --storage is asked for, those in NXdata groups may differ
by 1e-9: the axes of plots are computed by the writer. Differences at or below the paths that a
description lists as unstable are left out.

The exit status is 1 if there are differences that count, 2 if files cannot be compared.
"""

import argparse
import gzip
import json
import math
import sys
from pathlib import Path

import h5tree
from h5tree import STAMPS

KINDS = "MISSING EXTRA VALUE DTYPE SHAPE ATTR LINK FILTER CHUNK ORDER".split()
INFORMATION = {"ORDER"}
# Extended floats, of which some bytes mean nothing.
WITH_PADDING = ("<f16", "<c32")
PLOT_TOLERANCE = 1e-9


def load(path: Path) -> dict:
    """A recorded description."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        return json.load(file)


def compare(expected: dict, path: Path, storage=False, classic=False) -> list[tuple[str, str, str]]:
    """Compare what is at `path` with a recorded description."""
    exclude = expected.get("detector_files", ())
    name, files = path.name, expected["files"]
    if path.is_file():
        fitting = [known for known in files if Path(known).name == name]
        if len(fitting) != 1:
            raise SystemExit(f"which of {sorted(files)} is {name}?")
        files = {name: files[fitting[0]]}
    found = h5tree.describe(path, exclude=exclude, classic=classic)["files"] if path.exists() else {}
    unstable = expected.get("unstable", ())
    return [row for row in differences(files, found, storage) if not any(is_below(row[1], top) for top in unstable)]


def differences(golden: dict, actual: dict, storage=False) -> list[tuple[str, str, str]]:
    """Compare the "files" of two descriptions."""
    comparison = Comparison(storage)
    comparison.files(golden, actual)
    return sorted(comparison.differences, key=lambda row: KINDS.index(row[0]))


class Comparison:
    def __init__(self, storage=False):
        self.storage = storage
        self.tolerance = 0.0
        self.differences = []

    def add(self, kind, path, text):
        self.differences.append((kind, path, text))

    def files(self, golden, actual):
        strip = (lambda root: root) if self.storage else without_stamps
        for name in golden:
            if name not in actual:
                self.add("MISSING", name, "file")
            else:
                self.item(strip(golden[name]), strip(actual[name]), name + "::/")
        for name in actual:
            if name not in golden:
                self.add("EXTRA", name, "file")

    def item(self, golden, actual, path):
        if golden["kind"] != actual["kind"]:
            kinds = {golden["kind"], actual["kind"]}
            kind = "LINK" if kinds & {"soft", "external", "hard"} else "DTYPE"
            self.add(kind, path, f"expected {_what(golden)}, found {_what(actual)}")
        elif golden["kind"] == "group":
            self.group(golden, actual, path)
        elif golden["kind"] == "dataset":
            self.dataset(golden, actual, path)
        elif golden != actual:
            self.add("LINK", path, f"expected {_what(golden)}, found {_what(actual)}")

    def group(self, golden, actual, path):
        self.attrs(golden["attrs"], actual["attrs"], path)
        expected = dict(golden["items"])
        found = dict(actual["items"])
        base = path if path.endswith("/") else path + "/"
        outside = self.tolerance
        if self.storage and golden["attrs"].get("NX_class", {}).get("value") == "NXdata":
            self.tolerance = PLOT_TOLERANCE
        for name, item in expected.items():
            if name in found:
                self.item(item, found[name], base + name)
            else:
                self.add("MISSING", base + name, _what(item))
        self.tolerance = outside
        for name, item in found.items():
            if name not in expected:
                self.add("EXTRA", base + name, _what(item))
        if self.storage:
            self.order(golden, actual, path)

    def order(self, golden, actual, path):
        expected = [name for name, _ in golden["items"] if name in dict(actual["items"])]
        found = [name for name, _ in actual["items"] if name in dict(golden["items"])]
        if expected != found:
            self.add("ORDER", path, f"expected {expected}, found {found}")
        if golden["track_order"] != actual["track_order"]:
            self.add("ORDER", path, f"tracked: expected {golden['track_order']}, found {actual['track_order']}")

    def attrs(self, golden, actual, path):
        for name in sorted(golden.keys() | actual.keys()):
            where = f"{path}@{name}"
            if name not in actual:
                self.add("ATTR", where, f"missing, expected {_short(golden[name]['value'])}")
            elif name not in golden:
                self.add("ATTR", where, f"extra, found {_short(actual[name]['value'])}")
            else:
                for field in "dtype", "shape", "value":
                    old, new = golden[name][field], actual[name][field]
                    if not self.same(old, new):
                        self.add("ATTR", where, f"{field}: expected {_short(old)}, found {_short(new)}")

    def dataset(self, golden, actual, path):
        def check(kind, field):
            old, new = golden.get(field), actual.get(field)
            if old != new:
                self.add(kind, path, f"{field}: expected {_short(old)}, found {_short(new)}")
                return False
            return True

        self.attrs(golden["attrs"], actual["attrs"], path)
        same_type = check("DTYPE", "dtype")
        same_shape = check("SHAPE", "shape")
        if not (is_whole(golden) and is_whole(actual) and origin(golden) == origin(actual)):
            check("LINK", "virtual")
        check("LINK", "external")
        if self.storage:
            check("SHAPE", "maxshape")
            check("CHUNK", "chunks")
            check("FILTER", "filters")
            check("VALUE", "fillvalue")
        if not (same_type and same_shape):
            return
        if golden.get("unreadable") and actual.get("unreadable"):
            return
        if golden.get("unreadable") or actual.get("unreadable"):
            check("VALUE", "unreadable")
        elif "value" in golden and "value" in actual and not self.same(golden["value"], actual["value"]):
            check("VALUE", "value")
        elif golden["dtype"] not in WITH_PADDING and not (self.tolerance and "value" in golden):
            check("VALUE", "sha256")

    def same(self, old, new):
        if old == new and isinstance(old, bool) == isinstance(new, bool):
            return True
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            return all(map(self.same, old, new))
        numbers = all(isinstance(value, (int, float)) for value in (old, new))
        return bool(self.tolerance and numbers) and abs(old - new) <= self.tolerance * (1 + max(abs(old), abs(new)))


def origin(dataset: dict) -> list[tuple[str, str]]:
    """Return the files and datasets of which a virtual dataset consists."""
    return [(source["file"], source["dataset"]) for source in dataset.get("virtual", ())]


def is_whole(dataset: dict) -> bool:
    """Return whether a virtual dataset consists of one source that fills it."""
    if len(sources := dataset.get("virtual", ())) != 1:
        return False
    shape = dataset["shape"]
    return sources[0]["target"] in (None, [[0] * len(shape), shape]) and (
        sources[0]["source"] is None or math.prod(sources[0]["source"][1]) == math.prod(shape)
    )


def is_below(path: str, top: str) -> bool:
    return path == top or path.startswith(top + "/")


def without_stamps(root):
    attributes = {name: value for name, value in root["attrs"].items() if name not in STAMPS}
    return {**root, "attrs": attributes}


def drop_records(root: dict):
    """Remove our records of completeness, which blisswriter does not write."""
    for name in [name for name in root["attrs"] if name.startswith("completeness_")]:
        del root["attrs"][name]


def _what(item):
    kind = item["kind"]
    if kind == "dataset":
        return f"dataset {item['dtype']} {item['shape']}"
    if kind == "external":
        return f"external link to {item['file']}::{item['path']}"
    if kind in ("soft", "hard"):
        return f"{kind} link to {item['path']}"
    if kind == "group":
        return f"group {item['attrs'].get('NX_class', {}).get('value', '')}".strip()
    return kind


def _short(value, limit=160):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[:limit] + "..."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("description", type=Path, help="what h5tree.py printed")
    parser.add_argument("path", type=Path, help="HDF5 file, or root of the data")
    parser.add_argument("--storage", action="store_true", help="compare how datasets are stored, too")
    parser.add_argument("--classic", action="store_true", help="leave out what a writer says about itself")
    parser.add_argument("--ignore", default="", help="kinds of no interest")
    options = parser.parse_args()
    if not options.path.exists():
        print(f"{options.path} does not exist", file=sys.stderr)
        return 2
    found = compare(load(options.description), options.path, options.storage, options.classic)
    found = [row for row in found if row[0] not in options.ignore.upper().split(",")]
    for kind, path, text in found:
        print(f"{kind:8} {path}: {text}")
    return 1 if {row[0] for row in found} - INFORMATION else 0


if __name__ == "__main__":
    sys.exit(main())
