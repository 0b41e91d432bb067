"""Checks that a saved file holds what was published: a benchmark on wrong data is worthless."""

import os
from types import ModuleType

import h5py
import numpy as np

from workloads import Scan

SLAB_BYTES = 16 << 20


def differences(file: str, scans: list[Scan], layout: ModuleType) -> list[str]:
    """What is missing or wrong in a file: one line each; empty when every point is there."""
    if not os.path.exists(file):
        return [f"{file} does not exist"]
    found = []
    with h5py.File(file, "r", locking=False) as root:
        for scan in scans:
            for channel in scan.channels:
                path = layout.dataset_path(scan, channel)
                problem = dataset_problem(root, path, channel.data)
                if problem:
                    found.append(f"{path}: {problem}")
            found += layout.problems(root, scan)
    return found


def dataset_problem(root: h5py.File, path: str, expected: np.ndarray) -> str | None:
    if path not in root:
        return "missing"
    dataset = root[path]
    if (dataset.shape, dataset.dtype) != (expected.shape, expected.dtype):
        return f"{dataset.shape} {dataset.dtype} instead of {expected.shape} {expected.dtype}"
    step = max(1, SLAB_BYTES * len(expected) // expected.nbytes)
    for first in range(0, len(expected), step):
        if not np.array_equal(dataset[first : first + step], expected[first : first + step]):
            return f"wrong values among points {first} to {first + step - 1}"
    return None


# The record of completeness, which only nexus-writer leaves in its files.
RECORD = ("/writer/type", "/writer/data")
RECORD_ATTRIBUTE = "completeness_"


def structure(file: str) -> dict[str, str]:
    """Every object and link of a file with its type and the names of its attributes, without values."""
    found = {}

    def visit(group):
        for name in group:
            path = f"{group.name.rstrip('/')}/{name}"
            if path.endswith(RECORD):
                continue
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                found[path] = f"{type(link).__name__} {link.path}"
                continue
            item = group[name]
            attributes = attribute_names(item)
            if isinstance(item, h5py.Group):
                found[path] = f"group [{attributes}]"
                visit(item)
            else:
                found[path] = f"dataset {item.dtype} {item.shape} [{attributes}]"

    with h5py.File(file, "r", locking=False) as root:
        found["/"] = f"group [{attribute_names(root)}]"
        visit(root)
    return found


def attribute_names(item) -> str:
    # This one says which library wrote the file: only h5py stamps it.
    names = set(item.attrs) - {"h5py_version"}
    return " ".join(sorted(name for name in names if not name.startswith(RECORD_ATTRIBUTE)))


def structure_differences(one: str, other: str) -> list[str]:
    """How the trees of two files differ: one line per object."""
    first, second = structure(one), structure(other)
    return [
        f"{path}: {first.get(path, 'missing')} / {second.get(path, 'missing')}"
        for path in sorted(first.keys() | second.keys())
        if first.get(path) != second.get(path)
    ]
