"""Viewers of the live page, in a process of their own: `viewer_clients.py HOST PORT PROCESSOR`.

Each viewer receives the events, and asks for curves of the newest scan as the page does, or for its last spectrum or image
if it has no numbers. One more asks for the metrics.
They end when the standard input is closed, and say as JSON what they have seen.
"""

import json
import os
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

VIEWERS = 16
# Curves at once, as the page shows them.
CURVES = 8
KINDS = ("number", "spectrum", "image")
DATA_SECONDS = 0.5
SCRAPE_SECONDS = 1.0
START_SECONDS = 20
ANSWER_SECONDS = 30


class Viewers:
    """`with viewers:` has them look at the writer whose address is in a file. `seen` says what they saw."""

    def __init__(self, address: Path, processor: int):
        self._address, self._processor = address, processor
        self.seen: dict = {}

    def __enter__(self):
        deadline = time.monotonic() + START_SECONDS
        while not (self._address.exists() and self._address.read_text().endswith("\n")):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the writer does not say in {self._address} where it listens")
            time.sleep(0.01)
        url = urlsplit(self._address.read_text().strip())
        command = [sys.executable, __file__, url.hostname, str(url.port), str(self._processor)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # They say when all of them receive events.
        self._process.stdout.readline()
        return self

    def __exit__(self, *_):
        output, _ = self._process.communicate()
        self.seen = json.loads(output)


class Clients:
    """What all of them have seen."""

    def __init__(self, host: str, port: int):
        self.host, self.port = host, port
        self.lock = threading.Lock()
        self.counts = {"events": 0, "data": 0, "scrapes": 0}
        self.errors: list[str] = []
        self.key = ""
        self.ended = threading.Event()
        self.receiving = threading.Semaphore(0)

    def connect(self) -> HTTPConnection:
        return HTTPConnection(self.host, self.port, timeout=ANSWER_SECONDS)

    def count(self, what: str):
        with self.lock:
            self.counts[what] += 1

    def run(self, work):
        """Do this until the end, where the writer may have gone."""
        try:
            work()
        except (OSError, HTTPException, ValueError) as error:
            if not self.ended.is_set():
                with self.lock:
                    self.errors.append(f"{work.__name__}: {error!r}")
                self.receiving.release()

    def receive(self):
        connection = self.connect()
        connection.request("GET", "/api/v1/events")
        events = connection.getresponse()
        if events.status != 200:
            raise ValueError(f"status {events.status}")
        is_first = True
        while not self.ended.is_set():
            text = events.readline()
            if not text:
                raise ValueError("the events have ended")
            if not text.startswith(b"data:"):
                continue
            self.count("events")
            scans = json.loads(text[5:])["scans"]
            if scans:
                self.key = scans[0]["key"]
            if is_first:
                self.receiving.release()
                is_first = False

    def ask_for_data(self):
        connection = self.connect()
        key, question = "", ""
        while not self.ended.wait(DATA_SECONDS):
            if key != self.key or not question:
                key = self.key
                question = self.question(connection, key) if key else ""
            if question:
                status, _ = get(connection, question)
                # There may be nothing yet, and the data of a past scan may be forgotten.
                if status == 200:
                    self.count("data")

    def question(self, connection: HTTPConnection, key: str) -> str:
        """The path at which the data of a scan are that the page would show."""
        scan = f"/api/v1/scans/{quote(key, safe='')}"
        status, answer = get(connection, scan)
        channels = json.loads(answer)["channels"] if status == 200 else []
        names = {kind: [channel["name"] for channel in channels if channel["kind"] == kind] for kind in KINDS}
        if numbers := names["number"][:CURVES]:
            return f"{scan}/curve?{urlencode([('x', numbers[0])] + [('y', name) for name in numbers])}"
        return next((f"{scan}/{kind}?{urlencode({'channel': names[kind][0]})}" for kind in KINDS if names[kind]), "")

    def scrape(self):
        connection = self.connect()
        while True:
            status, _ = get(connection, "/metrics")
            if status != 200:
                raise ValueError(f"status {status}")
            self.count("scrapes")
            if self.ended.wait(SCRAPE_SECONDS):
                return


def get(connection: HTTPConnection, path: str) -> tuple[int, bytes]:
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def main(host: str, port: str, processor: str):
    os.sched_setaffinity(0, {int(processor)})
    clients = Clients(host, int(port))
    works = [clients.receive, clients.ask_for_data] * VIEWERS + [clients.scrape]
    for work in works:
        threading.Thread(target=clients.run, args=(work,), daemon=True).start()
    for _ in range(VIEWERS):
        clients.receiving.acquire()
    print("ready", flush=True)
    sys.stdin.read()
    clients.ended.set()
    with clients.lock:
        print(json.dumps(clients.counts | {"errors": clients.errors}))


if __name__ == "__main__":
    main(*sys.argv[1:])
