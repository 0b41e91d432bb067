"""Compare what a writer made of a scenario with what it should have made.

    check.py NAME --root DIRECTORY [--outcomes] [--live]

What it should have made is in `golden/NAME.json`, the result of blisswriter 3.0.0, corrected by the
list of its defects in `defects.py`. With `--outcomes`, standard input has a line of JSON for each
scan: its `label`, `state` and `reason`. The exit status is 1 if there are differences.
"""

import argparse
import json
import sys
from pathlib import Path

import defects
import h5compare
import h5tree

# Files that scenarios make themselves.
NOT_OURS = ["scan0001", "img", "not_hdf5.h5"]
GOLDEN = Path(__file__).resolve().parent / "golden"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--root", type=Path, required=True, metavar="DIRECTORY")
    parser.add_argument("--live", action="store_true", help="the scans were followed while they ran")
    parser.add_argument("--reference", action="store_true", help="the writer is blisswriter itself")
    parser.add_argument("--outcomes", action="store_true", help="compare the outcomes of the scans too")
    options = parser.parse_args()
    expected = load(options.name)
    if not options.reference:
        for defect in defects.of(options.name, live=options.live):
            defect.correct(expected)
    problems = []
    if options.outcomes:
        problems += outcome_differences(expected["scans"], [json.loads(line) for line in sys.stdin])
    root = options.root.resolve()
    found = h5tree.describe(root, exclude=NOT_OURS)["files"]
    for file in found.values():
        h5compare.drop_records(file)
    problems += [f"{kind:8} {path}: {text}" for kind, path, text in h5compare.differences(expected["files"], found)]
    print("\n".join(problems) or "equal")
    return 1 if problems else 0


def load(name: str) -> dict:
    file = GOLDEN / f"{name}.json"
    if not file.exists():
        return {"scans": [], "files": {}}
    return json.loads(file.read_text(encoding="utf-8"))


def outcome_differences(expected: list[dict], found: list[dict]) -> list[str]:
    """Compare whether each scan is complete; the names of the states are up to the writer."""
    outcomes = {scan["label"]: scan for scan in found}
    problems = []
    for scan in expected:
        outcome = outcomes.pop(scan["label"], None)
        if outcome is None:
            problems.append(f"OUTCOME  {scan['label']}: none")
        elif is_complete(outcome) != is_complete(scan):
            problems.append(f"OUTCOME  {scan['label']}: expected {scan['state']}, found {outcome['state']}: {outcome['reason']}")
        elif not outcome["reason"]:
            problems.append(f"OUTCOME  {scan['label']}: no reason")
        elif scan.get("mentions", "") not in outcome["reason"]:
            problems.append(f"OUTCOME  {scan['label']}: expected {scan['mentions']!r} in the reason: {outcome['reason']}")
    return problems + [f"OUTCOME  {label}: unexpected" for label in outcomes]


def is_complete(scan: dict) -> bool:
    return scan["state"] in ("COMPLETE", "SKIPPED")


if __name__ == "__main__":
    sys.exit(main())
