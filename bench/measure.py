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
    """What one run of a command took. Times in seconds, memory in bytes.

    `work` is the wall time without the start of the process, where that is known. `user` is the part of
    the CPU time that is not the kernel's: it depends least on what else the machine does.
    """

    wall: float
    work: float
    cpu: float
    user: float
    peak: int
    status: int
    output: str
    errors: str


class Process:
    """A command that runs: `pid` is its own, `wait` measures it. Leaving the block kills it."""

    def __init__(self, command: list, environment: dict | None = None):
        self.command = list(map(str, command))
        self._folder = tempfile.TemporaryDirectory(prefix="bench-measure-")
        self._report = Path(self._folder.name, "report.json")
        # Files and not pipes: a writer that logs much must not wait for a reader.
        self._output, self._errors = (Path(self._folder.name, name).open("w+") for name in ("output", "errors"))
        reader, writer = os.pipe()
        self._launcher = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(self._report), str(writer), *self.command],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._errors,
            env=os.environ | (environment or {}),
            pass_fds=[writer],
            start_new_session=True,
        )
        os.close(writer)
        with os.fdopen(reader) as lines:
            self.pid = int(lines.readline() or 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._launcher.poll() is None:
            # The session of the launcher holds the command too.
            os.killpg(self._launcher.pid, signal.SIGKILL)
            self._launcher.wait()
        self._output.close()
        self._errors.close()
        self._folder.cleanup()

    def running(self) -> bool:
        return self._launcher.poll() is None

    def stop(self):
        """Ask the command to end."""
        if self.running():
            os.kill(self.pid, signal.SIGTERM)

    def wait(self, timeout: float) -> Measurement:
        """The figures, once it has ended. Raises `subprocess.TimeoutExpired` after `timeout` seconds."""
        self._launcher.wait(timeout)
        if not self._report.exists():
            raise RuntimeError(f"cannot run {self.command[0]}: {self.errors()}")
        figures = json.loads(self._report.read_text())
        return Measurement(**figures, work=figures["wall"], output=text(self._output), errors=self.errors())

    def errors(self) -> str:
        return text(self._errors)


def text(file) -> str:
    file.seek(0)
    return file.read()


def launch(report: str, pid: str, command: list[str]):
    begin = time.monotonic()
    # The command does not inherit this end of the pipe.
    os.set_inheritable(int(pid), False)
    process = subprocess.Popen(command)
    with os.fdopen(int(pid), "w") as line:
        line.write(f"{process.pid}\n")
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    figures = {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "user": usage.ru_utime,
        "peak": usage.ru_maxrss * 1024,
        "status": os.waitstatus_to_exitcode(status),
    }
    Path(report).write_text(json.dumps(figures))


if __name__ == "__main__":
    launch(sys.argv[1], sys.argv[2], sys.argv[3:])
