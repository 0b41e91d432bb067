"""A private Redis server on a Unix socket, set up like the data server of BLISS.

Two things differ from BLISS: there is no memory limit, because a benchmark publishes a whole
scan before it is saved, and no TCP port, so that it cannot meet a server of the machine.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

import redis
from blissdata.redis_engine.store import DataStore

ROOT = Path(__file__).resolve().parent.parent
SERVER = os.environ.get("NEXUS_WRITER_REDIS_SERVER", ROOT / ".venv/peers/redis-server")
MODULES = Path(os.environ.get("NEXUS_WRITER_REDIS_MODULES", ROOT / ".venv/peers/modules"))

OPTIONS = """
port 0
unixsocket redis.sock
save ""
appendonly no
loglevel warning
logfile redis.log
stream-node-max-entries 100
stream-node-max-bytes 4096
"""


class PrivateRedis:
    """`with PrivateRedis() as server:` makes one, with `server.url`, `server.path`, `server.reset()`."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="bench-redis-")
        folder = Path(self._directory.name)
        modules = "".join(f"loadmodule {module.resolve()}\n" for module in sorted(MODULES.glob("*.so")))
        (folder / "redis.conf").write_text(OPTIONS + modules)
        self.path = folder / "redis.sock"
        self.url = f"unix://{self.path}"
        self._process = subprocess.Popen(
            [Path(SERVER).resolve(), "redis.conf"], cwd=folder, stdout=subprocess.DEVNULL
        )

    def __enter__(self):
        try:
            self._wait_ready()
            self.reset()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()
        self._directory.cleanup()

    def reset(self):
        """Empty the database and initialise it as the data server of BLISS does."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()
        DataStore(self.url, init_db=True)

    def _wait_ready(self):
        deadline = time.monotonic() + 20
        with redis.Redis.from_url(self.url) as client:
            while True:
                try:
                    return client.ping()
                except redis.exceptions.RedisError:
                    if self._process.poll() is not None or time.monotonic() > deadline:
                        log = Path(self._directory.name, "redis.log")
                        text = log.read_text() if log.exists() else ""
                        raise RuntimeError(f"redis-server does not start: {text}") from None
                    time.sleep(0.02)
