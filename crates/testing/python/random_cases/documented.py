"""The differences on which we insist: each is a row of `docs/differences.md`."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .comparison import Result


@dataclass(frozen=True)
class Rule:
    """A documented difference: kinds of `h5compare`, a pattern for the path, one for the text, and a condition."""

    row: str
    kinds: str
    path: str = ""
    text: str = ""
    condition: Callable[[Result], bool] = lambda result: True

    def fits(self, result: Result, kind: str, path: str, text: str) -> bool:
        return (
            kind in self.kinds.split()
            and re.search(self.path, path) is not None
            and re.search(self.text, text) is not None
            and self.condition(result)
        )


def warns(*parts: str) -> Callable[[Result], bool]:
    """Return a condition: our writer has warned with one of these texts."""
    return lambda result: any(part in note for note in result.notes for part in parts)


CLASSIC: list[Rule] = []

H5MAPS: list[Rule] = []

RULES = {"classic": CLASSIC, "h5maps": H5MAPS}


def undocumented(result: Result) -> list[tuple[str, str, str]]:
    """Return the differences to which no rule applies."""
    rules = RULES[result.case.layout]
    return [row for row in result.rows if not any(rule.fits(result, *row) for rule in rules)]


def classify(result: Result) -> str:
    """Return the class of a result."""
    if result.ours == "CRASHED":
        return "OURS CRASHES"
    if not result.reference_is_good:
        return "reference fails, ours is complete" if result.ours_is_good else "both fail"
    if undocumented(result):
        return "UNDOCUMENTED DIFFERENCE"
    if not result.ours_is_good and not result.notes and result.ours != "SKIPPED":
        return "OURS FAILS WITHOUT A WARNING"
    if result.rows:
        return "documented difference"
    return "equal" if result.ours_is_good else "equal, ours is not complete"


FAULTS = {"OURS CRASHES", "UNDOCUMENTED DIFFERENCE", "OURS FAILS WITHOUT A WARNING"}
