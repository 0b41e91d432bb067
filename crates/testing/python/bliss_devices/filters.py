"""Counters in a beam that goes through filters, for `bliss.common.auto_filter`."""

import numpy
from bliss.common.auto_filter.filterset_wheel import FilterSet_Wheel
from bliss.common.counter import SamplingCounter
from bliss.config import static
from bliss.controllers.counter import SamplingCounterController

# Counts per second without a filter, as a function of the position of the motor that is scanned.
PEAK, CENTRE, WIDTH = 2e6, 0.5, 0.12


class Wheel(FilterSet_Wheel):
    """A wheel whose filters have one transmission for all energies: BLISS needs another package to compute it."""

    def _calc_transmissions(self, energy: float | None = None):
        for one in self._config_filters:
            one["transmission_calc"] = one["transmission"]
        self._last_energy = self.energy_axis.position if energy is None else energy


class Beam(SamplingCounterController):
    """The monitor `mon` is before the filters, the detector `det` and the diode `apd` are behind them."""

    def __init__(self):
        super().__init__("beam")
        config = static.get_config()
        self.axis = config.get("roby")
        self.filters = config.get("filters")
        for name, mode in (("mon", "MEAN"), ("det", "INTEGRATE"), ("apd", "MEAN")):
            self.create_counter(SamplingCounter, name, mode=mode)

    def read_all(self, *counters: SamplingCounter) -> list[float]:
        beam = 2000 + PEAK * numpy.exp(-(((self.axis.position - CENTRE) / WIDTH) ** 2))
        behind = beam * self.filters.get_transmission()
        values = {"mon": 1e5, "det": behind, "apd": behind / 10}
        return [values[counter.name] for counter in counters]


def auto_filter(name: str):
    """The automatic filter and its counters. Its motors have to be at valid positions before."""
    config = static.get_config()
    for axis, position in (("energy", 16), ("wheel", 0)):
        config.get(axis).position = position
    beam = Beam()
    return config.get(name), beam
