"""Compare both writers on random cases: `python -m random_cases LAYOUT [N] [--seed S] --program PATH`.

N cases are made from the seeds S, S + 1, ... and saved by the reference writer of the layout (which this Python
environment must have) and by PATH. Prints how many cases are in each class, and each undocumented difference. With
--reduce, each case that shows another kind of difference is made smaller, and stored in the folder FOUND.

The exit status is 1 if there is a difference that is not documented, or cases that could not be compared.
"""

import argparse
import collections
import json
import sys
import time
import traceback
from pathlib import Path

from . import LAYOUTS, make
from .comparison import Result, compare_all
from .documented import FAULTS, classify, undocumented
from .reduction import kind_of, reduce

BATCH = 1000


def main() -> int:
    parser = argparse.ArgumentParser(prog="random_cases", description=__doc__.splitlines()[0])
    parser.add_argument("layout", choices=LAYOUTS)
    parser.add_argument("count", nargs="?", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--program", type=Path, required=True, metavar="PATH")
    parser.add_argument("--jobs", type=int, default=6, metavar="J", help="cases at the same time (6)")
    parser.add_argument("--reduce", type=Path, metavar="FOUND")
    options = parser.parse_args()
    begin = time.monotonic()
    classes, kinds, errors = collections.Counter(), {}, []
    for first in range(options.seed, options.seed + options.count, BATCH):
        seeds = range(first, min(first + BATCH, options.seed + options.count))
        try:
            for result in compare_all([make(options.layout, seed) for seed in seeds], options.program, options.jobs):
                class_ = classify(result)
                classes[class_] += 1
                if class_ in FAULTS:
                    kinds.setdefault(kind_of(result), []).append(result)
        except ExceptionGroup as failed:
            traceback.print_exception(failed)
            errors.append(failed)
        print(f"{classes.total()} cases after {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    report(classes, kinds, time.monotonic() - begin)
    if options.reduce:
        store_reduced(kinds, options.program, options.reduce)
    return 1 if kinds or errors else 0


def report(classes: collections.Counter, kinds: dict[str, list[Result]], seconds: float):
    for class_, count in classes.most_common():
        print(f"{count:6} {class_}")
    print(f"in {seconds:.0f} s")
    for kind, results in sorted(kinds.items(), key=lambda item: -len(item[1])):
        seeds = [result.case.name for result in results]
        print(f"\n{len(results)} x {kind}: {' '.join(seeds[:8])}")
        show(results[0])


def show(result: Result):
    print(f"    reference: {result.reference}, ours: {result.ours} ({result.reason})")
    for note in result.notes[:5]:
        print(f"    warning: {note}")
    for text in [*result.lost, *result.findings][:5]:
        print(f"    {text[:600]}")
    for row in undocumented(result)[:5]:
        print("    " + " ".join(row)[:400])


def store_reduced(kinds: dict[str, list[Result]], program: Path, folder: Path):
    folder.mkdir(parents=True, exist_ok=True)
    for results in kinds.values():
        smallest = min(results, key=lambda result: len(json.dumps(vars(result.case))))
        case = reduce(smallest, program)
        path = folder / f"{case.name.replace('/', '_')}.json"
        path.write_text(json.dumps(vars(case) | {"reference": {}}, indent=1, ensure_ascii=False), encoding="utf-8")
        print(f"stored {path}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
