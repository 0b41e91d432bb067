"""Compares what our writer made of a case with what the reference made of it, and how the saving ended."""

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import classic_differences
import h5compare

from . import Case
from .reference import described


def problems(case: Case, root: Path, outcome: dict) -> Iterator[str]:
    """Return the differences that the case does not list, and those that it lists and that are not there. The same for
    warnings.

    A listed difference is a kind of `h5compare`, a path, and the reason; paths below it belong to it.
    """
    listed = {(kind, path) for kind, path, _ in case.differences}
    unseen = set(listed)
    for kind, path, text in differences(case, root):
        known = {(k, p) for k, p in listed if k == kind and h5compare.is_below(path, p)}
        unseen -= known
        if not known:
            yield f"{kind} {path}: {text}"
    for kind, path in sorted(unseen):
        yield f"{kind} {path}: is listed as a difference, but there is none"
    yield from outcome_problems(case, root, outcome)


def outcome_problems(case: Case, root: Path, outcome: dict) -> Iterator[str]:
    """Compare the state, the verdict of `check`, and the warnings. Of a scan that is followed, the first two are not known."""
    wanted = case.ours.get("state", "COMPLETE")
    if outcome.get("state", wanted) != wanted:
        yield f"ended {outcome['state']} and not {wanted}: {outcome.get('reason')}"
    good = case.ours.get("check", True)
    if outcome.get("good", good) != good:
        yield f"check calls the file {'good' if outcome['good'] else 'bad'}"
    expected = list(case.ours.get("warnings", []))
    for warning in warnings(case, root, outcome):
        if warning in expected:
            expected.remove(warning)
        else:
            yield f"warning: {warning}"
    for warning in expected:
        yield f"no warning: {warning}"


def warnings(case: Case, root: Path, outcome: dict) -> list[str]:
    """Return the warnings of a writer without what differs from run to run."""
    texts = (text.replace(str(root / case.name), "{ROOT}") for text in outcome["warnings"])
    return [re.sub(r"esrf:scan:\w+", "{SCAN}", text) for text in texts]


def differences(case: Case, root: Path) -> list[tuple[str, str, str]]:
    """Return all differences of files that count; paths are those in the directory of the case."""
    if case.expected is None:
        return []
    classic = case.layout == "classic"
    expected, found = deepcopy(case.expected), described(case, root)
    for file in expected.values() if classic else ():
        for _, entry in file["items"]:
            if entry["kind"] == "group":
                classic_differences.add_completeness(entry)
                classic_differences.sort_items(entry)
    for file in () if classic else found.values():
        h5compare.drop_records(file)
    rows = h5compare.differences(expected, found, storage=classic)
    return [row for row in rows if row[0] not in h5compare.INFORMATION]
