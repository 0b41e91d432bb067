"""What BLISS publishes about the scans: their info, and the description of their streams."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import classic
import h5maps
import numpy as np
from workloads import Channel, Scan

from . import scans

DETECTOR_DATA = "/entry_0000/measurement/data"
# The scheme that BLISS gives a name; readers need a plugin for it.
BITSHUFFLE = {"compression_scheme": "lz4-bitshuffle", "compression_limit_nbytes": 1000}
METADATA = {"@NX_class": "NXcollection", "comment": scans.TEXT, "words": ["one", scans.TEXT]}


def prepared(layout: str, kind: str, scan: Scan, file: Path) -> dict:
    if layout == "classic":
        return classic_info(kind, scan, file)
    info = h5maps.prepared(as_published(scan), str(file))
    return common(info) | {"h5maps": {str(file): adapted(info["h5maps"][str(file)], kind, scan)}}


def closed(layout: str, kind: str, scan: Scan, file: Path, info: dict, reason: str) -> dict:
    if layout == "classic":
        return classic.closed(scan, str(file), info) | {"end_reason": reason}
    info = h5maps.closed(as_published(scan), str(file), info)
    root = info["h5maps"][str(file)]
    root["children"][h5maps.entry_name(scan)]["children"]["end_reason"] = reason
    return info | {"h5maps": {str(file): adapted(root, kind, scan)}, "end_reason": reason}


def common(info: dict) -> dict:
    return info | {"session_name": "demo"}


def classic_info(kind: str, scan: Scan, file: Path) -> dict:
    info = common(classic.prepared(scan, str(file)))
    signal, _ = scans.plot(kind)
    info["display_extra"] = {"plotselect": [c.name for c in scan.channels if scans.shown_name(c) == signal]}
    match kind:
        case "mesh":
            rows, columns = scans.GRID
            info |= {"data_dim": 2, "npoints1": columns, "npoints2": rows, "start": [0, 0], "stop": [0.75, 2]}
            for axis, (name, points) in enumerate({"axis:roby": columns, "axis:robz": rows}.items()):
                description = {"axis_id": axis, "axis_points": points, "axis_kind": "forth", "points": scans.POINTS}
                info["channels"][name] |= description | {"start": 0.0, "stop": [0.75, 2.0][axis]}
        case "filters":
            info["writer_options"]["chunk_options"] = BITSHUFFLE
        case "texts":
            info["technique"] = METADATA
    return info


def as_published(scan: Scan) -> Scan:
    """Return a scan whose channels are called as the classic layout calls them in the file."""
    renamed = [replace(channel, name=stream_name("h5maps", channel)) for channel in scan.channels]
    return replace(scan, channels=renamed)


def stream_name(layout: str, channel: Channel) -> str:
    device = channel.name.partition(":")[0]
    return channel.name if layout == "classic" else f"{device}:{scans.shown_name(channel)}"


def adapted(root: dict, kind: str, scan: Scan) -> dict:
    """Return the items of a file with the plot of this kind, and its metadata."""
    entry = root["children"][h5maps.entry_name(scan)]
    entry["children"].pop("plot", None)
    entry["attributes"].pop("default", None)
    signal, axes = scans.plot(kind)
    channels = {scans.shown_name(channel): channel for channel in as_published(scan).channels}
    if signal in channels:
        entry["attributes"]["default"] = "plot"
        entry["children"]["plot"] = h5maps.group(
            {"NX_class": "NXdata", "signal": signal} | ({"axes": axes} if axes else {}),
            {name: h5maps.link(h5maps.dataset_path(scan, channels[name])) for name in (signal, *axes)},
        )
    if kind == "texts":
        words = {name: value for name, value in METADATA.items() if not name.startswith("@")}
        entry["children"]["technique"] = h5maps.group({"NX_class": "NXcollection"}, words)
    # BLISS names the positions of motors during a scan, too: nxtomomill looks there for them.
    positioners = {
        name: h5maps.link(h5maps.dataset_path(scan, channel))
        for name, channel in channels.items()
        if channel.kind == "positioner"
    }
    entry["children"]["instrument"]["children"]["positioners"] = h5maps.group({"NX_class": "NXcollection"}, positioners)
    return root


def stream(layout: str, scan: Scan, channel: Channel, file: Path) -> dict:
    """Return the description of a stream, without its entries."""
    module: ModuleType = classic if layout == "classic" else h5maps
    match channel.kind:
        case "json":
            return {"encoding": {"type": "json"}, "info": {}}
        case "lima":
            return {"encoding": {"type": "json"}, "info": lima(channel, detector_files(scan, file))}
        case _:
            dtype, shape = channel.data.dtype, list(channel.shape)
            encoding = {"type": "numeric", "dtype_str": dtype.str, "shape": shape}
            info = module.stream_info(scan, channel, str(file)) | {"dtype": dtype.name, "shape": shape}
            return {"encoding": encoding, "info": info}


def lima(channel: Channel, files: str) -> dict:
    saving = {
        "file_path": files,
        "data_path": DETECTOR_DATA,
        "file_format": "hdf5",
        "file_offset": 0,
        "frame_per_file": scans.FRAMES_PER_FILE,
    }
    detector = {
        "protocol_version": 1,
        "server_url": "id00/limaccds/cam",
        "buffer_max_number": 32,
        "frame_per_acquisition": channel.points,
        "acquisition_offset": 0,
    }
    return {
        "format": "lima_v1",
        "plugin": "lima",
        "dtype": channel.data.dtype.name,
        "shape": list(channel.shape),
        "lima_info": detector | saving,
    }


def detector_files(scan: Scan, file: Path) -> str:
    return str(file.parent / f"{file.stem}_scan{scan.number:04d}" / "cam_%04d.h5")


def save_frames(scan: Scan, channel: Channel, file: Path):
    """Save the frames of a channel as the detector does."""
    import h5py

    pattern = detector_files(scan, file)
    Path(pattern).parent.mkdir(parents=True)
    for number, first in enumerate(range(0, channel.points, scans.FRAMES_PER_FILE)):
        with h5py.File(pattern % number, "w") as h5:
            h5[DETECTOR_DATA] = np.ascontiguousarray(channel.data[first : first + scans.FRAMES_PER_FILE])
