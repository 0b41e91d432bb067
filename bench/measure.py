"""Runs a command as a process of its own and measures it: wall time, CPU time, peak memory.

The kernel counts the memory of the process that forks as memory of its child, up to the moment
of `exec`. A benchmark that holds the published data would so be seen in every figure; this
module therefore runs itself as a small launcher, and the launcher runs the command.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Measurement:
    """What one run of a command took. Times in seconds, memory in bytes."""

    wall: float
    cpu: float
    peak: int
    status: int
    output: str
    errors: str


def measure(command: list, timeout: float = 600) -> Measurement:
    """Run a command to its end. Raises `subprocess.TimeoutExpired` after `timeout` seconds."""
    with tempfile.TemporaryDirectory(prefix="bench-measure-") as folder:
        report = Path(folder, "report.json")
        launcher = [sys.executable, "-I", "-S", __file__, str(report), *map(str, command)]
        process = subprocess.Popen(
            launcher,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            output, errors = process.communicate(timeout=timeout)
        except BaseException:
            # The session of the launcher holds the command too.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        if not report.exists():
            raise RuntimeError(f"cannot run {command[0]}: {errors}")
        return Measurement(**json.loads(report.read_text()), output=output, errors=errors)


def launch(report: str, command: list[str]):
    begin = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    figures = {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss * 1024,
        "status": os.waitstatus_to_exitcode(status),
    }
    Path(report).write_text(json.dumps(figures))


if __name__ == "__main__":
    launch(sys.argv[1], sys.argv[2:])
