"""Numeric streams: every type, fixed and variable shapes, short and long."""

import numpy as np
from blissdata.streams.hdf5_fallback import Hdf5BackedStream

from . import items as i
from .fixture import Channel, ScenarioFixture


def streams_short(fixture: ScenarioFixture):
    """Streams of a few points: all but the largest are only written at the end of the scan."""
    publisher = fixture.scan(1)
    shapes = {
        "axis:diode": ("<f8", ()),
        "flags": ("?", ()),
        "mca": ("<u4", (1024,)),
        "ragged": ("<f4", (-1,)),
        "ragged_i": ("<i2", (-1,)),
        "var2d": ("<f8", (-1, 4)),
        "cplx": ("<c8", ()),
        "be": (">u2", ()),
        "frames": ("<u2", (512, 512)),
        "empty": ("<f8", ()),
    }
    streams = {name: publisher.stream(name, *what) for name, what in shapes.items()}

    def send():
        for k in range(6):
            length = k % 3 + 1
            streams["axis:diode"].send(float(k))
            streams["flags"].send(k % 2 == 1)
            streams["ragged"].send(np.arange(length, dtype="<f4"))
            streams["ragged_i"].send(np.arange(length, dtype="<i2"))
            streams["var2d"].send(np.arange(4 * (k % 2 + 1), dtype="<f8").reshape(-1, 4))
            streams["cplx"].send(np.complex64(k + 1j))
            streams["be"].send(np.array(k, ">u2"))
            streams["frames"].send(np.full((512, 512), k, "<u2"))
            fixture.pause()
        streams["mca"].send(np.arange(600 * 1024, dtype="<u4").reshape(600, 1024))

    children = {name: i.stream(name) for name in shapes if name not in ("axis:diode", "empty")}
    children["diode"] = i.dataset(i.stream("axis:diode"), units="V", offset=i.inline("float32", 1.0))
    children["diode_copy"] = i.stream("axis:diode")
    children["never"] = i.dataset(i.stream("empty"), units="V")
    publisher.run({"scan.h5": i.measurement("1.1", children)}, send)


def streams_long(fixture: ScenarioFixture):
    """Streams that pass a chunk length, in batches of several sizes; one grows while it is written."""
    publisher = fixture.scan(1)
    diode = publisher.stream("diode")
    ragged = publisher.stream("ragged", "<f8", (-1,))
    frames = publisher.stream("frames", "<u2", (512, 512))
    mca = publisher.stream("mca", "<u4", (1024,))
    slow = publisher.stream("slow")

    def send():
        for k in range(11):
            diode.send(np.arange(30_000 * k, 30_000 * (k + 1), dtype="<f8"))
            points = np.arange(20_000 * (k + 1), dtype="<f8").reshape(20_000, k + 1)
            for start in range(0, 20_000, 1000):
                ragged.send(points[start : start + 1000])
            for n in range(4 * k, 4 * k + 4):
                frames.send(np.arange(n, n + 512 * 512).astype("<u2").reshape(512, 512))
            mca.send(np.arange(120 * 1024, dtype="<u4").reshape(120, 1024) + k)
            slow.send(k)
            fixture.pause()

    names = ["diode", "ragged", "frames", "mca", "slow"]
    publisher.run({"scan.h5": i.group({name: i.stream(name) for name in names})}, send)


