"""What a file has to pass, beside being equal to that of the reference: what validators say about it.

Each check is a function that gets the name of a file and yields its problems. What the files of
blisswriter 2.0.0 do not pass either is listed where it is let through, with the reason, and nothing
else is.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

# Before HDF5 is loaded: the validators leave files open that the next check opens, too.
os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"

from gate import nexus_definitions, nexus_manual, viewer, walk

Check = Callable[[Path], Iterator[str]]

CHECKS: dict[str, Check] = {
    "punx": nexus_manual.problems,
    "nxcheck": nexus_definitions.problems,
    "silx": viewer.problems,
    "walk": walk.problems,
}


def problems(file: Path) -> Iterator[tuple[str, str]]:
    """Names of checks, and what they do not let through."""
    for name, check in CHECKS.items():
        try:
            for problem in check(file):
                yield name, problem
        except Exception as error:
            # punx and nxcheck fall over files that are wrong enough.
            yield name, f"{type(error).__name__}: {error}"
