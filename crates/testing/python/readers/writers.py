"""The writers that save the scans: nexus-writer, and the reference writer of each layout."""

import json
import os
import re
import subprocess
import threading
import time
from functools import cached_property
from pathlib import Path

import h5py

from . import PYTHON
from .files import SavedFile
from .publishing import FilePublisher

TIMEOUT = 120
POLL = 0.05


class NexusWriter:
    """`nexus-writer run`, which follows all scans."""

    name = "ours"

    def __init__(self, program: Path, url: str):
        self._program = Program([program, "run", url, "--data-writer", "any", "--required-disk-space", "0"])

    def __enter__(self) -> "NexusWriter":
        self._program.wait_for("subscribed")
        return self

    def __exit__(self, *_):
        """End it in order: it saves what Redis has of scans that have ended, and closes their files."""
        self._program.end()

    def save(self, files: list[FilePublisher]):
        """Return when the files are closed whose scans have ended."""
        count = sum(len(file.scans) for file in files)
        self._program.wait_for("Finished writing|INCOMPLETE in|FAILED", count)


class SessionWriter:
    """blisswriter 2.0.0, which follows the scans of a session, in the classic layout."""

    name = "reference"

    def __init__(self, python: Path, url: str):
        command = [python.with_name("NexusSessionWriter"), "demo", "--log=info"]
        environment = {"REDIS_DATA_URL": url, "PYTHONUNBUFFERED": "1"}
        self._program = Program(command, environment)

    def __enter__(self) -> "SessionWriter":
        self._program.wait_for("Subscribed to Redis")
        return self

    def __exit__(self, *_):
        self._program.end(in_order=False)

    def save(self, files: list[FilePublisher]):
        count = sum(len(file.scans) for file in files)
        self._program.wait_for(r"\[[^]]*\] \[[^]]* \((OFF|FAULT)\)\]", count)


class OnDemandWriter:
    """blisswriter 3.0.0, which saves scans that have ended, in the published layout."""

    name = "reference"

    def __init__(self, python: Path, url: str):
        self._command = [python, PYTHON / "reference.py", "--redis", url]

    def __enter__(self) -> "OnDemandWriter":
        return self

    def __exit__(self, *_):
        pass

    def save(self, files: list[FilePublisher]):
        keys = [key for file in files for key in file.keys]
        run = subprocess.run([*self._command, *keys], capture_output=True, text=True, timeout=TIMEOUT)
        states = [json.loads(line)["state"] for line in run.stdout.splitlines() if line.startswith("{")]
        if states != ["COMPLETE"] * len(keys):
            raise RuntimeError(f"blisswriter: {states}: {run.stdout[-2000:]} {run.stderr[-2000:]}")


class Program:
    """A program in the background, whose lines are read."""

    def __init__(self, command: list, environment: dict | None = None):
        self._process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines, self._news = [], threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @cached_property
    def name(self) -> str:
        return " ".join(map(str, self._process.args))

    def wait_for(self, pattern: str, count: int = 1) -> list[str]:
        """Wait until so many lines fit, and return them."""
        fits = re.compile(pattern)

        def fitting() -> list[str]:
            return [line for line in self._lines if fits.search(line)]

        with self._news:
            self._news.wait_for(lambda: len(fitting()) >= count or not self._reader.is_alive(), TIMEOUT)
            if len(fitting()) < count:
                found = f"{len(fitting())} of {count} lines with {pattern!r}"
                raise RuntimeError(f"{self.name}: {found}:\n{self.text[-6000:]}")
            return fitting()

    @property
    def text(self) -> str:
        return "\n".join(self._lines)

    def end(self, in_order: bool = True):
        self._process.terminate()
        status = self._process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        if in_order and status != 0:
            raise RuntimeError(f"{self.name}: exit status {status}:\n{self.text[-6000:]}")

    def _read(self):
        for line in self._process.stdout:
            with self._news:
                self._lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()


def wait_until_visible(files: list[SavedFile]):
    """Wait until all points that are published can be read from growing files."""
    deadline = time.monotonic() + TIMEOUT
    for file in files:
        while missing := _missing(file):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{file.path}: {missing}")
            time.sleep(POLL)


def _missing(file: SavedFile) -> str:
    try:
        with h5py.File(file.path, "r") as h5:
            for name in file.names:
                path = file.path_of(name)
                if path not in h5 or len(h5[path]) < len(file.values(name)):
                    return f"{path} has not all points"
    except (OSError, KeyError, RuntimeError) as error:
        return str(error)
    return ""
