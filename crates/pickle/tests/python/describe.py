"""Describes what CPython and numpy make of pickles, one JSON object on each line.

describe.py recorded FILE   the pickles of FILE, one on each line in hexadecimal digits
describe.py cases           values of all forms that matter
describe.py loads FILE      the same as `recorded`, without pickling the values again

Each line has the `description` of a value, and its `pickles` in the protocols 3, 4 and 5.
"""

import collections
import datetime
import enum
import io
import json
import math
import pickle
import struct
import sys
import warnings

import numpy

# The module has been renamed in numpy 2, which tells so.
warnings.simplefilter("ignore")


class Unknown:
    """An object of a class that is not installed."""

    def __init__(self, *arguments, **keywords):
        pass

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass

    def append(self, value):
        pass


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        try:
            return super().find_class(module, name)
        except (ImportError, AttributeError):
            return type(name, (Unknown,), {"__module__": module})


def bits(number):
    # The sign and the payload of a NaN mean nothing.
    return "nan" if math.isnan(number) else struct.pack(">d", number).hex()


def element(value):
    value = value.item() if isinstance(value, numpy.generic) else value
    if isinstance(value, numpy.generic):
        # Extended precision, which `item` leaves as it is.
        value = complex(value) if value.dtype.kind == "c" else float(value)
    match value:
        case float():
            return bits(value)
        case complex():
            return [bits(value.real), bits(value.imag)]
        case bytes():
            return value.hex()
        case _:
            return str(value)


def describe(value):
    match value:
        case None | True | False:
            return value
        case enum.Enum():
            return ["object", name(type(value))]
        case type() if issubclass(value, numpy.generic):
            return ["dtype", numpy.dtype(value).str]
        case type():
            return ["class", name(value)]
        case numpy.dtype():
            return ["dtype", value.str]
        case numpy.generic() | numpy.ndarray() if value.dtype.kind in "biufcUS":
            elements = numpy.asarray(value).ravel(order="C")
            return ["array", value.dtype.str, list(value.shape), [element(item) for item in elements]]
        case int():
            return ["int", str(value)]
        case float():
            return ["float", bits(value)]
        case complex():
            return ["array", "<c16", [], [element(value)]]
        case str():
            return text(value)
        case bytes() | bytearray():
            return ["bytes", value.hex()]
        case list() | tuple():
            return [type(value).__name__, [describe(item) for item in value]]
        case set() | frozenset():
            return ["set", sorted(json.dumps(describe(item)) for item in value)]
        case dict() if type(value) in (dict, collections.OrderedDict):
            return ["dict", [[describe(key), describe(item)] for key, item in value.items()]]
        case datetime.datetime():
            return ["datetime", value.isoformat()]
        case _:
            return ["object", name(type(value))]


def text(value):
    return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in value)


def name(of):
    return f"{of.__module__}.{of.__qualname__}"


class State(enum.Enum):
    DONE = 4


class Settings(dict):
    """A dictionary that has a state of its own."""


