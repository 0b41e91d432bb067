"""A Beacon server of BLISS with the configuration in `beacon`, and the programs that use it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Beacon compiles the modules of Python when they are imported for the first time.
START_LIMIT = 120


class Beamline:
    """`venv` is the environment of BLISS, the Redis server is that of the tests."""

    def __init__(self, venv: Path):
        self.venv = venv
        self.folder = Path(tempfile.mkdtemp(prefix="beamline-"))
        self.port, self.tango, self.data = free_port(), free_port(), free_port()

    def __enter__(self) -> "Beamline":
        shutil.copytree(HERE / "beacon", self.folder / "beacon")
        self.install_redis()
        ports = {
            "port": self.port,
            "tango-port": self.tango,
            "homepage-port": free_port(),
            "webapp-port": free_port(),
            "redis-port": free_port(),
            "redis-data-port": self.data,
            "log-server-port": 0,
        }
        options = [f"--{name}={number}" for name, number in ports.items()]
        options += [f"--{name}={self.folder / name}" for name in ("redis-socket", "redis-data-socket")]
        self.log = self.folder / "beacon.log"
        self.beacon = self.start("beacon-server", "--db-path=beacon", *options, log=self.log)
        for text in ("Ready to accept request", "Web server ready"):
            wait(lambda text=text: self.says(text), START_LIMIT, f"{text!r} in {self.log}")
        return self

    def __exit__(self, *_):
        # Beacon ends the programs that it has started.
        self.beacon.terminate()
        self.beacon.wait()
        shutil.rmtree(self.folder)

    def says(self, text: str) -> bool:
        log = self.log.read_text()
        if self.beacon.poll() is not None:
            raise RuntimeError(f"Beacon did not start:\n{log}")
        return text in log

    @property
    def redis(self) -> str:
        return f"redis://localhost:{self.data}"

    def start(self, program: str, *arguments: str, log: Path) -> subprocess.Popen:
        prefix = self.folder / "prefix"
        environment = {
            **os.environ,
            "BEACON_HOST": f"localhost:{self.port}",
            "TANGO_HOST": f"localhost:{self.tango}",
            "PATH": f"{prefix / 'bin'}:{self.venv / 'bin'}:{os.environ['PATH']}",
            # Beacon looks for modules of Redis there.
            "CONDA_PREFIX": str(prefix),
            "HOME": str(self.folder),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore",
        }
        for name in ("REDIS_DATA_URL", "BEAMLINE", "BEAMLINENAME", "PYTHONPATH"):
            environment.pop(name, None)
        command = [str(self.venv / "bin" / program), *arguments]
        with open(log, "wb") as output:
            return subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=output, stderr=subprocess.STDOUT
            )

    def install_redis(self):
        prefix = self.folder / "prefix"
        for name in ("bin", "lib"):
            (prefix / name).mkdir(parents=True)
        (prefix / "bin/redis-server").symlink_to(os.environ["NEXUS_WRITER_REDIS_SERVER"])
        modules = Path(os.environ["NEXUS_WRITER_REDIS_MODULES"])
        (prefix / "lib/librejson.so").symlink_to(modules / "rejson.so")
        (prefix / "lib/redisearch.so").symlink_to(modules / "redisearch.so")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return listener.getsockname()[1]


def wait(condition, limit: float, what: str):
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.1)
