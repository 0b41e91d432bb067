"""A Musst card without hardware, for `bliss.controllers.musst`: it stores an event for each trigger."""

import time

import gevent
import numpy
from bliss.controllers.musst import Musst

FREQUENCY = 1_000_000


class Card:
    """Takes the place of the connection. Each event is the time and the encoder, after a program was started."""

    def __init__(self):
        self._lock = gevent.lock.RLock()
        self.request = ""
        self.answers = []
        self.variables = {}
        self.started = None
        # The events of earlier runs.
        self.earlier = 0

    def open(self):
        pass

    def close(self):
        pass

    def write(self, _program: bytes):
        pass

    def _write(self, request: bytes):
        self.answers = self.answer(request.decode().strip())

    def _readline(self, _end: bytes) -> bytes:
        return self.answers.pop(0)

    def raw_read(self) -> bytes:
        return self.answers.pop(0)

    def answer(self, request: str) -> list[bytes]:
        command, *values = request.lstrip("#").split()
        if command == "VAR":
            self.variables[values[0]] = int(values[1])
        elif command == "RUN":
            self.earlier = self.triggers()
            self.started = time.monotonic()
        elif command == "?STATE":
            running = self.started is not None and self.events() < self.variables["NPOINTS"]
            return [b"RUN" if running else b"IDLE"]
        elif command == "?ESIZE":
            return [b"4096 1"]
        elif command == "?TMRCFG":
            return [b"1MHZ"]
        elif command == "?EPTR":
            return [f"{2 * self.events()} 0".encode()]
        elif command == "?*EDAT":
            number, _, offset = map(int, values)
            events = [value for event in range(self.events()) for value in self.event(event)]
            return [numpy.array(events[offset : offset + number], numpy.int32).tobytes()]
        return [b"OK"]

    def events(self) -> int:
        if self.started is None:
            return 0
        passed = (time.monotonic() - self.started) * FREQUENCY
        return min(self.variables["NPOINTS"], int(passed / self.variables["GATEWIDTH"]))

    def triggers(self) -> int:
        """All events since the card was made: how often it has triggered detectors."""
        return self.earlier + self.events()

    def event(self, number: int) -> tuple[int, int]:
        return number * self.variables["GATEWIDTH"], number * self.variables["STEP"]


class CardWithoutHardware(Musst):
    """The controller of BLISS with that connection."""

    def _init(self):
        # As for a card with GPIB.
        self._txterm = b""
        self._rxterm = b"\n"
        self._binary_data_read = True
        self._cnx = Card()


def card(name: str) -> Musst:
    """A card. Detectors count its triggers with `card._cnx.triggers`."""
    card = CardWithoutHardware({"name": name})
    card._initialize_config()
    return card