DTYPES = ["|b1", "|i1", "|u1"] + [
    order + code
    for code in ("i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
    for order in "<>"
]


def every_dtype(fixture: ScenarioFixture):
    """Scalars, vectors and variable vectors of every type and byte order."""
    publisher = fixture.scan(1)
    streams = []
    for dtype in [*DTYPES, "<f16", "<c32"]:
        for kind, shape in {"scalar": (), "vector": (3,), "ragged": (-1,)}.items():
            name = f"{kind}_{dtype.replace('<', 'le').replace('>', 'be').strip('|')}"
            streams.append((name, dtype, shape, publisher.stream(name, dtype, shape)))

    def send():
        for _, dtype, shape, stream in streams:
            if shape == (-1,):
                for length in (1, 4, 2):
                    stream.send(numbers(dtype, length))
                    stream.send(numbers(dtype, 2 * length).reshape(2, length))
            else:
                stream.send(numbers(dtype, shape))
                stream.send(numbers(dtype, (7, *shape)))

    maps = i.measurement("1.1", {name: i.stream(name) for name, *_ in streams})
    publisher.run({"scan.h5": maps}, send)


def dynamic_shapes(fixture: ScenarioFixture):
    """Shapes that grow in one or several dimensions, before and after a chunk is full."""
    publisher = fixture.scan(1)
    plane = publisher.stream("plane", "<i4", (-1, -1))
    mixed = publisher.stream("mixed", ">f4", (2, -1))
    cube = publisher.stream("cube", "|u1", (-1, 3, -1))
    shrinking = publisher.stream("shrinking", "<f8", (-1,))
    constant = publisher.stream("constant", "<u2", (-1,))
    late = publisher.stream("late", "<f4", (-1, 64))

    def send():
        for k in range(8):
            plane.send(numbers("<i4", (k % 3 + 1, k % 4 + 1)))
            mixed.send(numbers(">f4", (3, 2, k + 1)))
            cube.send(numbers("|u1", (1 + k % 2, 3, 1 + k // 2)))
            shrinking.send(numbers("<f8", 9 - k))
            constant.send(numbers("<u2", (5, 4)))
            fixture.pause()
        late.send(numbers("<f4", (3000, 2, 64)))
        fixture.pause()
        late.send(numbers("<f4", (500, 5, 64)))
        late.send(numbers("<f4", (20, 1, 64)))

    names = ["plane", "mixed", "cube", "shrinking", "constant", "late"]
    publisher.run({"scan.h5": i.measurement("1.1", {name: i.stream(name) for name in names})}, send)


def several_files(fixture: ScenarioFixture):
    """One scan in three files, one of them in a folder of its own, with a stream in two of them."""
    (fixture.root / "raw").mkdir()
    publisher = fixture.scan(1, "main.h5")
    diode, spectrum = publisher.stream("diode"), publisher.stream("spectrum", "<u4", (16,))

    def send():
        for k in range(10):
            diode.send(k)
            spectrum.send(numbers("<u4", 16) + k)
            fixture.pause()

    main = {"diode": i.dataset(i.stream("diode"), units="V"), "spectrum": i.external("raw/spectra.h5", "/1.1/spectrum")}
    maps = {
        "main.h5": i.measurement("1.1", main),
        "raw/spectra.h5": i.entry("1.1", {"spectrum": i.stream("spectrum"), "diode": i.stream("diode")}),
        "index.h5": i.group({"1.1": i.external("main.h5", "/1.1")}),
    }
    publisher.run(maps, send)


def file_backed(fixture: ScenarioFixture):
    """Streams that name the file which the writer is about to make."""
    publisher = fixture.scan(1)
    definition = Hdf5BackedStream.make_definition("diode", fixture.absolute("scan.h5"), "1.1/measurement/diode", "<f8")
    diode = Channel(publisher.scan.create_stream(definition), "<f8")
    publisher.run(
        {"scan.h5": i.measurement("1.1", {"diode": i.stream("diode")})},
        lambda: [diode.send(float(k)) for k in range(20)],
    )


def numbers(dtype, shape) -> np.ndarray:
    """0, 1, 2, ... and, for a type that has one, an imaginary part."""
    dtype = np.dtype(dtype)
    # An extended number has padding bytes: they are zero, so that all copies are equal.
    data = np.zeros(shape, dtype)
    data.flat[:] = np.arange(data.size) % 100
    if dtype.kind == "c":
        data.imag = 0.5
    return data
