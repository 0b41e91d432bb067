"""The scans of each recording. A function is a recording, its documentation is what `index.json` says about it."""

from pathlib import Path

import gevent
import h5py
import numpy
from bliss import current_session
from bliss.common import scans
from bliss.config import static
from bliss.controllers.lima.lima_base import Lima
from bliss.controllers.mosca.base import McaCounterController
from bliss.scanning.acquisition.calc import CalcChannelAcquisitionSlave
from bliss.scanning.acquisition.counter import SamplingCounterAcquisitionSlave
from bliss.scanning.acquisition.motor import LinearStepTriggerMaster, MotorMaster
from bliss.scanning.acquisition.musst import MusstAcquisitionMaster, MusstAcquisitionSlave
from bliss.scanning.acquisition.timer import SoftwareTimerMaster
from bliss.scanning.chain import AcquisitionChain
from bliss.scanning.channel import AcquisitionChannel
from bliss.scanning.scan import Scan
from bliss.scanning.scan_info import ScanInfo
from bliss.scanning.toolbox import ChainBuilder

from . import filters, lima, mosca, musst, mythen

COUNT = 0.05
# The points of a line of continuous scans, and the steps of an encoder from one to the next.
LINE = 10
STEP = 1000


def mosca_steps():
    """Mosca detector with spectra, statistics and regions of each element and of several, and their corrections"""
    steps(mosca.detector("falconx"))


def mosca_triggered():
    """Mosca detector with hardware triggers in a continuous scan, with a Musst card and a second top master"""
    continuous(mosca.detector("falconx"))


def mca_steps():
    """MCA with spectra, statistics and regions of each element and their sums"""
    mca = static.get_config().get("mca1")
    mca.spectrum_size = 128
    mca.rois.set("roi1", 10, 20)
    mca.rois.set("edge_fe", 30, 50)
    steps(mca)


def mythen_steps():
    """Mythen detector with spectra and regions"""
    steps(mythen.detector("mythen1"))


def lima_regions():
    """images of Lima with counters, profiles and a collection of regions, and the position of the beam"""
    camera = lima.detector("cam")
    steps(camera, *camera.bpm.counters)


def lima_triggered():
    """images and regions of Lima with hardware triggers in a continuous scan, with a Musst card"""
    continuous(lima.detector("cam"))


def triggered_aborted():
    """continuous scan with Mosca and Lima that the user interrupts: streams of different lengths"""
    camera = lima.detector("cam")
    camera.saving.frames_per_file = 2
    scan = continuous_scan(mosca.detector("falconx"), camera.image, camera.roi_counters)
    channel = scan.get_channels_dict["falconx:roi:all_sum_all"]
    running = gevent.spawn(scan.run)
    with gevent.Timeout(60):
        while channel.stream is None or len(channel.stream) < LINE // 2:
            gevent.sleep(0.01)
    running.kill(KeyboardInterrupt)
    wait_until_saved(scan)


def lines_triggered():
    """lines of a continuous scan at steps of another motor: Mosca and Lima with hardware triggers"""
    camera = lima.detector("cam")
    lines(3, mosca.detector("falconx"), camera.image, camera.roi_counters)


def autofilter():
    """scans with an automatic filter: points are measured again and replaced"""
    auto_filter, beam = filters.auto_filter("autof")
    roby, robz = (static.get_config().get(name) for name in ("roby", "robz"))
    run(auto_filter.ascan(roby, 0, 1, 10, COUNT, beam, run=False))
    run(auto_filter.a2scan(roby, 0, 1, robz, 1, 0, 10, COUNT, beam, run=False))


def autofilter_first():
    """scan with an automatic filter that also saves the first attempt at each point: more points than announced"""
    auto_filter, beam = filters.auto_filter("autof")
    auto_filter.save_first_count = True
    run(auto_filter.ascan(static.get_config().get("roby"), 0, 1, 10, COUNT, beam, run=False))


def autofilter_detectors():
    """scan with an automatic filter, Mosca and regions of Lima: spectra and regions are replaced, too"""
    auto_filter, beam = filters.auto_filter("autof")
    camera = lima.detector("cam")
    # BLISS 2.2.1 waits for ever for an image of a camera beside an automatic filter: each image is announced twice.
    detectors = (beam, camera.roi_counters, mosca.detector("falconx"))
    run(auto_filter.ascan(static.get_config().get("roby"), 0, 1, 10, COUNT, *detectors, run=False))


# ---- kinds of scans ---------------------------------------------------------------------------------


def steps(*detectors):
    """One count that is saved, a scan of a motor, and two in time."""
    roby = static.get_config().get("roby")
    run(scans.sct(COUNT, *detectors, run=False))
    run(scans.ascan(roby, 0, 1, 4, COUNT, *detectors, run=False))
    run(scans.loopscan(3, COUNT, *detectors, run=False))
    run(scans.timescan(COUNT, *detectors, npoints=3, run=False))


def continuous(*detectors):
    run(continuous_scan(*detectors))


