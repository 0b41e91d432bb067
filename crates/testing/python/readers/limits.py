"""What a tool cannot do with files of any writer, with the reason.

`./dev readers` fails if one of these is no longer so.
"""

from dataclasses import dataclass

from . import LAYOUTS, STATES


@dataclass(frozen=True)
class Limit:
    tool: str
    finds: str
    kinds: tuple[str, ...]
    reason: str
    layouts: tuple[str, ...] = LAYOUTS
    states: tuple[str, ...] = STATES

    def covers(self, result: dict) -> bool:
        return (
            (result["tool"], result["finds"]) == (self.tool, self.finds)
            and result["kind"] in self.kinds
            and result["layout"] in self.layouts
            and result["state"] in self.states
        )


LIMITS = [
    Limit(
        "nexusformat",
        "values",
        ("image", "tomography"),
        "it takes a virtual dataset for a stack of one image per source file",
    ),
]


def limit(result: dict) -> Limit | None:
    return next((limit for limit in LIMITS if limit.covers(result)), None)
