"""A Mosca server without hardware, for `bliss.controllers.mosca`.

BLISS talks to it as it does to the Tango device of Mosca: settings are attributes, `startAcq` begins to count, and
`getAcqStatus`, `getData`, `getMetadataValues` and `getCounterValues` say what has been counted since.
"""

import time

import numpy
from bliss.controllers.mosca.base import McaController
from bliss.controllers.mosca.xia import FalconX

# What a FalconX reports for each element, by the names of Mosca.
LABELS = tuple(name for name in FalconX.STATS_MAPPING if name != "deadtime_correction") + ("chnum",)
SPECTRUM = 64


class Server:
    """Counts one point after the other: each for the preset time, or one for each trigger of hardware (`triggers`)."""

    detector_name = "simulated"
    detector_model = "none"
    spectrum_size = SPECTRUM
    metadata_labels = LABELS
    multichannel = True
    trigger_mode = "SOFTWARE"
    preset_mode = "REALTIME"
    preset_value = 1000
    number_points = 1
    triggers = None

    def __init__(self, elements: int):
        self.number_channels = elements
        self.regions = []
        self.started = None
        self.counted = 0

    def resetCounters(self):
        self.regions.clear()

    def addCounter(self, region: list[str]):
        self.regions.append(region)

    def prepareAcq(self):
        self.started = None

    def startAcq(self):
        # Points of earlier acquisitions of a scan had other counts.
        self.counted += self.points()
        self.started = time.monotonic()

    def stopAcq(self):
        pass

    def points(self) -> int:
        if self.started is None:
            return 0
        if self.trigger_mode != "SOFTWARE":
            return min(self.number_points, self.triggers())
        ready = (time.monotonic() - self.started) * 1000 / self.preset_value
        return min(self.number_points, int(ready))

    def getAcqStatus(self) -> tuple[int, int, int, int]:
        points = self.points()
        return int(points < self.number_points), points, 0, points

    def spectra(self, first: int, last: int) -> numpy.ndarray:
        """Of each element and each point: a line, higher in each point, on a background of 1."""
        channels = numpy.arange(SPECTRUM)
        elements = numpy.arange(self.number_channels)[:, None, None]
        points = numpy.arange(first, last + 1)[None, :, None] + self.counted
        line = numpy.exp(-(((channels - 20 - 2 * elements) / 4) ** 2))
        return (1 + (points + 1) * 100 * line).astype(numpy.uint32)

    def getData(self, points: list[int]) -> numpy.ndarray:
        return self.spectra(*points).ravel()

    def getMetadataValues(self, points: list[int]) -> numpy.ndarray:
        counts = self.spectra(*points).sum(axis=-1)
        seconds = self.preset_value / 1000
        element = numpy.arange(self.number_channels)[:, None] + numpy.zeros_like(counts)
        values = {
            "output": counts,
            "icr": counts / seconds,
            "ocr": counts * 0.9 / seconds,
            "livetime": seconds * 0.95 + 0 * counts,
            "deadtime": 0.05 + 0 * counts,
            "realtime": seconds + 0 * counts,
            "triggers": counts + 1,
            "livetime_events": seconds * 0.9 + 0 * counts,
            "chnum": element,
        }
        return numpy.stack([values[label] for label in LABELS], axis=-1).astype(float).ravel()

    def getCounterValues(self, points: list[int]) -> numpy.ndarray:
        first, end = points
        spectra = self.spectra(first, end - 1)
        return numpy.array([self.region(spectra, *region[1:]) for region in self.regions], int).ravel()

    def region(self, spectra: numpy.ndarray, elements: str, first: str, last: str) -> numpy.ndarray:
        if elements == "-1":
            chosen = spectra
        elif "-" in elements:
            begin, _, end = elements.partition("-")
            chosen = spectra[int(begin) : int(end) + 1]
        else:
            chosen = spectra[[int(elements)]]
        return chosen[:, :, int(first) : int(last) + 1].sum(axis=(0, 2))


class Mosca(McaController):
    """What `FalconX` is for BLISS, but for the mapping mode of its hardware, its configuration files, and Tango."""

    STATS_MAPPING = FalconX.STATS_MAPPING

    def __init__(self, config: dict, elements: int):
        self.server = Server(elements)
        super().__init__(config)

    @property
    def hardware(self) -> Server:
        return self.server

    def _check_server_has_restarted(self) -> bool:
        return False


def detector(name: str) -> Mosca:
    """Four elements, regions of each of them, of all and of a pair, and what BLISS computes of them."""
    mosca = Mosca({"name": name, "roi_correction_formula": "roi / (1 - deadtime)"}, elements=4)
    mosca.rois["fe"] = 15, 25
    mosca.rois["cu_ka"] = 20, 30, 2
    mosca.rois["all"] = 10, 40, -1
    mosca.rois["pair"] = 10, 40, "1-2"
    return mosca
