"""Make HDF5 files of a description by h5tree.py: `build(description, root)`.

Only elements that are described can be written: of larger datasets, all are zero.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np

ANY_TIME = "2026-11-23T01:33:21.396856+00:00"
NUMBERS = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}


def build(description: dict, root: Path) -> list[Path]:
    """The files, below `root`."""
    files = []
    for name, group in description["files"].items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(file, "w", track_order=group["track_order"]) as h5:
            fill(h5, group, root)
        files.append(file)
    return files


def fill(group: h5py.Group, description: dict, root: Path):
    write_attributes(group, description["attrs"], root)
    for name, item in description["items"]:
        match item["kind"]:
            case "group":
                fill(group.create_group(name, track_order=item["track_order"]), item, root)
            case "dataset":
                write_dataset(group, name, item, root)
            case "soft":
                group[name] = h5py.SoftLink(item["path"])
            case "external":
                group[name] = h5py.ExternalLink(item["file"].replace("<ROOT>", str(root)), item["path"])
            case "hard":
                group[name] = group.file[item["path"]]


def write_attributes(item, attributes: dict, root: Path):
    for name, attribute in attributes.items():
        value = text_or_number(attribute["value"], root)
        item.attrs.create(name, value, shape=tuple(attribute["shape"]), dtype=dtype_of(attribute["dtype"]))


def write_dataset(group: h5py.Group, name: str, item: dict, root: Path):
    shape, dtype = tuple(item["shape"]), dtype_of(item["dtype"])
    fillvalue = text_or_number(item["fillvalue"], root)
    if "virtual" in item:
        group.create_virtual_dataset(name, virtual_layout(item, shape, dtype, root), fillvalue=fillvalue)
    elif "external" in item:
        segments = [(file.replace("<ROOT>", str(root)), offset, size) for file, offset, size in item["external"]]
        group.create_dataset(name, shape, dtype, fillvalue=fillvalue, external=segments)
    else:
        data = text_or_number(item["value"], root) if "value" in item else np.zeros(shape, dtype)
        chunked = {"chunks": tuple(item["chunks"]), "maxshape": tuple(item["maxshape"])} if item["chunks"] else {}
        if dtype.kind in "cV":
            data = from_pairs(data, dtype, shape)
        if dtype.kind == "c":
            fillvalue = from_pairs(fillvalue, dtype, ())[()]
        group.create_dataset(name, shape, dtype, data, fillvalue=fillvalue, **chunked, **filters(item["filters"]))
    write_attributes(group[name], item["attrs"], root)


def virtual_layout(item: dict, shape: tuple, dtype: np.dtype, root: Path) -> h5py.VirtualLayout:
    layout = h5py.VirtualLayout(shape, dtype, tuple(item["maxshape"]) if None in item["maxshape"] else None)
    for part in item["virtual"]:
        start, count = part["source"]
        extent = tuple(first + size for first, size in zip(start, count))
        source = h5py.VirtualSource(part["file"].replace("<ROOT>", str(root)), part["dataset"], extent, dtype)
        for place, data in mappings(part["target"], part["source"]):
            layout[box(*place)] = source[box(*data)]
    return layout


def mappings(target: list, source: list) -> Iterator[tuple]:
    """A grid that is made of a flat dataset is made row by row."""
    if len(target[1]) == len(source[1]):
        yield target, source
        return
    inner = source[1][1:]
    rows, row = target[1][: len(target[1]) - len(inner) - 1], target[1][len(target[1]) - len(inner) - 1]
    for number, place in enumerate(np.ndindex(*rows)):
        yield (
            ([*place, *[0] * (1 + len(inner))], [*[1] * len(rows), row, *inner]),
            ([source[0][0] + number * row, *source[0][1:]], [row, *inner]),
        )


def box(start: list[int], shape: list[int]) -> tuple[slice, ...]:
    return tuple(slice(first, first + size) for first, size in zip(start, shape))


def dtype_of(text: str) -> np.dtype:
    if text == "bool":
        return np.dtype(bool)
    if string := re.fullmatch(r"string\((\w+),(.*)\)", text):
        return h5py.string_dtype(string[2], None if string[1] == "vlen" else int(string[1]))
    return np.dtype(ast.literal_eval(text) if text.startswith("[") else text)


def from_pairs(value, dtype: np.dtype, shape: tuple) -> np.ndarray:
    """Complex numbers and records are lists of their parts."""
    rows = np.array(value, dtype=float) if dtype.kind == "c" else [tuple(row) for row in value]
    return (rows[..., 0] + 1j * rows[..., 1] if dtype.kind == "c" else np.array(rows, dtype)).reshape(shape)


def text_or_number(value, root: Path):
    match value:
        case list():
            return [text_or_number(part, root) for part in value]
        case "<TIME>":
            return ANY_TIME
        case "<RECORD>":
            return "{}"
        case str():
            return NUMBERS.get(value, value.replace("<ROOT>", str(root)))
    return value


def filters(names: list[str]) -> dict:
    options = {}
    for name in names:
        if name == "shuffle":
            options["shuffle"] = True
        elif name.startswith("gzip"):
            options |= {"compression": "gzip", "compression_opts": int(name[5:-1])}
        elif name.startswith("bitshuffle"):
            options |= hdf5plugin.Bitshuffle(cname="lz4" if "lz4" in name else "none")
    return options
