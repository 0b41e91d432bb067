"""Tango device servers of one session, as processes, and the database that they are found by."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

import tango

from scaninfo import SESSION

DEVICE = f"id00/bliss_nxwriter/{SESSION}"
READY = b"Ready to accept request"
# For programs in Python: their lines are heard when they print them, and not when a buffer is full.
HEARD = {"PYTHONUNBUFFERED": "1"}
START_SECONDS = 60
STOP_SECONDS = 60
POLL_SECONDS = 0.001


class Database:
    """A Tango database with the device of the session; inside the block, `TANGO_HOST` names it."""

    def __init__(self, program: Path):
        self._folder = tempfile.TemporaryDirectory(prefix="bench-tango-")
        host = f"127.0.0.1:{12000 + os.getpid() % 20000}"
        os.environ["TANGO_HOST"] = host
        name, port = host.split(":")
        self._process = subprocess.Popen(
            [program, "--host", name, "--port", port, "2"],
            cwd=self._folder.name,
            env=os.environ | HEARD,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self):
        wait_ready(self._process)
        device = tango.DbDevInfo()
        device.name, device._class, device.server = DEVICE, "NexusWriter", f"nexuswriter/{SESSION}"
        database = tango.Database()
        database.add_device(device)
        database.put_device_property(DEVICE, {"session": [SESSION]})
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


class Service:
    """A running service. `ready` and `on` are the seconds from its start until it says that it is ready,
    and until its device takes scans."""

    def __init__(self, program: Path, redis_url: str, folder: Path):
        begin = time.monotonic()
        with (folder / "errors.log").open("w") as errors:
            self._process = subprocess.Popen(
                [program, SESSION],
                cwd=folder,
                env=os.environ | HEARD | {"REDIS_DATA_URL": redis_url},
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self.ready = wait_ready(self._process) - begin
        self.device = tango.DeviceProxy(DEVICE)
        self.on = wait_until(lambda: self.device.state() == tango.DevState.ON, "take scans") - begin

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def saves(self, scan: str) -> bool:
        """Whether a scan is being written."""
        return self.device.scan_state(scan) == tango.DevState.ON

    def memory(self, kind: str) -> int:
        """Bytes: `VmRSS` at this moment, `VmHWM` at most."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(f"{kind}:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError(f"no {kind}")

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_ready(process: subprocess.Popen) -> float:
    """Waits for the line that every Tango server prints; returns the time of that moment."""
    for line in process.stdout:
        if READY in line:
            return time.monotonic()
    raise RuntimeError(f"{process.args[0]} has ended with status {process.wait()}")


def wait_until(holds, what: str, seconds: float = START_SECONDS) -> float:
    deadline = time.monotonic() + seconds
    while True:
        now = time.monotonic()
        try:
            if holds():
                return now
        except tango.DevFailed:
            pass
        if now > deadline:
            raise RuntimeError(f"the device does not {what}")
        time.sleep(POLL_SECONDS)
