"""Times `nexus-writer save` against blisswriter on five workloads, on the same Redis.

    ./dev bench                     everything, three repetitions
    ./dev bench --only 1 --repeat 1 one workload, once
    ./dev bench --json              figures of every repetition, for a program

Each workload is published completely (once for each writer, because a scan names the file it
is saved in), then both writers save it in turn, each as a process of its own. Every saved file
is compared with what was published. The exit status is 1 if one of them is wrong.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import compare
import table
from measure import Measurement, measure
from publish import publish
from server import PrivateRedis
from workloads import WORKLOADS, Scan, Workload

HERE = Path(__file__).resolve().parent
REFERENCE, OURS = "blisswriter", "nexus-writer"


def main() -> int:
    options = parse_arguments()
    writers = {
        REFERENCE: [sys.executable, HERE / "reference.py"],
        OURS: [options.binary, "save", "--json"],
    }
    if options.writer:
        writers = {options.writer: writers[options.writer]}
    results = []
    load = os.getloadavg()[0]
    with PrivateRedis() as server, tempfile.TemporaryDirectory(prefix="bench-files-", dir=options.directory) as folder:
        for workload in options.only or WORKLOADS:
            results.append(run_workload(workload, writers, server, Path(folder), options.repeat))
            server.reset()
    if options.json:
        print(json.dumps(results, indent=1))
    else:
        print(table.table(results, load))
    problems = [line for result in results for line in result["problems"]]
    for line in problems:
        print(line, file=sys.stderr)
    return 1 if problems else 0


def run_workload(workload: Workload, writers: dict, server: PrivateRedis, folder: Path, repeat: int) -> dict:
    """Publish one workload and let every writer save it `repeat` times."""
    note(f"{workload.name}: {workload.description}")
    scans = workload.scans()
    megabytes, entries = sum(s.nbytes for s in scans) / 1e6, sum(s.entries for s in scans)
    note(f"  publish {megabytes:.0f} MB in {entries} entries")
    files = {writer: folder / writer / f"{workload.name}.h5" for writer in writers}
    keys = {
        writer: [publish(server.url, server.path, scan, str(file)) for scan in scans]
        for writer, file in files.items()
    }
    runs = {writer: [] for writer in writers}
    for number in range(repeat):
        for writer, command in writers.items():
            shutil.rmtree(files[writer].parent, ignore_errors=True)
            files[writer].parent.mkdir()
            # Pages of the file before must not be written to disk while this one is timed.
            os.sync()
            run = measure([*command, server.url, *keys[writer]])
            runs[writer].append(figures(writer, run, files[writer], scans))
            note(f"  {writer} {number + 1}/{repeat}: {run.wall:.2f} s")
    result = {
        "workload": workload.name,
        "description": workload.description,
        "megabytes": megabytes,
        "entries": entries,
        "writers": {writer: medians(several) for writer, several in runs.items()},
        "runs": runs,
    }
    result["problems"] = [
        f"{workload.name}, {writer}: {problem}"
        for writer, several in runs.items()
        for one in several
        for problem in one["problems"]
    ]
    if len(files) == 2 and all(file.exists() for file in files.values()):
        result["structure"] = compare.structure_differences(str(files[REFERENCE]), str(files[OURS]))
        for line in result["structure"]:
            note(f"  differs: {line}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return result


def figures(writer: str, run: Measurement, file: Path, scans: list[Scan]) -> dict:
    """The figures of one run, in seconds and bytes, and what is wrong with it."""
    problems = compare.differences(str(file), scans)
    if run.status != 0:
        problems.insert(0, f"exit status {run.status}: {run.errors.strip()[-2000:]} {run.output.strip()[-2000:]}")
    work = run.wall
    if writer == REFERENCE and run.status == 0:
        work = json.loads(run.output.splitlines()[-1])["seconds"]
    return {
        "wall": run.wall,
        "work": work,
        "cpu": run.cpu,
        "peak": run.peak,
        "file": file.stat().st_size if file.exists() else 0,
        "problems": problems,
    }


def medians(runs: list[dict]) -> dict:
    middle = {key: statistics.median(run[key] for run in runs) for key in ("wall", "work", "cpu", "peak", "file")}
    return middle | {"problems": [problem for run in runs for problem in run["problems"]]}


def note(text: str):
    print(text, file=sys.stderr, flush=True)


def parse_arguments() -> argparse.Namespace:
    names = ", ".join(f"{number} {workload.name}" for number, workload in enumerate(WORKLOADS, 1))
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    add = parser.add_argument
    binary = HERE.parent / "target/release/nexus-writer"
    add("--binary", type=Path, default=binary, help="our writer")
    add("--only", type=find_workload, action="append", metavar="N", help=f"one workload ({names}); may be repeated")
    add("--repeat", type=positive, default=3, metavar="N", help="runs of each writer (3); the median counts")
    add("--writer", choices=[REFERENCE, OURS], help="time one writer alone")
    add("--directory", type=Path, metavar="DIR", help="where the files go, instead of the temporary directory")
    add("--json", action="store_true", help="print the figures of all runs as JSON")
    options = parser.parse_args()
    if options.writer != REFERENCE and not options.binary.is_file():
        parser.error(f"{options.binary} does not exist; ./dev bench builds it, --writer {REFERENCE} does without")
    options.binary = options.binary.absolute()
    return options


def find_workload(text: str) -> Workload:
    for number, workload in enumerate(WORKLOADS, 1):
        if text in (str(number), workload.name):
            return workload
    raise argparse.ArgumentTypeError(f"no workload {text!r}")


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
