"""The scan info of BLISS 2.2 for the writer that computes the classic layout from it (`external`).

It names the devices of a scan, which of them trigger which, and what each channel is; all that a file
looks like follows from these.
"""

from dataclasses import dataclass

import scaninfo
from scaninfo import MOTORS, entry_name
from workloads import Channel, Scan

DATA_WRITER = "external"
UNITS = {"positioners_units": {name: "keV" if name == "energy" else "mm" for name in MOTORS}}


@dataclass(frozen=True)
class Kind:
    """How BLISS presents the channels of one kind, and the dataset that results in their group."""

    dataset: str
    description: dict


KINDS = {
    "positioner": Kind("value", {}),
    "timer": Kind("data", {}),
    "counter": Kind(
        "signal",
        {
            "device_info": {"type": "samplingcounter", "mode": "MEAN"},
            "device_type": "samplingcounter",
            "data_type": "signal",
        },
    ),
    "mca": Kind("spectrum", {"device_info": {"type": "mca"}, "device_type": "mca"}),
    # As a counter with images, because those of a Lima detector stay in its own files.
    "image": Kind(
        "signal",
        {
            "device_info": {"type": "samplingcounter", "mode": "SINGLE"},
            "device_type": "samplingcounter",
            "data_type": "signal",
        },
    ),
    "lima": Kind("data", {"device_info": {"type": "lima"}, "device_type": "lima"}),
    "json": Kind("data", {}),
}


def dataset_path(scan: Scan, channel: Channel) -> str:
    group = channel.display_name
    if channel.kind == "mca":
        group = f"{controller(channel)}_{group.removeprefix('spectrum_')}"
    return f"/{entry_name(scan)}/instrument/{group}/{KINDS[channel.kind].dataset}"


def stream_info(scan: Scan, channel: Channel, path: str) -> dict:
    data_path = dataset_path(scan, channel).removeprefix("/")
    return {"file_path": path, "data_path": data_path, "save": True, "plugin": "hdf5_fallback"}


def prepared(scan: Scan, path: str) -> dict:
    devices = chain(scan)
    info = scaninfo.common(scan, path) | {
        "name": f"{scan.number}_{scan.name}",
        "data_writer": DATA_WRITER,
        "data_policy": "None",
        "publisher": "bliss",
        "publisher_version": "2.2.1",
        "data_dim": 1,
        "writer_options": {"chunk_options": {}, "separate_scan_files": None},
        "channels": {channel.name: channel_info(channel) for channel in scan.channels},
        "devices": devices,
        "acquisition_chain": {next(iter(devices.values()))["name"]: {"devices": list(devices)}},
        "display_extra": {"plotselect": displayed(scan)},
        "instrument": {"@NX_class": "NXinstrument"},
        "technique": {"@NX_class": "NXcollection"},
        "scan_meta_categories": ["nexuswriter", "technique", "instrument", "positioners"],
        "nexuswriter": {
            "instrument_info": {"name": "esrf-id00a", "name@short_name": "id00"},
            "devices": {c.name: KINDS[c.kind].description for c in scan.channels if KINDS[c.kind].description},
            "masterfiles": {},
        },
    }
    info["positioners"] |= UNITS | {"positioners_dial_start": MOTORS}
    return info


def closed(scan: Scan, path: str, info: dict) -> dict:
    info = scaninfo.end(info)
    info["positioners"] |= {"positioners_dial_end": MOTORS}
    return info


def problems(root, scan: Scan) -> list[str]:
    """What the entry of a scan says against itself in an open file."""
    path = f"/{entry_name(scan)}/writer/status"
    status = root[path].asstr()[()] if path in root else "missing"
    return [] if status == "SUCCEEDED" else [f"{path}: {status}"]


def finished(root, scan: Scan) -> bool:
    return f"/{entry_name(scan)}/end_time" in root


def channel_info(channel: Channel) -> dict:
    info = {
        "device": device_key(channel),
        "display_name": channel.display_name,
        "dim": len(channel.shape),
    }
    return info | ({"unit": channel.unit} if channel.unit else {})


def chain(scan: Scan) -> dict:
    """The devices of a scan by their keys, each triggering those after it: motors, timer, detectors."""
    order = {"positioner": 0, "timer": 1}
    channels = sorted(scan.channels, key=lambda channel: order.get(channel.kind, 2))
    devices = {}
    if all(channel.kind not in order for channel in channels):
        # Something has to trigger the detectors, even if no channel shows its clock.
        devices[TIMER] = {"name": "timer", "channels": []}
    for channel in channels:
        device = devices.setdefault(device_key(channel), {"name": controller(channel), "channels": []})
        device["channels"].append(channel.name)
    keys = list(devices)
    for key, following in zip(keys, keys[1:]):
        devices[key]["triggered_devices"] = [following]
    return devices


TIMER = "140282841735568:timer"


def device_key(channel: Channel) -> str:
    name = controller(channel)
    return TIMER if name == "timer" else f"140282841885776:{name}"


def controller(channel: Channel) -> str:
    return channel.name.split(":")[0]


def displayed(scan: Scan) -> list[str]:
    """What the user looks at: one counter or spectrum; images are not plotted."""
    return [channel.name for channel in scan.channels if channel.kind in ("counter", "mca")][:1]