def cases():
    yield from (None, True, False, 0, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1)
    yield from (2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 2**70, -(2**70), 2**2000, -(2**2000))
    yield from (0.0, -0.0, 1.5, 1e300, 5e-324, math.inf, -math.inf, math.nan, 1 + 2j)
    yield from ("", "a", "ä€😀", "a\0b", "\ud800x\udfff", "\ud83d\ude00", "x" * 255, "x" * 256, "x" * 70000)
    yield from (b"", b"a", b"\0\xff", b"x" * 255, b"x" * 256, b"x" * 65535, b"x" * 65536, b"x" * 200_000)
    yield from (bytearray(b""), bytearray(b"abc"), bytearray(b"x" * 70000))
    yield from ([], [1], [1, 2], [[]] * 3, list(range(2500)), (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4))
    yield from ({}, {"a": 1}, {"b": 1, "a": 2}, {1: 2, None: 3, (1, 2): 4, 1.5: 5, b"x": 6, True + 1: 7})
    yield {f"key{number}": number for number in range(2500)}
    yield from (set(), {1, 2, 3}, frozenset(), frozenset({"a"}), [set(range(1500))])
    shared = {"data": [1, 2], "name": "name"}
    yield [shared, shared, {"name": "name", "again": shared}]
    yield [b"x" * 70000, "between", b"y" * 70000, "z" * 70000, 1]
    yield ["filler " * 100 + str(number) for number in range(300)]
    yield collections.OrderedDict([("b", 1), ("a", 2)])
    yield from (datetime.datetime(2026, 11, 23, 1, 2, 3, 4), datetime.datetime(1, 1, 1), datetime.datetime.max)
    yield datetime.datetime(2026, 10, 25, 2, 30, fold=1)
    for seconds in (0, 3600, -3600, 19800, -34200, 5025):
        zone = datetime.timezone(datetime.timedelta(seconds=seconds))
        yield datetime.datetime(2026, 11, 23, 1, 2, 3, tzinfo=zone)
    yield datetime.datetime(2026, 11, 23, 1, 2, 3, 40, tzinfo=datetime.timezone(datetime.timedelta(0), "X"))
    yield from (datetime.timedelta(1, 2, 3), State.DONE, RuntimeError("boom"), ValueError(1, "x"), KeyError)
    settings = Settings(a=1)
    settings.extra = [1]
    yield settings
    yield from (float, int, bool, complex, str, numpy.float64, numpy.uint32, numpy.bool_, numpy.str_, dict)
    yield from numpy_cases()


def numpy_cases():
    codes = ["b1"] + [f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)]
    codes += ["f2", "f4", "f8", "f16", "c8", "c16", "c32"]
    for code in codes:
        for order in "<>":
            dtype = numpy.dtype(order + code)
            yield dtype
            yield from arrays(numpy.array(numbers(dtype)).astype(dtype))
    for texts in (["abc", "", "ä😀"], ["x" * 300, "y"], [""]):
        for order in "<>":
            yield from arrays(numpy.array(texts).astype(order + "U"))
    yield from arrays(numpy.array([b"ab", b"c\0d", b""]))
    yield from (numpy.str_("abc"), numpy.str_(""), numpy.bytes_(b"ab"))
    dtype = numpy.dtype("f8")
    yield {"dtype": dtype, "again": [dtype, numpy.dtype("f8")], "name": "numpy", "text": "f8"}
    yield [numpy.float64(1.5), numpy.float64(2.5), numpy.arange(3), numpy.arange(3.0)]
    yield numpy.arange(20_000)


def numbers(dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        match dtype.kind:
            case "b":
                return [True, False, True, True, False, True]
            case "i" | "u":
                info = numpy.iinfo(dtype)
                return numpy.array([info.min, info.max, 0, 1, 2, 98], dtype)
            case "f":
                info = numpy.finfo(dtype)
                tiny = numpy.array([info.max, info.tiny, -info.eps], dtype.newbyteorder("="))
                rest = numpy.array([numpy.nan, -numpy.inf, -0.0], dtype.newbyteorder("="))
                return numpy.concatenate([tiny, rest])
            case _:
                return [1 + 2j, -0.0 - 0.5j, complex("inf"), 1e-3j, 0, 3]


def arrays(array):
    yield array
    yield array[0]
    yield array[:1].reshape(())
    yield array[:0]
    yield array[:0].reshape(3, 0, 2)
    if array.size == 6:
        yield array.reshape(2, 3)
        yield array.reshape(1, 2, 1, 3)
        yield numpy.asfortranarray(array.reshape(2, 3))
        yield numpy.asfortranarray(array.reshape(2, 1, 3))
        yield numpy.asfortranarray(array.reshape(1, 6))
        yield array.reshape(2, 3)[:, ::-1]


def loads(data):
    return Unpickler(io.BytesIO(data)).load()


def main():
    match sys.argv[1:]:
        case ["cases"]:
            for value in cases():
                report(value)
        case ["recorded", path]:
            for line in open(path, encoding="ascii"):
                report(loads(bytes.fromhex(line)))
        case ["loads", path]:
            for line in open(path, encoding="ascii"):
                print(json.dumps({"description": describe(loads(bytes.fromhex(line))), "pickles": []}))


def report(value):
    pickles = [pickle.dumps(value, protocol).hex() for protocol in (3, 4, 5)]
    print(json.dumps({"description": describe(value), "pickles": pickles}))


if __name__ == "__main__":
    main()
