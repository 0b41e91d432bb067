"""Makes a case smaller that shows a difference, as long as it shows the same kind of difference."""

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

from cases import Case

from .comparison import Result, Writers
from .documented import classify, undocumented
from .mutations import parent_of, places

# Candidates that are tried together.
BATCH = 20


def kind_of(result: Result) -> str:
    """Return the class of a result with the kind and the last name of its first difference."""
    rows = undocumented(result)
    if not rows:
        return classify(result)
    kind, path, text = rows[0]
    name = re.sub(r"\d+", "N", path.rpartition("/")[2])
    return f"{kind} {name}: {re.sub(r'[0-9.]+', 'N', text)[:60]}"


def reduce(result: Result, program: Path) -> Case:
    """Return a smaller case with the same kind of difference."""
    wanted = kind_of(result)
    case = deepcopy(result.case)
    with Writers(case.layout, case.options, program) as writers:
        while smaller := next(found(case, wanted, writers), None):
            case = smaller
    return case


def found(case: Case, wanted: str, writers: Writers) -> Iterator[Case]:
    candidates = list(without_parts(case))
    for start in range(0, len(candidates), BATCH):
        for result in writers.compare(candidates[start : start + BATCH]):
            if kind_of(result) == wanted:
                yield result.case


def without_parts(case: Case) -> Iterator[Case]:
    """Return the case without each of its parts, the large ones first."""
    for member in ("prepared", "scans"):
        if getattr(case, member):
            yield changed(case, member, None if member == "prepared" else [])
    for index in range(len(case.streams)):
        yield changed(case, "streams", case.streams[:index] + case.streams[index + 1 :])
    for path in sorted(places(case.info), key=len):
        smaller = deepcopy(case)
        del parent_of(smaller.info, path)[path[-1]]
        yield smaller


def changed(case: Case, member: str, value) -> Case:
    smaller = deepcopy(case)
    setattr(smaller, member, value)
    return smaller
