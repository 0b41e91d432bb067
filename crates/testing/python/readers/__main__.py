"""Let other programs read files: `python -m readers [TOOL...] --program PATH --tools PYTHON --classic PYTHON`.

The scans are saved by PATH and, with --classic, by both reference writers. Each tool runs in the Python environment
--tools. Prints a table; the exit status is 1 if a tool does not find what it has to find in our files.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import redis
from server import PrivateRedis

from . import LAYOUTS, STATES, scans, table
from .files import SavedFile
from .publishing import FilePublisher
from .runs import Tools
from .tools import NAMES
from .writers import NexusWriter, OnDemandWriter, SessionWriter, wait_until_visible

# Seconds between points while other programs follow a scan.
PACE = 0.1


def main() -> int:
    parser = argparse.ArgumentParser(prog="readers", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="TOOL", help="all by default: " + ", ".join(NAMES))
    parser.add_argument("--program", type=Path, required=True, metavar="PATH", help="nexus-writer")
    parser.add_argument("--tools", type=Path, required=True, metavar="PYTHON", help="Python that has the tools")
    parser.add_argument("--classic", type=Path, metavar="PYTHON", help="Python that has blisswriter 2.0.0")
    parser.add_argument("--layout", choices=LAYOUTS, help="both by default")
    parser.add_argument("--no-follow", action="store_true", help="no tool reads while points come")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="for the files")
    parser.add_argument("--markdown", action="store_true", help="print the table for the documentation")
    options = parser.parse_intermixed_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no tool {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    results = []
    with contextlib.ExitStack() as stack:
        root = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="readers-")))
        tools = Tools(options.tools, options.names or NAMES, not options.no_follow)
        for layout in [options.layout] if options.layout else LAYOUTS:
            for writer in writers(layout, options):
                results += read(layout, writer, tools, root.resolve())
    if options.keep:
        (options.keep / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    table.show(results, options.markdown)
    return 1 if table.failures(results) else 0


def writers(layout: str, options: argparse.Namespace) -> list:
    """Return functions that make the writers of a layout, by the URL of Redis."""
    ours = lambda url: NexusWriter(options.program, url)
    if not options.classic:
        return [ours]
    if layout == "classic":
        return [ours, lambda url: SessionWriter(options.classic, url)]
    return [ours, lambda url: OnDemandWriter(Path(sys.executable), url)]


def read(layout: str, make_writer, tools: Tools, root: Path) -> list[dict]:
    """Let a writer save all kinds of scans in all states, and the tools read them."""
    with PrivateRedis() as server, redis.Redis.from_url(server.url) as client, make_writer(server.url) as writer:

        def published(state: str, part: str = "") -> tuple[list[FilePublisher], list[SavedFile]]:
            folder = root / writer.name / layout / (state + part)
            folder.mkdir(parents=True)
            saved = [SavedFile(str(folder / f"{kind}.h5"), kind, layout, state, writer.name) for kind in scans.KINDS]
            files = [FilePublisher(client, file) for file in saved]
            for file in files:
                file.prepare()
                file.publish()
            return files, saved

        ended, saved = zip(*(published(state) for state in STATES if state != "growing"))
        writer.save([file for files in ended for file in files])
        results = tools.read([file for files in saved for file in files])
        # The reference of the published layout shows nothing of a scan before it ends, and growing files of the
        # other one are damaged for readers most of the time.
        if writer.name == "reference":
            return results
        growing, saved = published("growing")
        wait_until_visible(saved)
        results += tools.read(saved)
        finish(growing)
        # The files of a tool are its own, so that it is fast enough to see them grow.
        for name in tools.followers:
            growing, saved = published("growing", f"-{name}")
            wait_until_visible(saved)
            results += tools.follow(name, saved, partial(finish, growing))
        return results


def finish(growing: list[FilePublisher]):
    """Publish the points that are missing, and end the scans."""
    for points in range(scans.HALF + 1, scans.POINTS + 1):
        for file in growing:
            file.grow(points)
        time.sleep(PACE)
    for file in growing:
        file.finish()


if __name__ == "__main__":
    sys.exit(main())
