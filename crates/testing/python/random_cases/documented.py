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
    return any(name in re.split(r"[/@]", path) or f'"{name}"' in text for name in names)


def is_moved_metadata(result: Result, path: str, text: str) -> bool:
    """Return whether a difference is at or below metadata that could not have their place, or in the other place."""
    return any(
        re.split("@", path)[0] in places or path.startswith(tuple(f"{place}/" for place in places))
        for places in moved(result)
    )


def moved(result: Result) -> Iterator[tuple[str, str]]:
    """Return the places of metadata: where they should be, and where they are."""
    for note in result.notes:
        pattern = r'^\{ROOT\}/(.*?::/.*?): metadata cannot have this place, they are stored as "(.*)"$'
        if found := re.search(pattern, note):
            place, name = found.groups()
            yield place, f"{place.rpartition('/')[0]}/{name}"


def has_colon(result: Result, path: str, text: str) -> bool:
    """Return whether a channel has a name that begins with a colon."""
    return any(stream["name"].startswith(":") for stream in result.case.streams)


def has_sum_of_pair(result: Result, path: str, text: str) -> bool:
    """Return whether a Mosca detector has a region of two elements, by whose sum the path is named."""
    # What was changed may have any type.
    channels = re.findall(r'"channel": \[(\d+), (\d+)\]', json.dumps(result.case.info))
    return any(f"{name}_{first}_{last}" in path for first, last in channels for name in ("sum", "det"))


PLOT = r"::/[^/]*/[^/]*/"

CLASSIC = [
    Rule("byte order of channels", "DTYPE", text=r'expected "<(.*)", found ">\1"'),
    Rule("names become equal", ANY, condition=has_new_name),
    Rule("metadata with the name of acquired data", ANY, condition=is_moved_metadata),
    Rule("a stream of no device", ANY, condition=warned("belongs to no device")),
    Rule("scans that lack something", ANY, condition=warned("the scan's info has no")),
    Rule("sums of elements in Mosca detectors", "MISSING EXTRA", condition=has_sum_of_pair),
    Rule("a name that begins with a colon", ANY, condition=has_colon),
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
        "a layout that is published when the scan ends",
        "EXTRA",
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
