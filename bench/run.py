"""Times nexus-writer against a release of blisswriter on five workloads, on the same Redis.

    ./dev bench                             both layouts, three repetitions
    ./dev bench classic --only 1 --repeat 1 one layout, one workload, once
    ./dev bench h5maps --json               figures of every repetition, for a program

Each workload is published completely (once for each writer, because a scan names the file it
is saved in), then the writers save it in turn, each as a process of its own. Every saved file
is compared with what was published. The exit status is 1 if one of them is wrong.

In the same turns, the floor is measured: what no writer can beat, because it is the time to receive
the same scans from Redis, without and with the compression of their points (the example
`saving_floor` of the crate `writer`).
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
import options
import table
from peers import PEERS, REFERENCE, Peer
from saving import Saving, medians, note, problems
from server import PrivateRedis
from table import ENCODE, RECEIVE
from workloads import WORKLOADS, Workload
from writers import OnDemand

def main() -> int:
    chosen = parse_arguments()
    peer = PEERS[chosen.layout]
    wanted = {
        name: writer
        for name, writer in peer.writers(chosen.binaries).items()
        if name in (chosen.writer or [name])
    }
    # What can be measured is measured, but a comparison with a hole is none.
    writers = {name: writer for name, writer in wanted.items() if Path(writer.command[0]).is_file()}
    wrong = [f"{name}: {wanted[name].command[0]} does not exist" for name in wanted.keys() - writers.keys()]
    for line in wrong:
        note(line)
    if not writers:
        return 1
    floor = chosen.binaries / "examples/saving_floor"
    floors = {RECEIVE: OnDemand(floor, timed=True), ENCODE: OnDemand(floor, "--encode", timed=True)}
    results = []
    load = os.getloadavg()[0]
    with PrivateRedis() as server, tempfile.TemporaryDirectory(prefix="bench-files-", dir=chosen.directory) as folder:
        # Writers and the kernel must agree on the name of a file.
        folder = Path(folder).resolve()
        for workload in chosen.only or WORKLOADS:
            results.append(run_workload(workload, peer, writers, floors, server, folder, chosen.repeat))
            server.reset()
    if chosen.json:
        print(json.dumps(results, indent=1))
    else:
        print(table.table(results, peer, load))
    wrong += [line for result in results for line in result["problems"]]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def run_workload(
    workload: Workload, peer: Peer, writers: dict, floors: dict, server: PrivateRedis, folder: Path, repeat: int
) -> dict:
    """Publish one workload and let every writer save it `repeat` times."""
    saving = Saving(workload, peer, writers, server, folder)
    runs = {writer: [] for writer in writers}
    least = {name: [] for name in floors}
    for number in range(repeat):
        for name, program in floors.items():
            least[name].append(saving.floor(program))
        for name in writers:
            run = saving.run(name)
            runs[name].append(run)
            note(f"  {name} {number + 1}/{repeat}: {run['wall']:.2f} s")
    files = saving.files
    result = {
        "layout": peer.name,
        "workload": workload.name,
        "description": workload.description,
        "megabytes": saving.megabytes,
        "entries": saving.entries,
        "points": saving.points,
        "floors": {name: statistics.median(seconds) for name, seconds in least.items()},
        "writers": {writer: medians(several) for writer, several in runs.items()},
        "runs": runs,
        "problems": problems(workload.name, runs),
    }
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


def parse_arguments() -> argparse.Namespace:
    parser = options.parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add("--repeat", type=options.positive, default=3, metavar="N", help="runs of each writer (3); the median counts")
    names = {peer.name: list(peer.writers(Path())) for peer in PEERS.values()}
    add("--writer", action="append", metavar="NAME", help=f"time this writer alone; may be repeated ({names})")
    chosen = parser.parse_args()
    for name in chosen.writer or []:
        if name not in names[chosen.layout]:
            parser.error(f"no writer {name!r} for {chosen.layout}: {', '.join(names[chosen.layout])}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
