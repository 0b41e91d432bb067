"""Prints as JSON what h5py and silx find in a file: facts.py FILE

What depends on the time of the day is left out.
"""

import datetime
import json
import sys

import h5py
import numpy
from silx.io.nxdata import get_default


def main(name):
    with h5py.File(name, "r", locking=False) as file:
        groups = [file] + [file[name] for name in file]
        facts = {
            "problems": [*problems(file), *end_problems(file)],
            "entries": sorted(file, key=float),
            "plots": {group.name: plot(group) for group in groups},
            "titles": {name: text(file[name]["title"]) for name in file},
            "end_reasons": {name: text(file[name].get("end_reason")) for name in file},
            "data": dict(data(file)),
        }
    json.dump(facts, sys.stdout)


def problems(group):
    """What readers of NeXus files stumble over."""
    if "NX_class" not in group.attrs:
        yield f"{group.name} has no class"
    for name in group:
        path = f"{group.name}/{name}"
        link = group.get(name, getlink=True)
        if name not in group:
            yield f"{path} leads nowhere"
        elif isinstance(link, h5py.HardLink) and isinstance(group[name], h5py.Group):
            yield from problems(group[name])


def end_problems(file):
    for name, entry in file.items():
        try:
            start, end = (datetime.datetime.fromisoformat(text(entry[f"{mark}_time"])) for mark in ("start", "end"))
        except (KeyError, ValueError) as error:
            yield f"{name}: {error}"
            continue
        if start.tzinfo is None or end < start:
            yield f"{name}: from {start} to {end}"


def plot(group):
    found = get_default(group)
    if found is None:
        return None
    return {
        "signal": found.signal.name,
        "axes": found.axes_dataset_names,
        "interpretation": found.interpretation,
        "shape": list(found.signal.shape),
        "others": found.auxiliary_signals_names,
        "issues": found.issues,
    }


def data(file):
    """What was measured, by the path of the device's group."""
    for entry in file.values():
        for device in entry["instrument"].values():
            if not isinstance(device, h5py.Group):
                continue
            dataset = device.get("data", device.get("value"))
            if dataset is not None:
                yield device.name, measured(dataset, entry)


def measured(dataset, entry):
    values = dataset[()]
    facts = {
        "dtype": dataset.dtype.str,
        "shape": list(dataset.shape),
        "units": text(dataset.attrs.get("units")),
        "sum": float(values.sum()),
    }
    if dataset.name.endswith("/epoch/data"):
        elapsed = entry["instrument/elapsed_time/data"][()]
        facts = {"is_elapsed_time": bool(numpy.ptp(values - elapsed) < 1e-5)}
    elif values.ndim == 1:
        facts["values"] = values.tolist()
    elif values.ndim > 1:
        # Where each spectrum or image is largest.
        flat = values.reshape(len(values), -1).argmax(axis=1)
        facts["maxima"] = numpy.transpose(numpy.unravel_index(flat, values.shape[1:])).tolist()
    return facts


def text(value):
    if isinstance(value, h5py.Dataset):
        value = value[()]
    return value.decode() if isinstance(value, bytes) else value


main(sys.argv[1])