def continuous_scan(*detectors) -> Scan:
    """A motor moves while a Musst card triggers the detectors. Beside it, a diode is read at its own pace."""
    axis = static.get_config().get("roby")
    chain = AcquisitionChain()
    master = MotorMaster(axis, 0, 1, time=LINE * COUNT)
    add_triggered(chain, master, axis, detectors, lines=1)
    timer = SoftwareTimerMaster(COUNT / 2, npoints=0, name="timer")
    timer.terminator = False
    diode = static.get_config().get("diode1")
    chain.add(timer, SamplingCounterAcquisitionSlave(diode, count_time=COUNT / 2, npoints=0))
    info = ScanInfo()
    info.update(type="fscan", title=f"fscan {axis.name} 0 0.1 {LINE} {COUNT}", npoints=LINE, count_time=COUNT)
    return Scan(chain, name="fscan", scan_info=info)


def lines(number: int, *detectors):
    """The same, again and again at steps of another motor."""
    axis, slow = (static.get_config().get(name) for name in ("roby", "robz"))
    chain = AcquisitionChain()
    top = LinearStepTriggerMaster(number, slow, 0, 1)
    master = MotorMaster(axis, 0, 1, time=LINE * COUNT, backnforth=True)
    chain.add(top, master)
    add_triggered(chain, master, axis, detectors, lines=number)
    info = ScanInfo()
    info.update(
        type="fscan2d",
        title=f"fscan2d {slow.name} 0 0.5 {number} {axis.name} 0 0.1 {LINE} {COUNT}",
        npoints=LINE * number,
        npoints1=LINE,
        npoints2=number,
        data_dim=2,
        count_time=COUNT,
    )
    run(Scan(chain, name="fscan2d", scan_info=info))


def add_triggered(chain: AcquisitionChain, master: MotorMaster, axis, detectors: tuple, lines: int):
    """Adds the card, what is computed of its events, and the detectors that it triggers, below a motor."""
    points = LINE * lines
    card = musst.card("musst1")
    variables = {"NPOINTS": LINE, "GATEWIDTH": int(COUNT * musst.FREQUENCY), "STEP": STEP}
    trigger = MusstAcquisitionMaster(
        card, program_data="// stores the time and the encoder at each trigger", vars=variables
    )
    chain.add(master, trigger)
    events = MusstAcquisitionSlave(card, store_list=["timer_raw", f"{axis.name}_raw"])
    chain.add(trigger, events)

    def computed(sender, data: dict) -> dict:
        if sender.short_name == "timer_raw":
            seconds = data["timer_raw"] / musst.FREQUENCY
            return {"timer_trig": seconds, "epoch_trig": seconds + events.start_epoch}
        return {f"{axis.name}_trig": data[f"{axis.name}_raw"] / (STEP * LINE)}

    outputs = [
        AcquisitionChannel(f"{axis.name}_trig", numpy.float64, (), unit=axis.unit),
        AcquisitionChannel("timer_trig", numpy.float64, (), unit="s"),
        AcquisitionChannel("epoch_trig", numpy.float64, (), unit="s"),
    ]
    chain.add(trigger, CalcChannelAcquisitionSlave("trig", [events], computed, outputs))
    ends = [LINE * (line + 1) for line in range(lines)]
    for node in ChainBuilder(list(detectors)).nodes:
        if isinstance(node.controller, McaCounterController):
            node.controller._mca.server.triggers = card._cnx.triggers
            node.set_parameters(
                acq_params={
                    "npoints": points,
                    "trigger_mode": "SYNC",
                    "preset_time": COUNT,
                    "start_once": True,
                    "wait_frame_id": ends,
                }
            )
        elif isinstance(node.controller, Lima):
            node.controller.proxy.__dict__["triggers"] = card._cnx.triggers
            node.set_parameters(
                acq_params={
                    "acq_nb_frames": points,
                    "acq_expo_time": COUNT,
                    "acq_trigger_mode": "EXTERNAL_TRIGGER_MULTI",
                    "prepare_once": True,
                    "start_once": True,
                    "wait_frame_id": [end - 1 for end in ends],
                }
            )
            for child in node.children:
                child.set_parameters(acq_params={"count_time": COUNT, "npoints": points})
        chain.add(trigger, node)


# ---- one after the other ----------------------------------------------------------------------------


def run(scan: Scan):
    scan.run()
    wait_until_saved(scan)


def wait_until_saved(scan: Scan):
    """Which scan of several is saved last would be due to chance."""
    file = Path(current_session.scan_saving.filename)
    with gevent.Timeout(60):
        while not saved(file, scan.scan_info["scan_nb"]):
            gevent.sleep(0.1)


def saved(file: Path, number: int) -> bool:
    try:
        with h5py.File(file, "r", locking=False) as content:
            states = [content[entry]["writer/status"][()] for entry in content if entry.startswith(f"{number}.")]
    except (OSError, KeyError, RuntimeError):
        return False
    return bool(states) and all(state in (b"SUCCEEDED", b"FAILED") for state in states)
