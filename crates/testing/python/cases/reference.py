"""Records what the reference writer makes of cases, in the Python environment that has it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5tree
import redis

from . import Case
from .publisher import SESSION, publish

PYTHON = Path(__file__).resolve().parent.parent
PROGRAM = "NexusSessionWriter"
SUCCESSES = ("OFF", "COMPLETE")
TIMEOUT = 60
CLOSING = 1
POLL = 0.02


def record(cases: list[Case]):
    """Store in the cases how the reference ended, and the files that it made if it did not fail."""
    sys.path.append(str(PYTHON.parents[2] / "bench"))
    from server import PrivateRedis

    for options in sorted({(case.layout, *case.options) for case in cases}):
        layout, *flags = options
        writer = {"classic": SessionWriter, "h5maps": OnDemandWriter}[layout]
        with PrivateRedis() as server, tempfile.TemporaryDirectory(prefix="cases-") as folder:
            root = Path(folder).resolve()
            mine = [case for case in cases if (case.layout, *case.options) == options]
            with redis.Redis.from_url(server.url) as client, writer(server.url, flags) as program:
                states = [final_state(case, program, client, root) for case in mine]
            # When a scan fails, the program has its file open until it ends.
            for case, state in zip(mine, states):
                case.reference = {"state": state}
                if state in SUCCESSES:
                    case.reference["files"] = described(case, root)


def final_state(case: Case, program, client: redis.Redis, root: Path) -> str:
    """Let the program save a case. It fails by chance sometimes, so a failure counts the third time."""
    for _ in range(3):
        shutil.rmtree(root / case.name, ignore_errors=True)
        state = program.save(case, client, root)
        if state in SUCCESSES:
            break
    return state


def described(case: Case, root: Path) -> dict:
    """Return the descriptions of the files in the directory of a case."""
    folder = root / case.name
    if not folder.is_dir():
        return {}
    made = [file["path"] for file in case.detector_files]
    return h5tree.describe(folder, exclude=made, classic=case.layout == "classic")["files"]


class SessionWriter:
    """The writer of a session, which follows all scans: blisswriter 2.0.0."""

    def __init__(self, url: str, options: list[str]):
        program = Path(sys.executable).with_name(PROGRAM)
        environment = {**os.environ, "REDIS_DATA_URL": url, "PYTHONUNBUFFERED": "1"}
        # It spells the names of options with underscores.
        options = ["--" + option.removeprefix("--").replace("-", "_") for option in options]
        command = [program, SESSION, "--log=info", *options]
        self._start = partial(
            subprocess.Popen, command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._lines, self._news = [], threading.Condition()

    def __enter__(self):
        self._process = self._start()
        start = len(self._lines)
        threading.Thread(target=self._read, args=[self._process.stdout], daemon=True).start()
        self._wait(start, re.compile(r"Subscribed to Redis"))
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def save(self, case: Case, client: redis.Redis, root: Path) -> str:
        """Publish the scan of a case, and wait until it is saved. Returns its state."""
        start = len(self._lines)
        name = re.escape(str(case.info.get("name") or "scan"))
        ready = re.compile(rf"\[{name} .*(Scan marked as RUNNING|\(FAULT\))|{END.pattern}")
        publish(case, client, root, lambda _: case.is_followed and self._wait(start, ready))
        # The scans that it refers to end before.
        line = self._wait(start, re.compile(f"{END.pattern}|{DEAD.pattern}"), 1 + len(case.scans))
        if DEAD.search(line):
            self.__exit__()
            self.__enter__()
            return "DEAD"
        state = END.search(line)[1]
        if state in SUCCESSES:
            self._wait_until_closed(root / case.name)
        else:
            # It logs the state of a scan that fails several times.
            time.sleep(CLOSING)
        return state

    def _wait_until_closed(self, folder: Path):
        """Wait until the program has closed all files in a folder. It leaves some open, which are complete by then."""
        descriptors = Path(f"/proc/{self._process.pid}/fd")
        for _ in range(int(CLOSING / POLL)):
            targets = [os.path.realpath(descriptor) for descriptor in descriptors.iterdir()]
            if not any(target.startswith(f"{folder}/") for target in targets):
                return
            time.sleep(POLL)

    def _read(self, output):
        for line in output:
            with self._news:
                self._lines.append(line.rstrip("\n"))
                self._news.notify_all()

    def _wait(self, start: int, wanted: re.Pattern, count: int = 1) -> str:
        """Return the line that is the `count`th to fit, of those from `start` on."""

        def found() -> str | None:
            fitting = [line for line in self._lines[start:] if wanted.search(line)]
            return fitting[count - 1] if len(fitting) >= count else None

        with self._news:
            line = self._news.wait_for(found, TIMEOUT)
        if line is None:
            raise RuntimeError("\n".join(self._lines[start:]))
        return line


# The line that says how a scan has ended: the state of the session, and that of the scan.
END = re.compile(r"\[[^]]*\] \[[^]]* \((OFF|FAULT)\)\]")
# The line after which no more scans are saved.
DEAD = re.compile(rf"\[{SESSION} \(FAULT\)\]")


class OnDemandWriter:
    """The writer of single scans: blisswriter 3.0.0."""

    def __init__(self, url: str, options: list[str]):
        if options:
            raise ValueError(f"the reference has no options, not {options}")
        self._url = url

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def save(self, case: Case, client: redis.Redis, root: Path) -> str:
        command = [sys.executable, PYTHON / "reference.py", "--redis", self._url]
        if case.is_followed:
            with self._followed(case, client, root, command) as program:
                output, _ = program.communicate(timeout=TIMEOUT)
        else:
            key = publish(case, client, root)
            output = subprocess.run([*command, key], capture_output=True, text=True, timeout=TIMEOUT).stdout
        (line,) = [line for line in output.splitlines() if line.startswith("{")]
        return json.loads(line)["state"]

    def _followed(self, case: Case, client: redis.Redis, root: Path, command: list) -> subprocess.Popen:
        started = []

        def follow(key: str):
            started.append(subprocess.Popen([*command, key], stdout=subprocess.PIPE, text=True))
            wait_for_file(case, root)

        publish(case, client, root, follow)
        return started[0]


def wait_for_file(case: Case, root: Path):
    """Wait until a file of the case exists, which is when the writer has read the info of the prepared scan."""
    if not exists_within(TIMEOUT, case, root):
        raise RuntimeError(f"{case.name}: the reference makes no file")


def exists_within(seconds: float, case: Case, root: Path, has_ended: Callable[[], bool] = lambda: False) -> bool:
    """Wait until a file of the case exists or its writer has ended. Returns whether there is a file."""
    for _ in range(int(seconds / POLL)):
        if any((root / case.name).rglob("*.h5")):
            return True
        if has_ended():
            return False
        time.sleep(POLL)
    return False
