"""nxcheck of nexusformat, which compares groups with the definitions of their classes."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import h5py
from gate import entries
from nexusformat.nexus import validate

ACCEPTED = [
    # The name that BLISS has always used for an entry.
    re.compile(r'^/\S*: "(\w+_)?\d+\.\d+" is an invalid name$'),
    # The class that blisswriter uses for the comments of an entry; each of them is an NXnote.
    re.compile(r"^/\S+/notes: notes should have a class of NXnote, not NXcollection$"),
]


def problems(file: Path) -> Iterator[str]:
    with h5py.File(file, "r") as h5:
        # nxcheck looks for the targets of external links in the wrong file, or never ends. The targets
        # are checked with the file that contains them.
        paths = [entry.name for entry in entries.own(h5)] if entries.has_links_to_others(h5) else ["/"]
    for path in paths:
        for problem in errors(file, path):
            if not any(accepted.search(problem) for accepted in ACCEPTED):
                yield problem


def errors(file: Path, path: str) -> list[str]:
    """Errors, with the group that they are in."""
    listener = Listener()
    validate.logger.handlers[:] = [listener]
    validate.logger.setLevel(logging.ERROR)
    # nxcheck leaves validators behind if it raises an exception.
    validate.validators.clear()
    validate.validate_file(str(file), path=path)
    return listener.errors


class Listener(logging.Handler):
    def __init__(self):
        super().__init__()
        self.where = ""
        self.errors = []

    def emit(self, record: logging.LogRecord):
        text = record.getMessage().strip()
        if record.levelno == logging.ERROR:
            self.errors.append(f"{self.where}: {text}")
        elif text.startswith("NX"):
            self.where = text.partition(": ")[2]
