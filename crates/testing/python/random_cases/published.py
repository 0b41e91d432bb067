"""Scans of the published layout: random mappings of valid and of invalid items."""

import base64
from random import Random

import numpy as np
from cases import ROOT, Case

NAMES = ("a", "b", "data", "title", "é", "a b", "x.y", "1", "_", "signal", "value", "end_time")
RAW = (
    0,
    -1,
    2**31,
    2**62,
    1.5,
    -1e300,
    True,
    False,
    "",
    "text",
    "é\n",
    [],
    [1, 2],
    [1, 2.5],
    [True, 1],
    ["a", 1, True],
    [[1, 2], [3, 4]],
    [[]],
)
BAD = (
    None,
    [None, 1],
    [[1, 2], [3]],
    {},
    {"type": "inline"},
    {"type": "stream"},
    {"type": "group", "children": None},
    {"type": "inline", "dtype": "str", "value": "a"},
)
INLINE = (
    "bool",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
)
B64 = ("|u1", "|i1", "|b1", "<i2", ">i2", "<u4", ">u4", "<i8", ">u8", "<f4", ">f4", "<f8", ">f8", "<c8", ">c16")
DTYPES = ("<f8", ">f8", "<f4", ">i4", "<i8", "<u2", ">u2", "|u1", "|b1", "<c8", "<c16")
SHAPES = ([], [], [], [4], [300], [3, 5], [2, 3, 4])
LENGTHS = (0, 1, 2, 5, 20, 1000)


def scan(rng: Random) -> Case:
    """Return a scan with up to six streams and one or two files, which changes until its end, perhaps."""
    streams = [
        {
            "name": f"{rng.choice(('axis', 'ct2'))}:{name}",
            "dtype": rng.choice(DTYPES),
            "shape": rng.choice(SHAPES),
            "n": rng.choice(LENGTHS),
        }
        for name in rng.sample(("roby", "diode", "mca", "epoch", "image", "x y"), rng.randint(0, 6))
    ]
    builder = Builder(rng, [stream["name"] for stream in streams])
    files = [f"{ROOT}/data.h5", f"{ROOT}/other.h5"][: rng.choice((1, 1, 1, 2))]
    maps = {file: builder.root() for file in files}
    info = {"h5maps": maps, "save": True, "name": "ascan", "scan_nb": 1, "filename": files[0], "end_reason": "SUCCESS"}
    case = Case("", info, streams=streams)
    if rng.random() < 0.2:
        case.prepared = {"h5maps": {file: builder.changed(root) for file, root in maps.items() if rng.random() < 0.9}}
    return case


class Builder:
    """Makes items. `places` of streams are used up, so that most streams have one place."""

    def __init__(self, rng: Random, streams: list[str]):
        self.rng = rng
        self.streams = list(streams)
        self.names = streams

    def root(self) -> dict:
        entries = {f"{1 + number}.1": self.entry() for number in range(self.rng.choice((1, 1, 1, 2)))}
        root = {"type": "group", "attributes": {"NX_class": "NXroot"}, "children": entries}
        if self.rng.random() < 0.5:
            root["attributes"]["creator"] = "blissdata"
        return root

    def entry(self) -> dict:
        children = self.children(0)
        while self.streams and self.rng.random() < 0.9:
            children[self.rng.choice((*NAMES, *"cdefgh"))] = self.stream(self.streams.pop())
        return {"type": "group", "attributes": {"NX_class": "NXentry"}, "children": children}

    def children(self, depth: int) -> dict:
        count = self.rng.randint(0, 4)
        return {self.rng.choice(NAMES): self.item(depth + 1) for _ in range(count)}

    def item(self, depth: int):
        kinds = {
            "group": 6 if depth < 4 else 0,
            "value": 8,
            "dataset": 4,
            "soft": 2,
            "external": 2,
            "again": 2,
            "bad": 0.2,
        }
        match self.rng.choices(list(kinds), list(kinds.values()))[0]:
            case "group":
                return {"type": "group", "attributes": self.attributes(), "children": self.children(depth)}
            case "value":
                return self.value()
            case "dataset":
                return {"type": "dataset", "attributes": self.attributes(), "value": self.value()}
            case "soft":
                return {"type": "soft_link", "target_path": self.rng.choice(("/1.1", "data", "../a", "/nowhere"))}
            case "external":
                return {"type": "external_link", "target_file": "./other.h5", "target_path": "/1.1/data"}
            case "again":
                return self.stream(self.rng.choice(self.names)) if self.names else 1
            case _:
                return self.rng.choice(BAD)

    def stream(self, name: str):
        value = {"type": "stream", "stream": name}
        if self.rng.random() < 0.5:
            return value
        return {"type": "dataset", "attributes": self.attributes(), "value": value}

    def attributes(self) -> dict:
        names = self.rng.sample(("NX_class", "units", "default", "signal", "é"), self.rng.choice((0, 0, 1, 2)))
        return {name: "NXcollection" if name == "NX_class" else self.value() for name in names}

    def value(self):
        match self.rng.choice(("raw", "raw", "raw", "inline", "base64", "compound")):
            case "raw":
                return self.rng.choice(RAW)
            case "inline":
                return self.inline()
            case "base64":
                return self.base64()
            case _:
                shape = self.rng.choice(([], [3]))
                columns = [[name, self.inline(shape)] for name in self.rng.sample(NAMES, self.rng.randint(1, 3))]
                return {"type": "compound", "columns": columns}

    def inline(self, shape: list | None = None) -> dict:
        dtype = self.rng.choice(INLINE)
        values = ("1+2j", 3) if dtype.startswith("complex") else (0, 1, 100, "5")
        shape = self.rng.choice(([], [2])) if shape is None else shape
        value = [self.rng.choice(values) for _ in range(shape[0])] if shape else self.rng.choice(values)
        return {"type": "inline", "dtype": dtype, "value": value}

    def base64(self) -> dict:
        dtype = np.dtype(self.rng.choice(B64))
        shape = self.rng.choice(([], [3], [2, 2]))
        content = bytes(range(1, 1 + int(np.prod(shape)) * dtype.itemsize))
        if dtype.kind == "b":
            content = bytes(byte % 2 for byte in content)
        encoded = base64.b64encode(content).decode()
        return {"type": "inline_b64", "dtype": dtype.str, "shape": shape, "value": encoded}

    def changed(self, root: dict) -> dict:
        """Return the items as they are before the end of the scan: some are not there yet, or have other values."""

        def earlier(item):
            if isinstance(item, dict) and item.get("type") == "group" and isinstance(item.get("children"), dict):
                kept = {name: earlier(child) for name, child in item["children"].items() if self.rng.random() < 0.9}
                return item | {"children": kept}
            return item

        return earlier(root)
