"""The differences on which we insist: each is a row of `docs/differences.md`."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .comparison import Result


@dataclass(frozen=True)
class Rule:
    """A documented difference: kinds of `h5compare`, a pattern for the path, one for the text, and a condition."""

    row: str
    kinds: str
    path: str = ""
    text: str = ""
    condition: Callable[[Result, str, str], bool] = lambda result, path, text: True

    def fits(self, result: Result, kind: str, path: str, text: str) -> bool:
        return (
            kind in self.kinds.split()
            and re.search(self.path, path) is not None
            and re.search(self.text, text) is not None
            and self.condition(result, path, text)
        )


ANY = "MISSING EXTRA VALUE DTYPE SHAPE ATTR LINK FILTER CHUNK"


def warned(*parts: str) -> Callable[[Result, str, str], bool]:
    """Return a condition: our writer has warned with one of these texts."""
    return lambda result, path, text: any(part in note for note in result.notes for part in parts)


def has_new_name(result: Result, path: str, text: str) -> bool:
    """Return whether a difference is about a name that was taken, or the one that was used instead."""
    names = set()
    for note in result.notes:
        if renamed := re.search(r'as "(.*?)".*: the name "(.*?)" is taken', note):
            names |= set(renamed.groups())
    # Links have the name of the device before that of the dataset.
    ends = tuple(f"_{name}" for name in names)
    words = [*re.split(r"[/@]", path), *re.findall(r'"(.*?)"', text)]
    return any(word in names or word.endswith(ends) for word in words)


def is_moved_metadata(result: Result, path: str, text: str) -> bool:
    """Return whether a difference is at or below metadata that could not have their place, or in the other place.

    The place may be a link to data, which the reference overwrites then.
    """
    return any(
        re.split("@", path)[0] in places or path.startswith(tuple(f"{place}/" for place in places))
        for places in moved(result)
    ) or (
        text.startswith(("sha256", "value"))
        and any(path.rpartition("/")[0] == place.rpartition("/")[0] for place, _ in moved(result))
    )


def moved(result: Result) -> Iterator[tuple[str, str]]:
    """Return the places of metadata: where they should be, and where they are."""
    for note in result.notes:
        pattern = r'^\{ROOT\}/(.*?::/.*?): metadata cannot have this place, they are stored as "(.*)"$'
        if found := re.search(pattern, note):
            place, name = found.groups()
            yield place, f"{place.rpartition('/')[0]}/{name}"


def has_sum_of_pair(result: Result, path: str, text: str) -> bool:
    """Return whether a Mosca detector has a region of two elements, by whose sum something is named.

    The region may also be of something that is no element, by whose text it is named then.
    """
    published = result.case.info.get("nexuswriter")
    devices = published.get("devices") if isinstance(published, dict) else None
    for channel, device in devices.items() if isinstance(devices, dict) else ():
        element = device.get("channel") if isinstance(device, dict) else None
        if isinstance(element, int) or ":roi:" not in channel:
            continue
        numbers = "_".join(re.findall(r"\w+", str(element), re.ASCII))
        names = (f"sum_{numbers}", f"det_{numbers}", f"det{numbers}", channel.rpartition(":")[2])
        if any(name in path + text for name in names):
            return True
    return False


def has_empty_metadata(result: Result, path: str, text: str) -> bool:
    """Return whether a device has metadata that consist of empty mappings."""
    devices = result.case.info.get("devices")
    found = [device.get("metadata") for device in devices.values() if isinstance(device, dict)] if devices else []
    described = [[value for key, value in one.items() if key != "@NX_class"] for one in found if isinstance(one, dict)]
    return any(values and all(value == {} for value in values) for values in described)


def has_channel_without_points(result: Result, path: str, text: str) -> bool:
    """Return whether a channel has no points, so that its subscan may have none."""
    return any(not stream.get("n") and not stream.get("raw") for stream in result.case.streams)


def is_deleted_data(result: Result, path: str, text: str) -> bool:
    """Return whether a null in the metadata of a device has the name of its data, which the reference deletes then."""
    devices = result.case.info.get("devices")
    found = [device.get("metadata") for device in devices.values() if isinstance(device, dict)] if devices else []
    return any(isinstance(one, dict) and one.get(path.rpartition("/")[2], 0) is None for one in found)


def has_other_number_at_the_end(result: Result, path: str, text: str) -> bool:
    """Return whether the number of the scan changes while it runs."""
    return (result.case.prepared or {}).get("scan_nb") not in (None, result.case.info.get("scan_nb"))


def has_nameless_data(result: Result, path: str, text: str) -> bool:
    """Return whether a channel consists of the name of a device and a colon."""
    names = [stream["name"] for stream in result.case.streams]
    devices = tuple(name[:-1] for name in names if name.endswith(":"))
    return bool(devices) and re.split("/(?:instrument|measurement)/", path)[-1].startswith(devices)


def has_odd_extent(result: Result, path: str, text: str) -> bool:
    """Return whether an extent of the scan is no number that numpy takes."""
    infos = (result.case.info, result.case.prepared or {})
    extents = [info.get(f"npoints{axis}") for info in infos for axis in (1, 2, 3)]
    return any(isinstance(extent, bool) or not isinstance(extent, int | None) for extent in extents)


def has_one_axis(result: Result, path: str, text: str) -> bool:
    """Return whether the reference gives a plot another number of axes than it has dimensions."""
    plot = re.split("@", path)[0] if "@axes" in path else path.rpartition("/")[0]
    return any(
        row_kind == "ATTR" and row_path == f"{plot}@axes" and row_text.startswith("missing, expected")
        for row_kind, row_path, row_text in result.rows
    )


PLOT = r"::/[^/]*/[^/]*/"

CLASSIC = [
    Rule("byte order of channels", "DTYPE", text=r'expected "<(.*)", found ">\1"'),
    Rule("names become equal", ANY, condition=has_new_name),
    Rule("metadata with the name of acquired data", ANY, condition=is_moved_metadata),
    Rule("a stream of no device", ANY, condition=warned("belongs to no device")),
    Rule("scans that lack something", ANY, condition=warned("the scan's info has no")),
    Rule("sums of elements in Mosca detectors", "MISSING EXTRA ATTR", condition=has_sum_of_pair),
    Rule(
        "several channels that describe one device", ANY, path="/instrument/", condition=warned("which does not count")
    ),
    Rule(
        "a number in place of a truth value, of a table or of an empty list at the end",
        "DTYPE SHAPE VALUE",
        condition=warned("the new value has replaced one of another type"),
    ),
    Rule(
        "a number in place of a truth value, of a table or of an empty list at the end",
        "DTYPE SHAPE",
        text=r"expected \[0\]",
        condition=lambda result, *_: "[]" in json.dumps(result.case.prepared),
    ),
    Rule(
        "positions at the end of a scan of another kind than those that the prepared scan has",
        "DTYPE SHAPE VALUE ATTR",
        path=r"/positioners(_dial)?_end/",
        condition=lambda result, *_: "positioners" in (result.case.prepared or {}),
    ),
    Rule(
        "a subscan without any data",
        "EXTRA",
        path=r"/instrument$",
        text="NXinstrument",
        condition=has_channel_without_points,
    ),
    Rule("any device with a channel", "MISSING ATTR", condition=warned("the file gets no entry")),
    Rule(
        "a name breaks the rules of its type",
        "MISSING EXTRA",
        path="/(instrument|measurement)/",
        condition=has_nameless_data,
    ),
    Rule("an extent of a grid that is no whole number", ANY, path="plotselect|@default", condition=has_odd_extent),
    Rule(
        "metadata of a device that are empty mappings",
        "MISSING",
        text=r"^group NXdetector$",
        condition=has_empty_metadata,
    ),
    Rule(
        "axes of an incomplete grid with `--keepshape`",
        "VALUE",
        path=r"/plotselect[^/]*/",
        condition=lambda result, *_: "--keepshape" in result.case.options,
    ),
    Rule("a number of the scan that changes while it runs", ANY, condition=has_other_number_at_the_end),
    Rule("metadata with the name of acquired data", "EXTRA", path="/instrument/", condition=is_deleted_data),
    Rule("the right kind of a member", "CHUNK", condition=warned('"npoints" of the scan\'s info is no number')),
    Rule("names become equal", ANY, path=r"/plotselect[^/]*(/|@)", condition=warned("is saved as")),
    Rule("a grid with another number of positioners than dimensions", "MISSING ATTR", condition=has_one_axis),
    Rule("unknown `chunk_options`", "CHUNK FILTER", condition=warned("chunk option")),
    Rule(
        "a list of positions that is not as long as the signals",
        "LINK VALUE SHAPE DTYPE ATTR",
        path=PLOT,
        condition=warned("what it is plotted with has"),
    ),
    Rule("a plot that cannot be drawn", ANY, condition=warned("is left out of the plot", "the plot cannot be drawn")),
    Rule("an attribute that is null, of a member that does not exist", "MISSING", text=r"^group ?$"),
    Rule(
        "fill value of a dataset of one value",
        "VALUE",
        text="^fillvalue",
        condition=lambda result, *_: not result.case.info.get("data_dim", 1),
    ),
]

H5MAPS = [
    Rule(
        "a layout that gives a stream another place when the scan ends",
        "MISSING",
        condition=warned("was given a dataset at the end of the scan", "changed at the end of the scan"),
    ),
    Rule(
        "a layout that is published when the scan ends",
        "EXTRA MISSING",
        condition=lambda result, path, text: text == "file" and (result.case.prepared or {}).get("h5maps") == {},
    ),
]

RULES = {"classic": CLASSIC, "h5maps": H5MAPS}


def undocumented(result: Result) -> list[tuple[str, str, str]]:
    """Return the differences to which no rule applies."""
    rules = RULES[result.case.layout]
    return [row for row in result.rows if not any(rule.fits(result, *row) for rule in rules)]


def classify(result: Result) -> str:
    """Return the class of a result."""
    if result.ours == "CRASHED":
        return "OURS CRASHES"
    if result.ours_is_good and result.lost:
        return "LOST WITHOUT A WARNING"
    if not result.reference_is_good:
        return "reference fails, ours is complete" if result.ours_is_good else "both fail"
    if undocumented(result):
        return "UNDOCUMENTED DIFFERENCE"
    if result.ours_is_good and result.findings and not warned("the plot cannot be drawn")(result, "", ""):
        return "CHECK CALLS A GOOD FILE BAD"
    if not result.ours_is_good and not result.notes and result.ours != "SKIPPED":
        return "OURS FAILS WITHOUT A WARNING"
    if result.rows:
        return "documented difference"
    return "equal" if result.ours_is_good or result.ours == "SKIPPED" else "equal, ours is not complete"


FAULTS = {
    "OURS CRASHES",
    "UNDOCUMENTED DIFFERENCE",
    "LOST WITHOUT A WARNING",
    "CHECK CALLS A GOOD FILE BAD",
    "OURS FAILS WITHOUT A WARNING",
}
