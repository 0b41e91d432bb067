"""Check what no validator checks: links, strings, units, and the marks of a finished entry."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import h5py
import numpy as np
from gate import entries

FINISHED = ("SUCCEEDED", "FAILED")
TIMES = ("start_time", "end_time")
LISTS = ("axes", "auxiliary_signals")


def problems(file: Path) -> Iterator[str]:
    with h5py.File(file, "r") as h5:
        yield from group_problems(h5["/"])
        for entry in entries.own(h5):
            yield from entry_problems(entry)


def group_problems(group: h5py.Group) -> Iterator[str]:
    if "NX_class" not in group.attrs:
        yield f"{group.name}: no NX_class"
    yield from attribute_problems(group)
    if group.attrs.get("default", group.name) not in group:
        yield f"{group.name}@default: leads nowhere"
    if group.attrs.get("NX_class") == "NXdata":
        yield from plot_problems(group)
    for name in group:
        link, item = group.get(name, getlink=True), group.get(name)
        path = f"{group.name.rstrip('/')}/{name}"
        if item is None:
            yield f"{path}: leads nowhere"
        elif isinstance(link, h5py.HardLink) and isinstance(item, h5py.Group):
            yield from group_problems(item)
        elif isinstance(link, h5py.HardLink):
            yield from dataset_problems(item)


def entry_problems(entry: h5py.Group) -> Iterator[str]:
    if entry.attrs.get("NX_class") != "NXentry":
        yield f"{entry.name}: no NXentry"
    status = entry["writer/status"].asstr()[()] if "writer/status" in entry else None
    if (status in FINISHED) != ("end_time" in entry):
        yield f"{entry.name}: {status}, {'with' if 'end_time' in entry else 'without'} end_time"
    for name in TIMES:
        if name in entry and not is_time(entry[name].asstr()[()]):
            yield f"{entry.name}/{name}: not a time"
    if entries.plots(entry) and "default" not in entry.attrs:
        yield f"{entry.name}: plots without a default"


def is_time(text: str) -> bool:
    """With the distance from UTC."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def dataset_problems(dataset: h5py.Dataset) -> Iterator[str]:
    yield from attribute_problems(dataset)
    if dataset.dtype.kind in "OSU":
        yield from string_problems(dataset.name, dataset.id.get_type(), dataset.shape, dataset[()], dataset.parent)
    files = [source.file_name for source in dataset.virtual_sources()] if dataset.is_virtual else []
    files += [name for name, _, _ in dataset.external or ()]
    here = os.path.dirname(dataset.file.filename)
    for name in sorted({name for name in files if name != "."}):
        if not os.path.exists(os.path.join(here, name)):
            yield f"{dataset.name}: {name} does not exist"
    if dataset.is_virtual:
        yield from source_problems(dataset, here)


def source_problems(dataset: h5py.Dataset, here: str) -> Iterator[str]:
    """HDF5 reads fill values where there is no such dataset."""
    for source in {(source.file_name, source.dset_name) for source in dataset.virtual_sources()}:
        name, path = source
        if name == ".":
            found = path in dataset.file
        elif os.path.exists(os.path.join(here, name)):
            with h5py.File(os.path.join(here, name), "r") as h5:
                found = path in h5
        else:
            continue
        if not found:
            yield f"{dataset.name}: no {path} in {name}"


def attribute_problems(item) -> Iterator[str]:
    for name, value in item.attrs.items():
        kind = h5py.h5a.open(item.id, name.encode()).get_type()
        if isinstance(kind, h5py.h5t.TypeStringID):
            shape = np.shape(value)
            yield from string_problems(f"{item.name}@{name}", kind, shape, value, item, is_list=name in LISTS)
        if name == "units" and not isinstance(value, str):
            yield f"{item.name}@units: not text"


def string_problems(path, kind, shape, value, group, is_list=False) -> Iterator[str]:
    if not (kind.is_variable_str() and kind.get_cset() == h5py.h5t.CSET_UTF8):
        yield f"{path}: not UTF-8 of variable length"
    if shape != () and not is_list and not is_list_of_frames(shape, value, group):
        yield f"{path}: a string of shape {shape}"
    for text in np.ravel(value):
        if isinstance(text, bytes):
            try:
                text.decode()
            except UnicodeDecodeError:
                yield f"{path}: {text} is no UTF-8"


def is_list_of_frames(shape, value, group) -> bool:
    """The images of a detector that are referred to by name, `file::index`."""
    if len(shape) != 1 or group.attrs.get("NX_class") != "NXdetector":
        return False
    return all(frame.rpartition(b"::")[2].isdigit() for frame in value)


def plot_problems(plot: h5py.Group) -> Iterator[str]:
    """All that is plotted together has the same shape, and the axes fit it."""
    signal = plot.get(plot.attrs.get("signal", ""))
    if not isinstance(signal, h5py.Dataset):
        yield f"{plot.name}@signal: leads nowhere"
        return
    for name in plot.attrs.get("auxiliary_signals", ()):
        if name not in plot or plot[name].shape != signal.shape:
            yield f"{plot.name}/{name}: not like the signal"
    axes = plot.attrs.get("axes", ())
    scatter = len(axes) > signal.ndim
    for place, name in enumerate(axes):
        length = signal.shape[0 if scatter else place] if signal.ndim else 0
        if name not in plot or plot[name].shape != (length,):
            yield f"{plot.name}/{name}: does not fit the signal"
