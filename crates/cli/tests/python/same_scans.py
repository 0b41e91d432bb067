"""Compares files with what an undisturbed writer has made of the same scans.

Each line on standard input asks for one comparison: a JSON array of when_full or finished, FILE, REFERENCE and ENTRY.
The answer is a line with a JSON array of what is wrong. ENTRY is the scan that is being saved; the other scans of the reference are older.

when_full: the older scans are as they were, everything can be read, and the scan is whole if the file says so, except
that its end_time, which is written last, may be missing. The file may not exist if there is no older scan.
finished: everything is in the file.
"""

import json
import sys
from pathlib import Path

import h5py

# What differs from one run to the next.
TIMES = {"file_time", "file_update_time", "date", "end_time"}
RECORD = "completeness_"


def text_of(value):
    return value.decode() if isinstance(value, bytes) else value


def without_key(record):
    return {name: value for name, value in json.loads(record).items() if name != "scan"}


def attributes(item):
    names = [name for name in item.attrs if name not in TIMES and not name.startswith(RECORD)]
    return {name: repr(item.attrs[name]) for name in names}


def differences(name, item, reference, missing=frozenset()):
    if attributes(item) != attributes(reference):
        yield f"{name}: attributes {attributes(item)} instead of {attributes(reference)}"
    if isinstance(reference, h5py.Group):
        unequal = (set(item) ^ set(reference)) - missing
        if unequal:
            yield f"{name}: {unequal}"
            return
        for child in reference:
            if child not in TIMES and child in item:
                yield from differences(f"{name}/{child}", item[child], reference[child])
        return
    if item.dtype != reference.dtype or item.shape != reference.shape:
        yield f"{name}: {item} instead of {reference}"
        return
    value, expected = item[()], reference[()]
    if item.dtype.kind == "O":
        is_record = name.endswith("/writer/data")
        value, expected = map(without_key, (value, expected)) if is_record else (value, expected)
        if value != expected:
            yield f"{name}: {value} instead of {expected}"
    elif value.tobytes() != expected.tobytes():
        yield f"{name}: other values"


def records(file):
    found = [name for name in file.attrs if name.startswith(RECORD)]
    return sorted(json.dumps(without_key(file.attrs[name]), sort_keys=True) for name in found)


def says_that_it_is_whole(file, entry, reference):
    """Returns whether anything in the file says that the scan is complete."""
    if entry in file and "writer" in file[entry]:
        writer = file[entry]["writer"]
        if text_of(writer["status"][()]) == "SUCCEEDED" or json.loads(writer["data"][()])["complete"]:
            return True
    complete = [json.loads(record)["complete"] for record in records(file)]
    return bool(complete) and all(complete) and len(complete) == len(records(reference))


def read_all(name, item):
    attributes(item)
    if isinstance(item, h5py.Dataset):
        item[()]


def problems(mode, file, reference, entry):
    if mode == "finished":
        yield from differences("", file, reference)
        if records(file) != records(reference):
            yield f"records {records(file)} instead of {records(reference)}"
        return
    file.visititems(read_all)
    for older in reference:
        if older == entry:
            continue
        if older not in file:
            yield f"/{older} is missing"
        else:
            yield from differences(f"/{older}", file[older], reference[older])
    if says_that_it_is_whole(file, entry, reference):
        yield from differences(f"/{entry}", file[entry], reference[entry], {"end_time"})


def compared(mode, name, reference, entry):
    with h5py.File(reference, "r", locking=False) as expected:
        has_older = set(expected) != {entry}
        # A writer that found no room for the first flush may leave an empty file.
        if mode == "when_full" and not has_older and not (Path(name).exists() and Path(name).stat().st_size):
            return []
        with h5py.File(name, "r", locking=False) as file:
            return list(problems(mode, file, expected, entry))


for line in sys.stdin:
    try:
        answer = compared(*json.loads(line))
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        answer = [repr(error)]
    print(json.dumps(answer), flush=True)
