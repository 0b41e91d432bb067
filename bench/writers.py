"""The two ways in which a writer is used: for scans that the command line names, or following a session.

`save` of either lets it save scans that Redis holds completely, and measures it.
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import h5py
import redis

from measure import Measurement, Process
from scaninfo import SESSION
from server import PrivateRedis

SAVE_SECONDS = 600
START_SECONDS = 60
STOP_SECONDS = 60
POLL_SECONDS = 0.002
HISTORY = "_SCAN_HISTORY_"

# Whether an open file holds a scan, given by its number, to its end.
Finished = Callable[[h5py.File, int], bool]


class OnDemand:
    """Saves the scans that its command line names: `COMMAND URL KEY...`, one process for each time.

    A `timed` command ends its output with the seconds that it took without its start, as JSON.
    """

    def __init__(self, *command, timed: bool = False):
        self.command = command
        self.timed = timed

    def save(self, server: PrivateRedis, keys: list[str], file: Path, finished: Finished) -> Measurement:
        with Process([*self.command, server.url, *keys]) as process:
            run = process.wait(SAVE_SECONDS)
        if self.timed and run.status == 0:
            run.work = json.loads(run.output.splitlines()[-1])["seconds"]
        return run


class Follower:
    """Started first, saves the scans of a session that appear from then on: `COMMAND SESSION`.

    The scans are in Redis already, but the writer of their session learns of them by the history of
    scans only, as of any other. So no writer waits for the publisher: a scan appears with all its
    points, and the next one when it is saved, as a session runs one scan after the other.
    `work` is the time from the moment when a scan appears until the file is closed with all of it,
    `wall` that and the time from the start of the process until it listens. What runs `beside` is entered before the
    first scan appears, and left before the process ends.
    """

    def __init__(self, *command, environment: dict | None = None, beside: AbstractContextManager | None = None):
        self.command = command
        self._environment = environment or {}
        self._beside = beside or nullcontext()

    def save(self, server: PrivateRedis, keys: list[str], file: Path, finished: Finished) -> Measurement:
        begin = time.monotonic()
        work = 0.0
        with (
            redis.Redis.from_url(server.url) as client,
            Process([*self.command, SESSION], {"REDIS_DATA_URL": server.url} | self._environment) as process,
        ):
            start = self._wait(process, START_SECONDS, lambda: listens(client), "listen") - begin
            with self._beside:
                for number, key in enumerate(keys):
                    appeared = time.monotonic()
                    # As blissdata does when it creates a scan.
                    client.xadd(HISTORY, {"key": key})
                    saved = partial(closed, process.pid, file, lambda root: finished(root, number))
                    work += self._wait(process, SAVE_SECONDS, saved, f"save scan {number + 1}") - appeared
            process.stop()
            run = process.wait(STOP_SECONDS)
        run.work, run.wall = work, start + work
        # Ended by our signal, whatever it makes of it.
        run.status = 0
        return run

    @staticmethod
    def _wait(process: Process, seconds: float, done: Callable[[], bool], what: str) -> float:
        """Wait until it is done; returns when that was seen to be so."""
        deadline = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            if done():
                return now
            if now > deadline or not process.running():
                raise RuntimeError(f"{process.command[0]} does not {what}: {process.errors()[-2000:]}")
            time.sleep(POLL_SECONDS)


def listens(client: redis.Redis) -> bool:
    """Returns whether a writer waits for scans: a connection that blocks in XREAD or XREADGROUP."""
    return any(other["cmd"] in ("xread", "xreadgroup") and "b" in other["flags"] for other in client.client_list())


def closed(pid: int, file: Path, finished: Callable[[h5py.File], bool]) -> bool:
    """Whether the process has completed the file and does not hold it any more."""
    if not file.exists() or holds(pid, file):
        return False
    try:
        with h5py.File(file, "r", locking=False) as root:
            return finished(root)
    except (OSError, KeyError, RuntimeError):
        # Opened again for the next scan, and in the middle of a change.
        return False


def holds(pid: int, file: Path) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        return any(target(f"{folder}/{number}") == str(file) for number in os.listdir(folder))
    except FileNotFoundError:
        return False


def target(link: str) -> str | None:
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return None
