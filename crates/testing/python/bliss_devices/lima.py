"""A server of Lima without hardware, for `bliss.controllers.lima`.

BLISS talks to its Tango devices: `LimaCCDs`, which takes images and saves them in HDF5 files as Lima does, and the
plugins that compute regions of them. They share one `Camera`.
"""

import time
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy
from bliss.common.tango import DevState
from bliss.config import static
from bliss.controllers.lima import lima_base, properties
from bliss.controllers.lima.counters import RoiStat

# As in the configuration.
URL = "id00/limaccds/cam"
HEIGHT, WIDTH = 12, 16
STRINGS = {
    "acq_trigger_mode": (
        "INTERNAL_TRIGGER",
        "INTERNAL_TRIGGER_MULTI",
        "EXTERNAL_TRIGGER",
        "EXTERNAL_TRIGGER_MULTI",
        "EXTERNAL_GATE",
    ),
    "acq_mode": ("SINGLE", "CONCATENATION", "ACCUMULATION"),
    "saving_format": ("EDF", "HDF5"),
    "acc_time_mode": ("LIVE", "REAL"),
}
ATTRIBUTES = {
    "lima_version": "1.10.0",
    "lima_type": "Simulator",
    "camera_type": "Simulator",
    "camera_model": "no hardware",
    "camera_pixelsize": (1.5e-6, 1.5e-6),
    "user_instrument_name": "",
    "user_detector_name": "",
    "image_sizes": (0, 2, WIDTH, HEIGHT),
    "image_max_dim": (WIDTH, HEIGHT),
    "image_type": "Bpp16",
    "image_roi": numpy.array((0, 0, WIDTH, HEIGHT)),
    "image_flip": numpy.array((False, False)),
    "image_bin": numpy.array((1, 1)),
    "image_rotation": "NONE",
    "buffer_max_number": 100,
    "latency_time": 0.0,
    "acq_mode": "SINGLE",
    "acq_trigger_mode": "INTERNAL_TRIGGER",
    "acq_nb_frames": 1,
    "acq_expo_time": 1.0,
    "acq_status_fault_error": "No error",
    "acc_time_mode": "LIVE",
    "acc_max_expo_time": 1.0,
    "saving_mode": "MANUAL",
    "saving_directory": "",
    "saving_prefix": "",
    "saving_suffix": ".h5",
    "saving_format": "HDF5",
    "saving_index_format": "%04d",
    "saving_frame_per_file": 1,
    "saving_managed_mode": "SOFTWARE",
    "saving_max_writing_task": 1,
    "saving_statistics_history": 1,
    "saving_statistics_log_enable": False,
    "saving_use_hw_comp": False,
    "video_active": False,
    "video_live": False,
    "video_source": "LAST_IMAGE",
}


def image(number: int) -> numpy.ndarray:
    rows, columns = numpy.mgrid[:HEIGHT, :WIDTH]
    return (10 * rows + columns + 100 * number).astype(numpy.uint16)


