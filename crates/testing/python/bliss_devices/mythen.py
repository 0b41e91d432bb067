"""A Mythen detector without hardware, for `bliss.controllers.mca.mythen`."""

import numpy
from bliss.controllers.mca import mythen
from bliss.controllers.mca.mythen.lib import MythenInterface

CHANNELS = 160


class Interface:
    """Takes the place of the connection to a detector. Its settings are those that were set last."""

    def __init__(self, _host: str):
        self.taken = 0

    def __getattr__(self, name: str):
        if not hasattr(MythenInterface, name):
            raise AttributeError(name)
        return lambda *values: None

    def get_nchannels(self) -> int:
        return CHANNELS

    def readout(self, frames: int) -> numpy.ndarray:
        first = self.taken
        self.taken += frames
        points = numpy.arange(first, self.taken)[:, None]
        return (numpy.arange(CHANNELS) * (points + 1)).astype(numpy.int32)


def detector(name: str) -> mythen.Mythen:
    """One module, with two regions."""
    mythen.MythenInterface = Interface
    detector = mythen.Mythen(name, {"name": name, "hostname": "none"})
    detector.rois.set("low", 10, 20)
    detector.rois.set("high:peak", 100, 140)
    return detector
