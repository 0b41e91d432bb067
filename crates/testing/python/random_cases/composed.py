"""Scans of the classic layout that are composed of random devices, channels and metadata."""

from copy import deepcopy
from random import Random

from cases import ROOT, Case

KINDS = ("motor", "timer", "counter", "integrating", "mca", "image", "calculated")
DEVICE_NAMES = ("axis", "timer", "ct2", "diodes", "simu1", "lambda", "x", "det-1", "a.b")
CHANNEL_NAMES = (
    "roby",
    "samx",
    "energy",
    "epoch",
    "elapsed_time",
    "diode",
    "diode2",
    "I0",
    "spectrum",
    "roi1",
    "a-b",
    "a+b",
    "value",
)
START = "2026-11-23T01:24:03.994003+00:00"
END = "2026-11-23T01:24:05.837142+00:00"
TYPES = {
    "counter": {
        "device_info": {"type": "samplingcounter", "mode": "MEAN"},
        "device_type": "samplingcounter",
        "data_type": "signal",
    },
    "integrating": {
        "device_info": {"type": "integratingcounter"},
        "device_type": "integratingcounter",
        "data_type": "signal",
    },
    "mca": {"device_info": {"type": "mca"}, "device_type": "mca"},
}


def scan(rng: Random) -> Case:
    """Return a scan with up to three chains, each with a few devices."""
    points = rng.choice((0, 1, 2, 5, 11, 12, 600))
    info = common(rng, points)
    case = Case("", info)
    for chain in range(rng.choice((1, 1, 1, 2, 3))):
        add_chain(case, rng, chain, points)
    names = [stream["name"] for stream in case.streams]
    if names:
        info["display_extra"] = {"plotselect": rng.sample(names, rng.randint(0, min(3, len(names))))}
    return case


def common(rng: Random, points: int) -> dict:
    motors = {name: rng.choice((0.0, 1.5, -3)) for name in ("roby", "robz", "samx")}
    name = rng.choice(("ascan", "amesh", "loopscan", "fscan"))
    info = {
        "type": name,
        "title": f"{name} {points} 0.1",
        "save": True,
        "npoints": points,
        "data_dim": 1,
        "channels": {},
        "devices": {},
        "acquisition_chain": {},
        "data_writer": "external",
        "writer_options": {"chunk_options": {}, "separate_scan_files": None},
        "data_policy": "None",
        "publisher": "bliss",
        "publisher_version": "2.2.1",
        "session_name": "demo",
        "user_name": "opid00",
        "scan_nb": 1,
        "name": f"1_{name}",
        "filename": f"{ROOT}/demo/data.h5",
        "start_time": START,
        "end_time": END,
        "end_reason": rng.choice(("SUCCESS", "SUCCESS", "USER_ABORT", "FAILURE")),
        "instrument": {"@NX_class": "NXinstrument"},
        "positioners": {
            "positioners_start": motors,
            "positioners_end": dict(motors),
            "positioners_units": {motor: rng.choice(("mm", None)) for motor in motors},
        },
        "technique": {"@NX_class": "NXcollection"},
        "nexuswriter": {
            "instrument_info": {"name": "esrf-id00a", "name@short_name": "id00"},
            "devices": {},
            "masterfiles": {},
        },
        "scan_meta_categories": ["technique", "nexuswriter", "instrument", "positioners"],
    }
    if name == "amesh" and rng.random() < 0.8:
        fast = rng.choice((1, 2, 3, 4))
        slow = rng.choice((1, 2, 3, 5))
        info |= {"data_dim": 2, "npoints": fast * slow, "npoints1": fast, "npoints2": slow}
    return info


def add_chain(case: Case, rng: Random, chain: int, points: int):
    """Add devices that trigger one another, each the next ones."""
    info = case.info
    names = []
    previous = None
    for _ in range(rng.randint(1, 4)):
        name = rng.choice(DEVICE_NAMES)
        key = f"{len(info['devices'])}{chain}:{name}"
        device = {"name": name, "channels": add_channels(case, rng, name, key, points)}
        if rng.random() < 0.3:
            device["metadata"] = {"gain": rng.choice((1, "high", [1, 2]))}
        if previous is not None and rng.random() < 0.8:
            previous.setdefault("triggered_devices", []).append(key)
        info["devices"][key] = previous = device
        names.append(key)
    top = info["devices"][names[0]]["name"]
    while top in info["acquisition_chain"]:
        top += "_"
    info["acquisition_chain"][top] = {"devices": names, "top_master": names[0]}


def add_channels(case: Case, rng: Random, device: str, key: str, points: int) -> list[str]:
    names = []
    for _ in range(rng.randint(0, 4)):
        kind = rng.choice(KINDS)
        display = rng.choice(CHANNEL_NAMES)
        name = f"{'axis' if kind == 'motor' else device}:{display}"
        if any(stream["name"] == name for stream in case.streams):
            continue
        names.append(name)
        shape = {"mca": [rng.choice((4, 16, 1024))], "image": [rng.choice((2, 5)), 3]}.get(kind, [])
        channel = {"device": key, "display_name": display, "dim": len(shape)}
        if kind in ("motor", "timer") or rng.random() < 0.2:
            channel["unit"] = rng.choice(("mm", "s", "deg", None))
        if kind == "motor":
            channel |= {
                "start": 0.0,
                "stop": 1.0,
                "points": points,
                "axis_points": points,
                "axis_id": 0,
                "axis_kind": "forth",
            }
        case.info["channels"][name] = channel
        if kind in TYPES:
            case.info["nexuswriter"]["devices"][name] = deepcopy(TYPES[kind])
        dtype = rng.choice(("<f8", "<f8", "<f8", "<u4", "<i4", "<u2"))
        missing = rng.choice((0, 0, 0, 1, points))
        case.streams.append({"name": name, "dtype": dtype, "shape": shape, "n": max(points - missing, 0)})
    return names
