"""Validate files, which must not only be equal to those of the reference but also pass validators.

Each check is a function that takes the name of a file and yields its problems. Problems that the files
of blisswriter 2.0.0 have too are ignored; each is listed in its check, with the reason.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

# This must be set before HDF5 is loaded: validators leave files open that the next check opens, too.
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
    """Yield the name of each check with each problem that it finds."""
    for name, check in CHECKS.items():
        try:
            for problem in check(file):
                yield name, problem
        except Exception as error:
            # punx and nxcheck raise exceptions for some invalid files.
            yield name, f"{type(error).__name__}: {error}"
