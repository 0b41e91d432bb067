"""Changes of a case: what operators, devices and versions of BLISS could publish instead."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random

from cases import Case

MAX_CHANGES = 3
OPTIONS = ("--keepshape", "--multivalue-positioners", "--disable-external-hdf5", "--enable-external-nonhdf5")
NAMES = (
    "",
    "a",
    "data",
    "name",
    "signal",
    "value",
    "1",
    "a b",
    "a/b",
    "a.b",
    "é",
    "positioners",
    "type",
    "_",
    "roi1_avg",
    "x_signal",
)
VALUES = (
    None,
    True,
    False,
    0,
    1,
    -1,
    3,
    1.5,
    1e300,
    "",
    "text",
    "é",
    [],
    [1],
    [1, 2.5],
    ["a", "b"],
    [[1, 2], [3, 4]],
    [1, "a"],
    {},
    {"a": 1},
)
DTYPES = ("<f8", ">f8", "<f4", ">f4", "<i4", ">i4", "<u2", ">u2", "<i8", "<u8", "|i1", "|u1", "|b1")
SHAPES = ([], [], [3], [16], [4, 5], [2, 3, 4])
LENGTHS = (0, 1, 2, 3, 7, 20, 21, 100, 1500)
UNITS = (None, "", "mm", "keV", "count/s", 5)
CLASSES = ("NXcollection", "NXdetector", "NXpositioner", "NXinstrument", "NXdata", "", 5)
# Changes of these would lead out of the folder of the case, or to another session.
FIXED = {"filename", "session_name", "save", "path", "images_path", "masterfiles", "data_writer"}


def change(case: Case, rng: Random):
    """Change a case one to a few times."""
    for _ in range(rng.randint(1, MAX_CHANGES)):
        kinds = list(CHANGES)
        (name,) = rng.choices(kinds, [CHANGES[kind] for kind in kinds])
        name(case, rng)


# -- the info in general ---------------------------------------------------------------------------


def places(value, path: tuple = ()) -> Iterator[tuple]:
    """Return the paths of all members of nested objects and lists."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        if key not in FIXED:
            yield (*path, key)
            yield from places(member, (*path, key))


def parent_of(info: dict, path: tuple):
    for key in path[:-1]:
        info = info[key]
    return info


def random_place(info: dict, rng: Random) -> tuple | None:
    """Return a place. All depths are equally likely, because there are far more places in the depth."""
    by_depth = {}
    for path in places(info):
        by_depth.setdefault(len(path), []).append(path)
    return rng.choice(by_depth[rng.choice(list(by_depth))]) if by_depth else None


def remove_member(case: Case, rng: Random):
    if path := random_place(case.info, rng):
        del parent_of(case.info, path)[path[-1]]


def replace_member(case: Case, rng: Random):
    if path := random_place(case.info, rng):
        parent_of(case.info, path)[path[-1]] = deepcopy(rng.choice(VALUES))


def copy_member(case: Case, rng: Random):
    source, target = random_place(case.info, rng), random_place(case.info, rng)
    if source and target:
        parent_of(case.info, target)[target[-1]] = deepcopy(parent_of(case.info, source)[source[-1]])


def rename_member(case: Case, rng: Random):
    path = random_place(case.info, rng)
    if path and isinstance(parent := parent_of(case.info, path), dict):
        parent[rng.choice(NAMES)] = parent.pop(path[-1])


def change_while_it_runs(case: Case, rng: Random):
    """Another value of a member when the scan is prepared."""
    if path := random_place(case.info, rng):
        prepared = deepcopy(case.info[path[0]]) if len(path) > 1 else deepcopy(rng.choice(VALUES))
        if len(path) > 1:
            parent_of({path[0]: prepared}, path)[path[-1]] = deepcopy(rng.choice(VALUES))
        case.prepared = (case.prepared or {}) | {path[0]: prepared}


# -- streams ---------------------------------------------------------------------------------------


def plain_streams(case: Case) -> list[dict]:
    return [stream for stream in case.streams if "dtype" in stream]


def change_length(case: Case, rng: Random):
    for stream in plain_streams(case):
        if rng.random() < 0.5:
            stream["n"] = rng.choice((*LENGTHS, max(stream["n"] - 1, 0), stream["n"] + 1))


def change_type(case: Case, rng: Random):
    if streams := plain_streams(case):
        rng.choice(streams)["dtype"] = rng.choice(DTYPES)


def change_shape(case: Case, rng: Random):
    if streams := plain_streams(case):
        stream = rng.choice(streams)
        stream["shape"] = rng.choice(SHAPES)
        channel = case.info.get("channels", {}).get(stream["name"])
        if isinstance(channel, dict) and rng.random() < 0.8:
            channel["dim"] = len(stream["shape"])


def remove_stream(case: Case, rng: Random):
    if case.streams:
        case.streams.remove(rng.choice(case.streams))


def rename_stream(case: Case, rng: Random):
    """Another name of a channel, wherever it is mentioned."""
    if not case.streams:
        return
    stream = rng.choice(case.streams)
    old, new = stream["name"], rng.choice(NAMES)
    if rng.random() < 0.7:
        new = f"{old.rpartition(':')[0]}:{new}"
    if all(other["name"] != new for other in case.streams):
        stream["name"] = new
        case.info = renamed(case.info, old, new)


