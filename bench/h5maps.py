"""The scan info of today's BLISS: a tree of groups, datasets and links for each file (`h5maps`)."""

import scaninfo
from scaninfo import entry_name
from workloads import Channel, Scan

# Where the data of a channel goes below its group in `instrument`, by the kind of the channel.
DATASETS = {"positioner": "value"}
CLASSES = {"positioner": "NXpositioner"}
INTERPRETATIONS = {"mca": "spectrum", "image": "image", "lima": "image"}


def dataset_path(scan: Scan, channel: Channel) -> str:
    dataset = DATASETS.get(channel.kind, "data")
    return f"/{entry_name(scan)}/instrument/{channel.display_name}/{dataset}"


def stream_info(scan: Scan, channel: Channel, path: str) -> dict:
    return {"unit": channel.unit}


def prepared(scan: Scan, path: str) -> dict:
    info = scaninfo.common(scan, path) | {
        "name": scan.name,
        "data_writer": "mapping",
        "publisher": "bench",
        "channels": {
            channel.name: {"display_name": channel.display_name, "dim": len(channel.shape), "unit": channel.unit}
            for channel in scan.channels
        },
    }
    info["h5maps"] = {path: root(scan, info)}
    return info


def closed(scan: Scan, path: str, info: dict) -> dict:
    info = scaninfo.end(info)
    info["h5maps"] = {path: root(scan, info)}
    return info


def problems(root, scan: Scan) -> list[str]:
    return [] if finished(root, scan) else [f"/{entry_name(scan)} was not finished"]


def finished(root, scan: Scan) -> bool:
    return f"/{entry_name(scan)}/end_reason" in root


def root(scan: Scan, info: dict) -> dict:
    attributes = {"NX_class": "NXroot", "creator": "Bliss", "publisher": info["publisher"], "default": entry_name(scan)}
    return group(attributes, {entry_name(scan): entry(scan, info)})


def entry(scan: Scan, info: dict) -> dict:
    children = {"title": scan.title, "start_time": info["start_time"]}
    if "end_time" in info:
        children |= {"end_time": info["end_time"], "end_reason": info["end_reason"]}
    children |= {
        "scan_number": scan.number,
        "sample": group({"NX_class": "NXsample"}, {"name": "reference powder"}),
        "instrument": instrument(scan, info),
        "measurement": group(
            {"NX_class": "NXcollection"},
            {c.display_name: link(dataset_path(scan, c)) for c in scan.channels},
        ),
    }
    attributes = {"NX_class": "NXentry"}
    curves = [c for c in scan.channels if c.kind in ("positioner", "counter")]
    if any(c.kind == "counter" for c in curves):
        attributes["default"] = "plot"
        children["plot"] = plot(scan, curves)
    return group(attributes, children)


def instrument(scan: Scan, info: dict) -> dict:
    children = {"name": dataset("ESRF-ID00", short_name="id00"), "title": "demonstration beamline"}
    for channel in scan.channels:
        attributes = {"units": channel.unit} if channel.unit else {}
        if channel.kind in INTERPRETATIONS:
            attributes["interpretation"] = INTERPRETATIONS[channel.kind]
        stream = dataset({"type": "stream", "stream": channel.name}, **attributes)
        name = DATASETS.get(channel.kind, "data")
        content = {name: stream}
        if channel.kind != "positioner":
            content["type"] = channel.kind
        nx_class = CLASSES.get(channel.kind, "NXdetector")
        children[channel.display_name] = group({"NX_class": nx_class}, content)
    for key, values in info["positioners"].items():
        content = {motor: dataset(value, units="mm") for motor, value in values.items()}
        children[key] = group({"NX_class": "NXcollection"}, content)
    return group({"NX_class": "NXinstrument"}, children)


def plot(scan: Scan, channels: list[Channel]) -> dict:
    axes = [c.display_name for c in channels if c.kind == "positioner"][:1]
    signals = [c.display_name for c in channels if c.kind == "counter"]
    attributes = {"NX_class": "NXdata", "axes": axes, "signal": signals[0], "auxiliary_signals": signals[1:4]}
    wanted = axes + signals[:4]
    links = {c.display_name: link(dataset_path(scan, c)) for c in channels if c.display_name in wanted}
    return group(attributes, links)


def group(attributes: dict, children: dict) -> dict:
    return {"type": "group", "attributes": attributes, "children": children}


def dataset(value, **attributes):
    return {"type": "dataset", "attributes": attributes, "value": value} if attributes else value


def link(target: str) -> dict:
    return {"type": "soft_link", "target_path": target}
