"""What BLISS puts in a scan's info for a file writer: the `h5maps` tree and its companions.

`prepared` and `closed` make the two versions that a writer meets: the first when the scan is
prepared, the second when it is closed (end time, end reason, final motor positions).
"""

from datetime import datetime, timezone

from workloads import Channel, Scan

# Where the data of a channel goes below its group in `instrument`, by the kind of the channel.
DATASETS = {"positioner": "value"}
CLASSES = {"positioner": "NXpositioner"}
MOTORS = {name: 0.125 * index for index, name in enumerate(["samx", "samy", "samz", "energy", "s1hg", "s1vg"])}


def entry_name(scan: Scan) -> str:
    return f"{scan.number}.1"


def dataset_path(scan: Scan, channel: Channel) -> str:
    """Where a writer has to put the points of a channel."""
    dataset = DATASETS.get(channel.kind, "data")
    return f"/{entry_name(scan)}/instrument/{channel.display_name}/{dataset}"


def prepared(scan: Scan, path: str) -> dict:
    """The scan's info at the state PREPARED."""
    info = {
        "type": scan.name,
        "name": scan.name,
        "title": scan.title,
        "scan_nb": scan.number,
        "save": True,
        "filename": path,
        "session_name": "bench",
        "user_name": "opid00",
        "data_writer": "mapping",
        "publisher": "bench",
        "npoints": max(channel.points for channel in scan.channels),
        "start_time": now(),
        "channels": {
            channel.name: {"display_name": channel.display_name, "dim": len(channel.shape), "unit": channel.unit}
            for channel in scan.channels
        },
        "positioners": {"positioners_start": MOTORS},
    }
    info["h5maps"] = {path: root(scan, info)}
    return info


def closed(scan: Scan, path: str, info: dict) -> dict:
    """The scan's info at the state CLOSED, from the one at the state PREPARED."""
    info = dict(info, end_time=now(), end_reason="SUCCESS")
    info["positioners"] = dict(info["positioners"], positioners_end=MOTORS)
    info["h5maps"] = {path: root(scan, info)}
    return info


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
    if curves:
        attributes["default"] = "plot"
        children["plot"] = plot(scan, curves)
    return group(attributes, children)


def instrument(scan: Scan, info: dict) -> dict:
    children = {"name": dataset("ESRF-ID00", short_name="id00"), "title": "demonstration beamline"}
    for channel in scan.channels:
        attributes = {"units": channel.unit} if channel.unit else {}
        if channel.kind in ("mca", "image"):
            attributes["interpretation"] = {"mca": "spectrum", "image": "image"}[channel.kind]
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


def now() -> str:
    return datetime.now(timezone.utc).astimezone().isoformat()