def renamed(value, old: str, new: str):
    if isinstance(value, dict):
        return {new if key == old else key: renamed(member, old, new) for key, member in value.items()}
    if isinstance(value, list):
        return [renamed(member, old, new) for member in value]
    return new if value == old else value


# -- what scans are made of ------------------------------------------------------------------------


def change_plots(case: Case, rng: Random):
    names = [stream["name"] for stream in case.streams] + ["nobody:knows"]
    chosen = rng.sample(names, rng.randint(0, min(4, len(names))))
    if isinstance(display := case.info.setdefault("display_extra", {}), dict):
        display["plotselect"] = chosen


def change_grid(case: Case, rng: Random):
    """Other dimensions of a scan."""
    rank = rng.randint(0, 3)
    lengths = [rng.choice((0, 1, 2, 3, 4, 5)) for _ in range(rank)]
    case.info["data_dim"] = rng.choice((rank, rank, rank, 0, 1, 2))
    for axis in range(1, 4):
        case.info.pop(f"npoints{axis}", None)
    case.info |= {f"npoints{axis}": length for axis, length in enumerate(lengths, 1)}
    product = 1
    for length in lengths:
        product *= length
    case.info["npoints"] = rng.choice((product, product, 0, product + 1, None))


def change_positioners(case: Case, rng: Random):
    positioners = case.info.setdefault("positioners", {})
    if not isinstance(positioners, dict):
        return
    name = rng.choice(("roby", "robz", "energy", *NAMES))
    for kind in ("start", "end", "dial_start", "dial_end"):
        values = positioners.setdefault(f"positioners_{kind}", {})
        if isinstance(values, dict) and rng.random() < 0.7:
            values[name] = deepcopy(rng.choice(VALUES))
    units = positioners.setdefault("positioners_units", {})
    if isinstance(units, dict):
        units[name] = rng.choice(UNITS)


def add_metadata(case: Case, rng: Random):
    """Metadata of the scan, of a category, or of a device."""
    places = [case.info.setdefault("instrument", {}), case.info.setdefault("sample", {"@NX_class": "NXsample"})]
    places += [device.setdefault("metadata", {}) for device in devices(case)]
    for description in described_devices(case):
        places.append(description.setdefault("device_info", {}))
    place = rng.choice([place for place in places if isinstance(place, dict)] or [{}])
    name = rng.choice(NAMES) or "x"
    place[name] = deepcopy(rng.choice(VALUES))
    if rng.random() < 0.3:
        place[f"{name}@units"] = rng.choice(UNITS)
    if rng.random() < 0.3:
        place["@NX_class"] = rng.choice(CLASSES)
    categories = case.info.setdefault("scan_meta_categories", [])
    if isinstance(categories, list) and "sample" not in categories:
        categories.append("sample")


def devices(case: Case) -> list[dict]:
    known = case.info.get("devices")
    return [device for device in known.values() if isinstance(device, dict)] if isinstance(known, dict) else []


def described_devices(case: Case) -> list[dict]:
    writer = case.info.get("nexuswriter")
    known = writer.get("devices") if isinstance(writer, dict) else None
    return [device for device in known.values() if isinstance(device, dict)] if isinstance(known, dict) else []


def change_kind(case: Case, rng: Random):
    """Another kind of counter or detector."""
    if known := described_devices(case):
        device = rng.choice(known)
        device["device_type"] = rng.choice(
            ("samplingcounter", "integratingcounter", "mca", "lima", "roi", "timer", "", None)
        )
        device["data_type"] = rng.choice(("signal", "data", "spectrum", "principal", "", None))
        device["device_info"] = {"type": rng.choice(("samplingcounter", "mca", "lima", "mosca", "", None))}


def change_options(case: Case, rng: Random):
    case.options = sorted(rng.sample(OPTIONS, rng.randint(1, 2)))


def change_storage(case: Case, rng: Random):
    options = {
        "chunk_nbytes": rng.choice((None, 0, 100, 1 << 20)),
        "chunk_split": rng.choice((None, 1, 4, 100)),
        "compression_limit_nbytes": rng.choice((None, 0, 1000)),
        "compression_scheme": rng.choice(
            (None, "none", "gzip", "byteshuffle", "gzip-byteshuffle", "bitshuffle", "lz4-bitshuffle", "x")
        ),
    }
    chosen = {name: value for name, value in options.items() if rng.random() < 0.5}
    case.info["writer_options"] = {"chunk_options": chosen, "separate_scan_files": rng.choice((None, True, False))}


# Each change, and how often it is chosen.
CHANGES: dict[Callable[[Case, Random], None], int] = {
    remove_member: 3,
    replace_member: 3,
    copy_member: 1,
    rename_member: 1,
    change_while_it_runs: 1,
    change_length: 3,
    change_type: 2,
    change_shape: 2,
    remove_stream: 1,
    rename_stream: 2,
    change_plots: 3,
    change_grid: 2,
    change_positioners: 2,
    add_metadata: 3,
    change_kind: 1,
    change_options: 1,
    change_storage: 1,
}
