"""Looks in the files of a case for everything that was published: channels, positions of motors, and metadata."""

import collections
import hashlib
from collections.abc import Iterator

import numpy as np
from cases import Case

# Members of a category that say how something is stored, and what a writer makes of them.
STRUCTURE = ("@NX_class", "NX_class", "@default", "@type")
OWN_CATEGORIES = ("nexuswriter", "positioners")
POSITIONS = ("start", "end", "dial_start", "dial_end")


class Content:
    """What the files of a case have: the values of all datasets and attributes by their names."""

    def __init__(self, files: dict):
        self.values = collections.defaultdict(list)
        self.checksums = collections.Counter()
        for root in files.values():
            self._read(root)

    def _read(self, item: dict):
        for name, attribute in item.get("attrs", {}).items():
            self.values[name].append(attribute.get("value"))
        if item["kind"] == "dataset" and "sha256" in item:
            self.checksums[item["sha256"]] += 1
        for name, member in item.get("items", ()):
            self.values[name].append(member.get("value"))
            self._read(member)

    def named(self, name: str) -> list:
        """Return the values of what has this name, or its last part: names with slashes are those of groups."""
        return self.values.get(name) or self.values.get(name.rpartition("/")[2], [])

    def has(self, name: str, value) -> bool:
        """Return whether something has this name and this value. What is no number or text may look different."""
        found = self.named(name)
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            return bool(found)
        return any(same(value, other) for other in found)


def same(value, other) -> bool:
    return value == other or str(value) == str(other) or isinstance(other, str) and str(value) in other


def lost(case: Case, files: dict, notes: list[str]) -> list[str]:
    """Return what is neither in the files nor in a warning."""
    if not any(root["items"] for root in files.values()):
        # Nothing was measured, and a warning says so.
        return [] if notes else ["the entry of the scan"]
    content = Content(files)
    told = "\n".join(notes)
    channels = [((name,), f"channel with the content of {name}") for name in lost_channels(case, content)]
    paths = [path for path, value in metadata(case) if not content.has(path[-1], value)]
    unsaved = [(path, f"metadata {'/'.join(path)}") for path in paths]
    positions = [((motor,), f"position of {motor}") for motor in motors(case) if not content.named(motor)]
    missing = [*channels, *unsaved, *positions]
    parts = [([part for name in names for part in name.split("/") if part], text) for names, text in missing]
    return [text for words, text in parts if not any(word in told for word in words)]


def lost_channels(case: Case, content: Content) -> Iterator[str]:
    """Return the channels whose points are in no dataset. All channels of one kind have the same points."""
    if case.options or case.info.get("data_dim", 1) != 1:
        return
    wanted = collections.defaultdict(list)
    for stream in case.streams:
        if "dtype" in stream and stream["n"] > 0:
            values = np.arange(stream["n"] * int(np.prod(stream["shape"]))).astype(stream["dtype"])
            wanted[hashlib.sha256(values.tobytes()).hexdigest()].append(stream["name"])
    for checksum, names in wanted.items():
        if content.checksums[checksum] < len(names):
            yield names[0]


def metadata(case: Case) -> Iterator[tuple[tuple[str, ...], object]]:
    """Return paths and values of all metadata."""
    categories = case.info.get("scan_meta_categories")
    for category in categories if isinstance(categories, list) else ():
        if isinstance(category, str) and category not in OWN_CATEGORIES:
            yield from leaves(case.info.get(category), (category,))
    devices = case.info.get("devices")
    for key, device in devices.items() if isinstance(devices, dict) else ():
        if isinstance(device, dict):
            yield from leaves(device.get("metadata"), (key,))


def leaves(value, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(value, dict):
        for key, member in value.items():
            if key and key not in STRUCTURE and member is not None and member != {}:
                yield from leaves(member, (*path, key))
    elif len(path) > 1:
        yield (*path[:-1], path[-1].rpartition("@")[2]), value


def motors(case: Case) -> set[str]:
    """Return the motors whose positions are known."""
    positioners = case.info.get("positioners")
    snapshots = [positioners.get(f"positioners_{kind}") for kind in POSITIONS] if isinstance(positioners, dict) else []
    known = [snapshot.items() for snapshot in snapshots if isinstance(snapshot, dict)]
    return {motor for items in known for motor, position in items if motor and position is not None}
