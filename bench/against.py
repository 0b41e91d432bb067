"""Compares the speed of two revisions of `nexus-writer save`, in pairs of runs.

    ./dev bench --against main              both layouts, 20 pairs of each workload
    ./dev bench classic --against HEAD~3 --only step --pairs 40

Both save the same scans, one right after the other, and take turns at being first: whatever else the
machine does slows both runs of a pair down alike, so the ratios of pairs vary much less than times do.
A ratio above 1 says that this tree is faster. The exit status is 1 if a file is wrong.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import geometric_mean

import options
import table
from peers import PEERS, Peer, on_demand
from ratios import line, summary
from revision import build
from saving import Saving, medians, note, problems
from server import PrivateRedis
from workloads import WORKLOADS, Workload

BEFORE, NOW = "before", "now"
MEASURES = {"wall": "wall time", "user": "user CPU"}
WIDTHS = (9, 9, 9)


def main() -> int:
    chosen = parse_arguments()
    peer = PEERS[chosen.layout]
    writers = {BEFORE: on_demand(program_folder(chosen)), NOW: on_demand(chosen.binaries)}
    load = os.getloadavg()[0]
    results = []
    with PrivateRedis() as server, tempfile.TemporaryDirectory(prefix="bench-files-", dir=chosen.directory) as folder:
        for workload in chosen.only or WORKLOADS:
            results.append(run_pairs(workload, peer, writers, server, Path(folder).resolve(), chosen.pairs))
            server.reset()
    overall = {
        measure: summary([geometric_mean(pair) for pair in zip(*(result["ratios"][measure] for result in results))])
        for measure in MEASURES
    }
    if chosen.json:
        print(json.dumps({"workloads": results, "geometric mean": overall}, indent=1))
    else:
        print(report(results, overall, chosen, load))
    wrong = [text for result in results for text in result["problems"]]
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


def run_pairs(
    workload: Workload, peer: Peer, writers: dict, server: PrivateRedis, folder: Path, pairs: int
) -> dict:
    """Publish one workload and let both revisions save it, `pairs` times."""
    saving = Saving(workload, peer, writers, server, folder)
    runs = {name: [] for name in writers}
    for number in range(pairs):
        order = (BEFORE, NOW) if number % 2 == 0 else (NOW, BEFORE)
        for name in order:
            # Every point of a file is read once for each revision: the bytes of a workload do not change.
            runs[name].append(saving.run(name, verify=number == 0))
        times = ", ".join(f"{name} {runs[name][-1]['wall']:.2f} s" for name in runs)
        note(f"  pair {number + 1}/{pairs}: {times}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    ratios = {
        measure: [before[measure] / now[measure] for before, now in zip(runs[BEFORE], runs[NOW])]
        for measure in MEASURES
    }
    return {
        "layout": peer.name,
        "workload": workload.name,
        "medians": {name: medians(several) for name, several in runs.items()},
        "ratios": ratios,
        "summary": {measure: summary(values) for measure, values in ratios.items()},
        "runs": runs,
        "problems": problems(workload.name, runs),
    }


def report(results: list[dict], overall: dict, chosen: argparse.Namespace, load: float) -> str:
    lines = [
        f"nexus-writer save, layout {chosen.layout}: {chosen.against} (before) and this tree (now), {chosen.pairs} pairs",
        "",
        row("workload", "before s", "now s", *(f"ratio of {name}" for name in MEASURES.values())),
    ]
    for result in results:
        seconds = (f"{result['medians'][name]['wall']:.3f}" for name in (BEFORE, NOW))
        lines.append(row(result["workload"], *seconds, *(line(result["summary"][measure]) for measure in MEASURES)))
    lines.append(row("all", "", "", *(line(overall[measure]) for measure in MEASURES)))
    coverage = 100 * overall["wall"]["coverage"]
    lines += [
        "",
        "Ratios: before / now, so more than 1 is faster now; the median of all pairs and, in brackets, where the",
        f"true median lies with a probability of {coverage:.0f} % (order statistics). all: geometric mean of the workloads.",
    ]
    return "\n".join(lines + table.busy(load))


def program_folder(chosen: argparse.Namespace) -> Path:
    folder = Path(chosen.against)
    if (folder / "nexus-writer").is_file():
        return folder.absolute()
    return build(chosen.against, chosen.binaries.parent / "against")


def row(workload: str, before: str, now: str, *ratios: str) -> str:
    widths = (*WIDTHS, *(22 for _ in ratios))
    cells = (workload, before, now, *ratios)
    aligned = "<" + ">" * (len(cells) - 1)
    return " ".join(f"{cell:{side}{width}}" for cell, side, width in zip(cells, aligned, widths)).rstrip()


def parse_arguments() -> argparse.Namespace:
    parser = options.parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add("--against", required=True, metavar="REV", help="a revision, or a folder with its program")
    add("--pairs", type=options.positive, default=20, metavar="N", help="runs of each (20); 6 at least for 95 %%")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
