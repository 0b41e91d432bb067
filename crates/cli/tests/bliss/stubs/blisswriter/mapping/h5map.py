"""The layout of a scan: one entry with its channels under the names of the classic layout."""

from copy import deepcopy

from ..nexus.mapping import normalize_nexus_name
from . import devices


class Layout(dict):
    """The layout of a file, which BLISS takes for a model of pydantic."""

    def model_dump(self) -> dict:
        return dict(self)


def scan_info_to_h5map(info, configurable, flat, multivalue_positioners) -> dict[str, Layout]:
    """Returns the layout of each file. BLISS asks when the scan is prepared, and again when it has ended."""
    published = info["nexuswriter"]["devices"] if configurable else {}
    subscans = devices.all_devices_info(
        deepcopy(published), info, multivalue_positioners=multivalue_positioners
    )
    entries = {
        f"{info['scan_nb']}.{number}": entry(info, channels)
        for number, channels in enumerate(subscans.values(), 1)
    }
    return {info["filename"]: Layout(group("NXroot", entries))}


def entry(info, channels) -> dict:
    measurement = {
        normalize_nexus_name(device["unique_name"]): {"type": "stream", "stream": channel}
        for channel, device in channels.items()
    }
    texts = {name: info[name] for name in ("title", "start_time", "end_time") if name in info}
    return group("NXentry", texts | {"measurement": group("NXcollection", measurement)})


def group(nexus_class, children) -> dict:
    return {"type": "group", "attributes": {"NX_class": nexus_class}, "children": children}
