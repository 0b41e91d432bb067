"""Runs the tools, each as a process in the environment of the tools."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from . import PROJECT, PYTHON
from .files import SavedFile
from .tools import FOLLOWERS

TIMEOUT = 300


class Tools:
    """The tools that are asked for."""

    def __init__(self, python: Path, names: list[str], follow: bool = True):
        self._python, self._names, self._follow = python, names, follow

    def read(self, files: list[SavedFile]) -> list[dict]:
        """Let all tools read files. Returns one result for each thing that a tool has to find in a file."""
        results = []
        for name in self._names:
            begin = time.monotonic()
            found = Tool(self._python, "read", name, files).results()
            states = " and ".join(dict.fromkeys(file.state for file in files))
            note(f"{files[0].writer}, {files[0].layout}, {states}: {name}", begin, found)
            results += found
        return results

    @property
    def followers(self) -> list[str]:
        return [name for name in self._names if name in FOLLOWERS and self._follow]

    def follow(self, name: str, files: list[SavedFile], finish) -> list[dict]:
        """Let a tool follow growing scans, all at once. `finish` is called when it has half of the points of each."""
        begin = time.monotonic()
        tools = [Tool(self._python, "follow", name, [file]) for file in files]
        for tool in tools:
            tool.wait_for_half()
        finish()
        results = [result for tool in tools for result in tool.results()]
        note(f"{files[0].writer}, {files[0].layout}, growing: {name} follows", begin, results)
        return results


def note(what: str, begin: float, results: list[dict]):
    errors = sum(bool(result["error"]) for result in results)
    seconds = time.monotonic() - begin
    print(f"{what}: {errors} of {len(results)} wrong ({seconds:.1f} s)", file=sys.stderr, flush=True)


class Tool:
    """A process that prints `{"half": true}` when it has the points that are there, and its results in the end."""

    def __init__(self, python: Path, mode: str, name: str, files: list[SavedFile]):
        path = os.pathsep.join(map(str, (PYTHON, PROJECT / "bench")))
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}
        self.name, self.files = name, files
        self._half, self._results = threading.Event(), []
        self._process = subprocess.Popen(
            [str(python), "-m", "readers.tools", mode, name],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._errors = []
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._read, self._read_errors)]
        for thread in self._threads:
            thread.start()
        self._process.stdin.write(json.dumps([file.as_dict() for file in files]))
        self._process.stdin.close()

    def wait_for_half(self):
        if not self._half.wait(TIMEOUT):
            self._process.kill()

    def results(self) -> list[dict]:
        try:
            status = self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = f"none after {TIMEOUT} s"
        for thread in self._threads:
            thread.join(TIMEOUT)
        if status != 0:
            file = self.files[0]
            text = f"exit status {status}: {''.join(self._errors)[-2000:]}"
            self._results.append(file.as_dict() | {"tool": self.name, "finds": "all", "error": text, "version": "?"})
        return self._results

    def _read(self):
        for line in self._process.stdout:
            if not line.startswith("{"):
                continue
            message = json.loads(line)
            if "half" in message:
                self._half.set()
            else:
                self._results.append(message)
        self._half.set()

    def _read_errors(self):
        self._errors += self._process.stderr
