"""Describe HDF5 files as canonical JSON.

Usage:
    h5tree.py FILE_OR_DIRECTORY [-o JSON] [--root DIR] [--classic]

A directory stands for all *.h5, *.hdf5 and *.nx files below it, except those
in the directories given with --exclude.

Output:

    {"format": 1, "files": {PATH RELATIVE TO THE ROOT: GROUP, ...}}

    GROUP     {"kind": "group", "attrs": {...}, "track_order": bool,
               "items": [[NAME, ITEM], ...]}           items in stored order
    DATASET   {"kind": "dataset", "dtype": ..., "shape": [...],
               "maxshape": [...], "chunks": [...]|null, "filters": [...],
               "fillvalue": ..., "attrs": {...},
               "value": ... (at most 128 elements),
               "sha256": ... (of the C-order bytes, fixed-size types only),
               "virtual": [{"file", "dataset", "source", "target"}, ...],
               "external": [[FILE, OFFSET, SIZE], ...]}  when there are any
    LINKS     {"kind": "soft", "path": ...}
              {"kind": "external", "file": ..., "path": ...}
              {"kind": "hard", "path": first path of the same object}

A recorded description (see h5compare.py) may have two more members:

    "unstable": [PATH, ...]          what the reference did not reproduce itself
    "detector_files": [PATH, ...]    files that are not described

What differs between two correct files is replaced by a placeholder: the data
root (<ROOT>), and the versions and times that a writer stamps on the root
group. With --classic also what the writer of the classic layout says about
itself: its name, and in every entry the times by its clock (end_time and
writer/date, if they are times) and its record of completeness (writer/data,
if that is JSON).

Non-finite numbers are written as the strings "NaN", "Infinity" and
"-Infinity"; complex numbers as [real, imaginary]; bytes that are not text as
{"base64": ...}.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import sys
from datetime import datetime
from pathlib import Path

os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")

import h5py  # noqa: E402
import numpy  # noqa: E402

from h5render import filter_text, join_sources, number, selection, type_text  # noqa: E402

try:
    import hdf5plugin  # noqa: F401  (registers additional filters)
except ImportError:
    pass

MAX_VALUES = 128
SUFFIXES = {".h5", ".hdf5", ".nx"}

# What a writer stamps on the root group: its own versions, and the time by its clock.
STAMPS = {
    "file_time": "<TIME>",
    "file_update_time": "<TIME>",
    "HDF5_Version": "<VERSION>",
    "h5py_version": "<VERSION>",
}
CLASSIC_STAMPS = {
    **STAMPS,
    "creator": "<CREATOR>",
    "create_version": "<VERSION>",
}
CLASSIC_TIMES = re.compile(r"/[^/]+/(writer/date|end_time)")
CLASSIC_RECORD = re.compile(r"/[^/]+/writer/data")


class Describer:
    """Description of one file."""

    def __init__(self, filename, root, classic=False):
        self.filename = str(filename)
        self.root = str(root).rstrip("/") or None
        self.classic = classic
        self._seen = {}

    def file(self):
        with h5py.File(self.filename, "r") as h5:
            return self.root_group(h5)

    def root_group(self, h5):
        tree = self._group(h5["/"])
        for name, text in (CLASSIC_STAMPS if self.classic else STAMPS).items():
            if name in tree["attrs"]:
                tree["attrs"][name]["value"] = text
        return tree

    # -- structure ---------------------------------------------------------

    def _group(self, group):
        tracked = bool(
            group.id.get_create_plist().get_link_creation_order()
            & h5py.h5p.CRT_ORDER_TRACKED
        )
        items = [[name, self._item(group, name)] for name in group]
        return {
            "kind": "group",
            "attrs": self._attrs(group),
            "track_order": tracked,
            "items": items,
        }

    def _item(self, parent, name):
        link = parent.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            return {"kind": "soft", "path": link.path}
        if isinstance(link, h5py.ExternalLink):
            return {
                "kind": "external",
                "file": self._text(link.filename),
                "path": link.path,
            }
        obj = parent[name]
        if obj.id.__class__ is h5py.h5t.TypeID:
            return {"kind": "datatype", "dtype": type_text(obj.id)}
        info = h5py.h5o.get_info(obj.id)
        if info.rc > 1:
            key = info.fileno, info.addr
            if key in self._seen:
                return {"kind": "hard", "path": self._seen[key]}
            self._seen[key] = obj.name
        if isinstance(obj, h5py.Group):
            return self._group(obj)
        return self._dataset(obj)

    def _attrs(self, obj):
        attrs = {}
        for name in sorted(obj.attrs):
            attr = h5py.h5a.open(obj.id, name.encode())
            value = obj.attrs[name]
            attrs[name] = {
                "dtype": type_text(attr.get_type()),
                "shape": None
                if isinstance(value, h5py.Empty)
                else list(attr.shape),
                "value": self._value(value),
            }
        return attrs

    def _dataset(self, dset):
        plist = dset.id.get_create_plist()
        tree = {
            "kind": "dataset",
            "dtype": type_text(dset.id.get_type()),
            "shape": None if dset.shape is None else list(dset.shape),
            "maxshape": None if dset.maxshape is None else list(dset.maxshape),
            "chunks": None if dset.chunks is None else list(dset.chunks),
            "filters": [
                filter_text(plist.get_filter(i)) for i in range(plist.get_nfilters())
            ],
            "attrs": self._attrs(dset),
        }
        if plist.fill_value_defined() == h5py.h5d.FILL_VALUE_USER_DEFINED:
            tree["fillvalue"] = self._value(dset.fillvalue)
        else:
            tree["fillvalue"] = None
        if dset.is_virtual:
            tree["virtual"] = join_sources(
                {
                    "file": self._text(src.file_name),
                    "dataset": src.dset_name,
                    "source": selection(src.src_space),
                    "target": selection(src.vspace),
                }
                for src in dset.virtual_sources()
            )
        if dset.external:
            tree["external"] = [
                [self._text(name), offset, size] for name, offset, size in dset.external
            ]
        self._content(tree, dset)
        return tree

    # -- values ------------------------------------------------------------

    def _content(self, tree, dset):
        if dset.shape is None:
            tree["value"] = "<EMPTY>"
            return
        try:
            value = dset[()]
        except (OSError, KeyError) as exc:
            tree["unreadable"] = str(exc).split("\n")[0][:200]
            return
        fixed = dset.dtype.kind in "biufcVS" and not dset.dtype.hasobject
        if fixed:
            data = numpy.ascontiguousarray(value)
            tree["sha256"] = hashlib.sha256(data.tobytes()).hexdigest()
        if not fixed or dset.size <= MAX_VALUES:
            tree["value"] = self._own(dset.name, value) or self._value(value)

    def _own(self, path, value):
        """Placeholder for what the writer of the classic layout says about itself."""
        if not self.classic or not isinstance(value, bytes):
            return None
        if CLASSIC_TIMES.fullmatch(path) and _is_time(value):
            return "<TIME>"
        if CLASSIC_RECORD.fullmatch(path) and _is_json(value):
            return "<RECORD>"
        return None

    def _value(self, value):
        if isinstance(value, h5py.Empty):
            return "<EMPTY>"
        if isinstance(value, numpy.ndarray):
            return [self._value(v) for v in value]
        if isinstance(value, (bytes, numpy.bytes_)):
            try:
                return self._text(value.decode())
            except UnicodeDecodeError:
                return {"base64": base64.b64encode(value).decode()}
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, (bool, numpy.bool_)):
            return bool(value)
        if isinstance(value, numpy.void):
            if value.dtype.names:
                return [self._value(value[name]) for name in value.dtype.names]
            return {"base64": base64.b64encode(value.tobytes()).decode()}
        if isinstance(value, (complex, numpy.complexfloating)):
            return [number(value.real), number(value.imag)]
        if isinstance(value, h5py.Reference):
            return "<REFERENCE>"
        return number(value)

    def _text(self, text):
        if self.root and self.root in text:
            text = text.replace(self.root + "/", "<ROOT>/")
            if text.endswith(self.root):
                text = text[: -len(self.root)] + "<ROOT>"
        return text


def _is_time(text):
    """Date and time with the distance from UTC."""
    try:
        return datetime.fromisoformat(text.decode()).tzinfo is not None
    except ValueError:
        return False


def _is_json(text):
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def hdf5_files(path, exclude=()):
    """HDF5 files below a directory, sorted, as relative paths."""
    found = []
    for filename in sorted(Path(path).rglob("*")):
        rel = filename.relative_to(path).as_posix()
        if filename.suffix not in SUFFIXES or not filename.is_file():
            continue
        if any(rel == name or rel.startswith(name + "/") for name in exclude):
            continue
        found.append(rel)
    return found


def described(write, classic=False):
    """Description of a file in memory, with what the function `write` puts in it."""
    with h5py.File("described.h5", "w", driver="core", backing_store=False) as h5:
        write(h5)
        return Describer(h5.filename, None, classic).root_group(h5)


def describe(path, root=None, exclude=(), classic=False):
    """Description of one file, or of all HDF5 files below a directory."""
    path = Path(path).absolute()
    if path.is_dir():
        root = Path(root or path).absolute()
        names = [path / name for name in hdf5_files(path, exclude)]
    else:
        root = Path(root).absolute() if root else path.parent
        names = [path]
    files = {}
    for name in names:
        tree = Describer(name, root, classic).file()
        relative = os.path.relpath(name, root)
        files[relative] = tree
    return {"format": 1, "files": files}


def find_parent(root, path):
    """The group with the item at a path of a description, and the name of the item."""
    *groups, name = path.split("/")
    for group in groups:
        root = dict(root["items"])[group]
    return root, name


def merge(group, right):
    """Add attributes and items of a described group to another one; items replace those of the same name."""
    group["attrs"].update(right["attrs"])
    items = dict(group["items"])
    for name, item in right["items"]:
        if item["kind"] == "group" and items.get(name, {}).get("kind") == "group":
            merge(items[name], item)
        else:
            items[name] = item
    group["items"] = [[name, item] for name, item in items.items()]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("path", help="HDF5 file or directory")
    parser.add_argument("-o", "--output", help="JSON file (standard output)")
    parser.add_argument("--root", help="data root, replaced by <ROOT>")
    parser.add_argument("--exclude", action="append", default=[], metavar="SUBDIR")
    parser.add_argument("--classic", action="store_true")
    args = parser.parse_args(argv)
    text = dump(describe(args.path, args.root, args.exclude, args.classic))
    if args.output:
        Path(args.output).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def dump(tree):
    """JSON text with short structures on one line."""
    parts = []
    _dump(tree, 0, parts)
    return "".join(parts) + "\n"


def _dump(tree, indent, parts):
    text = json.dumps(tree, ensure_ascii=False, allow_nan=False)
    scalars = isinstance(tree, list) and not any(
        isinstance(item, (dict, list)) for item in tree
    )
    if len(text) + indent < 100 or scalars or not isinstance(tree, (dict, list)):
        parts.append(text)
        return
    pad = "\n" + " " * (indent + 1)
    is_dict = isinstance(tree, dict)
    parts.append("{" if is_dict else "[")
    for i, item in enumerate(tree):
        parts.append("," + pad if i else pad)
        if is_dict:
            parts.append(json.dumps(item, ensure_ascii=False) + ": ")
            item = tree[item]
        _dump(item, indent + 1, parts)
    parts.append("\n" + " " * indent + ("}" if is_dict else "]"))


if __name__ == "__main__":
    main()
