"""The results as a table: one row for each tool and each thing that it has to find."""

from collections.abc import Iterator

from . import LAYOUTS, STATES
from .limits import limit


def show(results: list[dict], markdown: bool = False):
    rows = list(lines(results))
    head = ["tool", "finds", *(f"{layout} {state}" for layout in LAYOUTS for state in STATES)]
    if markdown:
        for row in (head, ["---"] * len(head), *rows):
            print("| " + " | ".join(row) + " |")
    else:
        widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
        for row in (head, *rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    for result in results:
        if wrong(result):
            place = " ".join(result[name] for name in ("tool", "writer", "layout", "state", "kind", "finds"))
            print(f"{place}: {result['error'][:1500] or 'works, but limits.py says otherwise'}")
    for reason in dict.fromkeys(found.reason for result in results if (found := limit(result))):
        print(f"*: not expected, {reason}")


def lines(results: list[dict]) -> Iterator[list[str]]:
    """Return the rows. A cell says how many files of ours were right, and what became of those of the reference."""
    keys = dict.fromkeys((result["tool"], result["version"], result["finds"]) for result in results)
    for tool, version, finds in keys:
        mine = [result for result in results if (result["tool"], result["finds"]) == (tool, finds)]
        cells = [cell(mine, layout, state) for layout in LAYOUTS for state in STATES]
        yield [f"{tool} {version}", finds, *cells]


def cell(results: list[dict], layout: str, state: str) -> str:
    """Say what became of our files, and of those of the reference if that is something else."""

    def found(writer: str) -> str:
        here = [r for r in results if (r["layout"], r["state"], r["writer"]) == (layout, state, writer)]
        bad = sum(wrong(result) for result in here)
        star = " *" if any(limit(result) for result in here) else ""
        return "" if not here else f"found{star}" if not bad else f"{bad} of {len(here)} wrong{star}"

    ours, reference = found("ours"), found("reference")
    return ours if reference in ("", ours) or not ours else f"{ours} (reference: {reference})"


def wrong(result: dict) -> bool:
    """Whether a result is not as expected. A limit of a tool counts for our files only: those of the reference may be
    damaged in other ways."""
    return bool(result["error"]) != bool(limit(result))


def failures(results: list[dict]) -> list[dict]:
    return [result for result in results if wrong(result) and result["writer"] == "ours"]
