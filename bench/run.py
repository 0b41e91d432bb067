"""Times nexus-writer against a release of blisswriter on five workloads, on the same Redis.

    ./dev bench                             both layouts, three repetitions
    ./dev bench classic --only 1 --repeat 1 one layout, one workload, once
    ./dev bench h5maps --json               figures of every repetition, for a program

Each workload is published completely (once for each writer, because a scan names the file it
is saved in), then the writers save it in turn, each as a process of its own. Every saved file
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
from measure import Measurement
from peers import PEERS, REFERENCE, Peer
from publish import publish
from server import PrivateRedis
from workloads import WORKLOADS, Scan, Workload

HERE = Path(__file__).resolve().parent


def main() -> int:
    options = parse_arguments()
    peer = PEERS[options.layout]
    wanted = {
        name: writer
        for name, writer in peer.writers(options.binaries).items()
        if name in (options.writer or [name])
    }
    # What can be measured is measured, but a comparison with a hole is none.
    writers = {name: writer for name, writer in wanted.items() if Path(writer.command[0]).is_file()}
    problems = [f"{name}: {wanted[name].command[0]} does not exist" for name in wanted.keys() - writers.keys()]
    for line in problems:
        note(line)
    if not writers:
        return 1
    results = []
    load = os.getloadavg()[0]
    with PrivateRedis() as server, tempfile.TemporaryDirectory(prefix="bench-files-", dir=options.directory) as folder:
        # Writers and the kernel must agree on the name of a file.
        folder = Path(folder).resolve()
        for workload in options.only or WORKLOADS:
            results.append(run_workload(workload, peer, writers, server, folder, options.repeat))
            server.reset()
    if options.json:
        print(json.dumps(results, indent=1))
    else:
        print(table.table(results, peer, load))
    problems += [line for result in results for line in result["problems"]]
    for line in problems:
        print(line, file=sys.stderr)
    return 1 if problems else 0


def run_workload(
    workload: Workload, peer: Peer, writers: dict, server: PrivateRedis, folder: Path, repeat: int
) -> dict:
    """Publish one workload and let every writer save it `repeat` times."""
    note(f"{peer.name}, {workload.name}: {workload.description}")
    scans = workload.scans()
    megabytes, entries = sum(s.nbytes for s in scans) / 1e6, sum(s.entries for s in scans)
    note(f"  publish {megabytes:.0f} MB in {entries} entries")
    files = {writer: folder / writer.replace(" ", "-") / f"{workload.name}.h5" for writer in writers}
    keys = {
        writer: [publish(server.url, server.path, scan, str(file), peer.layout) for scan in scans]
        for writer, file in files.items()
    }
    runs = {writer: [] for writer in writers}
    for number in range(repeat):
        for name, writer in writers.items():
            shutil.rmtree(files[name].parent, ignore_errors=True)
            files[name].parent.mkdir()
            # Pages of the file before must not be written to disk while this one is timed.
            os.sync()
            run = writer.save(
                server, keys[name], files[name], lambda root, number: peer.layout.finished(root, scans[number])
            )
            runs[name].append(figures(run, files[name], scans, peer))
            note(f"  {name} {number + 1}/{repeat}: {run.wall:.2f} s")
    result = {
        "layout": peer.name,
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
    result["structure"] = {
        writer: compare.structure_differences(str(files[REFERENCE]), str(file))
        for writer, file in files.items()
        if REFERENCE in files and writer != REFERENCE and file.exists() and files[REFERENCE].exists()
    }
    for writer, lines in result["structure"].items():
        for line in lines:
            note(f"  {writer} differs: {line}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return result


def figures(run: Measurement, file: Path, scans: list[Scan], peer: Peer) -> dict:
    """The figures of one run, in seconds and bytes, and what is wrong with it."""
    problems = compare.differences(str(file), scans, peer.layout)
    if run.status != 0:
        problems.insert(0, f"exit status {run.status}: {run.errors.strip()[-2000:]} {run.output.strip()[-2000:]}")
    return {
        "wall": run.wall,
        "work": run.work,
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
    workloads = ", ".join(f"{number} {workload.name}" for number, workload in enumerate(WORKLOADS, 1))
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    add = parser.add_argument
    binaries = HERE.parent / "target/release"
    add("layout", choices=PEERS, help="which layout, and so which release of blisswriter")
    add("--binaries", type=Path, default=binaries, metavar="DIR", help="where our programs are")
    add("--only", type=find_workload, action="append", metavar="N", help=f"a workload ({workloads}); may be repeated")
    add("--repeat", type=positive, default=3, metavar="N", help="runs of each writer (3); the median counts")
    names = {peer.name: list(peer.writers(binaries)) for peer in PEERS.values()}
    add("--writer", action="append", metavar="NAME", help=f"time this writer alone; may be repeated ({names})")
    add("--directory", type=Path, metavar="DIR", help="where the files go, instead of the temporary directory")
    add("--json", action="store_true", help="print the figures of all runs as JSON")
    options = parser.parse_args()
    options.binaries = options.binaries.absolute()
    for name in options.writer or []:
        if name not in names[options.layout]:
            parser.error(f"no writer {name!r} for {options.layout}: {', '.join(names[options.layout])}")
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