class Device:
    """A Tango device: `attributes` can be read and written, the commands are methods."""

    def __init__(self, name: str, attributes: dict):
        self.__dict__.update(device=name, attributes=attributes)

    def __getattr__(self, name: str):
        try:
            return self.attributes[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value):
        self.attributes[name] = value

    def dev_name(self) -> str:
        return self.device

    name = dev_name

    def get_db_host(self) -> str:
        return "localhost"

    def get_db_port(self) -> str:
        return "20000"

    def get_timeout_millis(self) -> int:
        return 3000

    def set_timeout_millis(self, _limit: int):
        pass

    def ping(self) -> int:
        return 1

    def State(self) -> DevState:
        return DevState.OFF

    def command_inout(self, command: str, *arguments):
        return getattr(self, command)(*arguments)

    command_inout_asynch = command_inout

    def command_inout_reply(self, reply):
        return reply

    def read_attribute(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(name=name, value=getattr(self, name))

    def read_attributes(self, names: list[str]) -> list[SimpleNamespace]:
        return [self.read_attribute(name) for name in names]

    def write_attribute(self, name: str, value):
        setattr(self, name, value)

    def get_attribute_config(self, name: str) -> SimpleNamespace:
        value = getattr(self, name)
        # A scalar, and the number of texts among the types of Tango.
        kind = 8 if isinstance(value, str) else 5
        return SimpleNamespace(
            name=name, data_format=0, data_type=kind, writable=properties.AttrWriteType.READ_WRITE
        )

    def attribute_list_query(self) -> list[SimpleNamespace]:
        return [self.get_attribute_config(name) for name in self.attributes]

    def getAttrStringValueList(self, name: str) -> list[str]:
        return list(STRINGS.get(name, ()))

    # Commands of all plugins, in the spelling of BLISS.

    def start(self):
        pass

    Start = stop = Stop = start


class Camera(Device):
    """`LimaCCDs`. It takes images as fast as they are exposed, or one for each trigger of hardware (`triggers`)."""

    def __init__(self):
        super().__init__(URL, dict(ATTRIBUTES))
        # What is not an attribute of the device.
        self.__dict__.update(begun=None, taken=0, saved=0, file=0, directory=None, triggers=None)

    def getPluginDeviceNameFromType(self, kind: str) -> str:
        return f"//localhost:20000/id00/{kind}/cam"

    def prepareAcq(self):
        directory = self.saving_directory
        file = self.file if directory == self.directory else 0
        self.__dict__.update(begun=None, taken=0, saved=0, file=file, directory=directory)

    def startAcq(self):
        if self.acq_trigger_mode == "INTERNAL_TRIGGER_MULTI":
            self.__dict__.update(taken=self.frames())
        self.__dict__.update(begun=time.monotonic())

    def stopAcq(self):
        pass

    def frames(self) -> int:
        """The number of images that were taken since the camera was prepared."""
        if self.begun is None:
            return self.taken
        if self.acq_trigger_mode == "EXTERNAL_TRIGGER_MULTI":
            return min(self.acq_nb_frames, self.triggers())
        wanted = 1 if self.acq_trigger_mode == "INTERNAL_TRIGGER_MULTI" else self.acq_nb_frames - self.taken
        ready = int((time.monotonic() - self.begun) / self.acq_expo_time)
        return self.taken + min(wanted, ready)

    def running(self) -> bool:
        wanted = self.taken + 1 if self.acq_trigger_mode == "INTERNAL_TRIGGER_MULTI" else self.acq_nb_frames
        return self.begun is not None and self.frames() < wanted

    @property
    def acq_status(self) -> str:
        # Images are saved before Lima is ready again.
        running = self.running()
        self.save()
        return "Running" if running else "Ready"

    @property
    def ready_for_next_image(self) -> bool:
        return not self.running()

    @property
    def last_image_acquired(self) -> int:
        return self.frames() - 1

    last_image_ready = last_counter_ready = last_image_acquired

    @property
    def last_image_saved(self) -> int:
        return self.saved - 1

    def save(self):
        """Saves whole files, and at the end of an acquisition what is left."""
        if self.saving_mode == "MANUAL":
            return
        while self.saved < self.frames():
            number = min(self.saving_frame_per_file, self.acq_nb_frames - self.saved)
            if self.frames() - self.saved < number:
                return
            self.write(range(self.saved, self.saved + number))
            self.__dict__.update(saved=self.saved + number)

    def write(self, numbers: range):
        """Makes the next file, of these images."""
        index = self.saving_index_format % self.file
        path = Path(self.saving_directory) / f"{self.saving_prefix}{index}{self.saving_suffix}"
        place = f"/entry_0000/{self.user_instrument_name}/{self.user_detector_name}/data"
        with h5py.File(path, "w") as file:
            file[place] = numpy.stack([image(number) for number in numbers])
        self.__dict__.update(file=self.file + 1)


class Regions(Device):
    """A plugin that computes regions of the images."""

    def __init__(self, kind: str, camera: Camera):
        super().__init__(f"id00/{kind}/cam", {"RunLevel": 0, "BufferSize": 256, "MaskFile": ""})
        self.__dict__.update(camera=camera, names=[], rois={}, arcs={}, modes={})

    def clearAllRois(self):
        self.rois.clear()
        self.arcs.clear()

    def removeRois(self, names: list[str]):
        pass

    def addNames(self, names: list[str]) -> numpy.ndarray:
        self.names[:] = names
        return numpy.arange(len(names))

    def setRois(self, values: list[int]):
        for start in range(0, len(values), 5):
            self.rois[values[start]] = values[start + 1 : start + 5]

    def setArcRois(self, values: list[float]):
        for start in range(0, len(values), 7):
            self.arcs[values[start]] = values[start + 1 : start + 7]

    def pixels(self, region: int, number: int) -> numpy.ndarray:
        if region in self.arcs:
            return image(number)[2:4, 2:6]
        x, y, width, height = self.rois[region]
        return image(number)[y : y + height, x : x + width].astype(numpy.int64)


class Counters(Regions):
    """Statistics of regions."""

    def readCounters(self, first: int) -> numpy.ndarray:
        rows = []
        for frame in range(first, self.camera.frames()):
            for region in sorted({*self.rois, *self.arcs}):
                pixels = self.pixels(region, frame)
                row = dict.fromkeys(RoiStat, 0.0)
                row[RoiStat.Id], row[RoiStat.Frame] = region, frame
                row[RoiStat.Sum], row[RoiStat.Avg], row[RoiStat.Std] = pixels.sum(), pixels.mean(), pixels.std()
                row[RoiStat.Min], row[RoiStat.Max] = pixels.min(), pixels.max()
                rows += [row[statistic] for statistic in RoiStat]
        return numpy.array(rows, float)


class Profiles(Regions):
    """Sums of the rows or columns of regions."""

    def setRoiModes(self, values: list[str]):
        self.modes.update(zip(values[::2], values[1::2]))

    def readImage(self, request: list[int]) -> numpy.ndarray:
        region, first = request
        axis = 0 if self.modes[self.names[region]] == "LINES_SUM" else 1
        frames = range(first, self.camera.frames())
        sums = [self.pixels(region, frame).sum(axis=axis) for frame in frames]
        return numpy.array(sums, numpy.int32).ravel()


class Collection(Regions):
    """The sums of many regions."""

    def setRois(self, values: list[int]):
        for number in range(len(values) // 4):
            self.rois[number] = values[4 * number : 4 * number + 4]

    def readSpectrum(self, first: int) -> numpy.ndarray:
        frames = range(first, self.camera.frames())
        sums = [self.pixels(region, frame).sum() for frame in frames for region in sorted(self.rois)]
        return numpy.array([len(frames), len(self.rois), first, *sums], numpy.int32)


class Positions(Device):
    """The position of the beam."""

    def __init__(self, kind: str, camera: Camera):
        super().__init__(f"id00/{kind}/cam", {"RunLevel": 0})
        self.__dict__.update(camera=camera)

    def GetResults(self, first: int) -> list[float]:
        frames = range(first, self.camera.frames())
        return [value for frame in frames for value in (0.5 * frame, 1000 + frame, 7.5, 5.25, 2.5, 1.5, frame)]


class Plugin(Device):
    """Any other plugin."""

    def __init__(self, kind: str, _camera: Camera):
        super().__init__(f"id00/{kind}/cam", {"RunLevel": 0, "fill_mode": "GAUSS"})


PLUGINS = {
    "roicounter": Counters,
    "roi2spectrum": Profiles,
    "roicollection": Collection,
    "bpm": Positions,
}


class Database:
    """What the database of Tango says about the server."""

    def __init__(self, _host: str | None = None):
        pass

    def get_device_info(self, _device: str) -> SimpleNamespace:
        return SimpleNamespace(started_date="1st January 2026 at 00:00:00")


def detector(name: str) -> lima_base.Lima:
    """A camera with regions of each kind."""
    camera = Camera()
    devices = {URL: camera}

    def device(url: str) -> Device:
        if url not in devices:
            kind = url.split("/")[-2]
            devices[url] = PLUGINS.get(kind, Plugin)(kind, camera)
        return devices[url]

    lima_base.DeviceProxy = device
    lima_base.Database = Database
    lima = lima_base.Lima(name, static.get_config().get_config(name))
    lima.image.roi = 0, 0, WIDTH, HEIGHT
    lima.saving.frames_per_file = 4
    lima.roi_counters["r1"] = 1, 2, 5, 4
    lima.roi_counters["left_side"] = 0, 0, 4, 12
    lima.roi_counters["arc"] = 6, 5, 1, 4, 10, 80
    lima.roi_profiles["rows"] = 2, 2, 8, 5, "horizontal"
    lima.roi_profiles["columns_of_it"] = 2, 2, 8, 5, "vertical"
    lima.roi_collection["a"] = 0, 0, 2, 2
    lima.roi_collection["b"] = 4, 4, 3, 3
    return lima
