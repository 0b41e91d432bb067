"""Render types, filters, selections and numbers of HDF5 as JSON, for h5tree.py."""

import math

import h5py
import numpy

_FILTERS = {
    1: "gzip",
    2: "shuffle",
    3: "fletcher32",
    4: "szip",
    5: "nbit",
    6: "scaleoffset",
    32000: "lzf",
    32008: "bitshuffle",
}


def number(value):
    """A number of numpy as one of JSON, or as a text if it is not finite."""
    if isinstance(value, numpy.longdouble):
        # JSON has no longer number; the hash covers the other bits.
        value = float(value)
    value = value.item() if isinstance(value, numpy.generic) else value
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
    return value


def type_text(h5type):
    """Text for an HDF5 type: type, byte order and size, and text encoding."""
    if isinstance(h5type, h5py.h5t.TypeStringID):
        charset = "utf-8" if h5type.get_cset() == h5py.h5t.CSET_UTF8 else "ascii"
        if h5type.is_variable_str():
            return f"string(vlen,{charset})"
        return f"string({h5type.get_size()},{charset})"
    if isinstance(h5type, h5py.h5t.TypeVlenID):
        return f"vlen({type_text(h5type.get_super())})"
    if isinstance(h5type, h5py.h5t.TypeArrayID):
        return f"array({list(h5type.get_array_dims())},{type_text(h5type.get_super())})"
    if isinstance(h5type, h5py.h5t.TypeEnumID):
        names = [h5type.get_member_name(i) for i in range(h5type.get_nmembers())]
        names = sorted((h5type.get_member_value(i), n.decode()) for i, n in enumerate(names))
        if [n for _, n in names] == ["FALSE", "TRUE"]:
            return "bool"
        return f"enum({names},{type_text(h5type.get_super())})"
    return h5type.dtype.str if h5type.dtype.names is None else str(h5type.dtype)


def filter_text(info):
    """Name of a filter, with the parameters that decide what it stores."""
    code, _, values, name = info
    label = _FILTERS.get(code) or f"{code}:{name.decode(errors='replace')}"
    if code == 1:
        label += f"({values[0]})"
    elif code == 32008 and len(values) > 4:
        label += "(lz4)" if values[4] == 2 else f"({values[4]})"
    elif code == 32008:
        label += "()"
    return label


def selection(space):
    """Selected box as [start, shape], or all there is as None.

    Other regular selections are [start, stride, count, block].
    """
    if space.get_select_type() == h5py.h5s.SEL_ALL:
        return None
    low, high = space.get_select_bounds()
    start = [int(n) for n in low]
    shape = [int(n) - int(m) + 1 for m, n in zip(low, high)]
    if math.prod(shape) == space.get_select_npoints():
        return [start, shape]
    if space.is_regular_hyperslab():
        return [[int(n) for n in part] for part in space.get_regular_hyperslab()]
    return [start, shape, "irregular"]


def join_sources(sources):
    """Join virtual sources that continue each other along the first axis."""
    merged = []
    for source in sources:
        if source["source"] is None and len(source["target"] or ()) == 2:
            shape = source["target"][1]
            source["source"] = [[0] * len(shape), list(shape)]
        last = merged[-1] if merged else None
        if (
            last
            and (last["file"], last["dataset"]) == (source["file"], source["dataset"])
            and all(
                len(old or ()) == len(new or ()) == 2
                and old[0][0] + old[1][0] == new[0][0]
                and old[0][1:] == new[0][1:]
                and old[1][1:] == new[1][1:]
                for old, new in (
                    (last["source"], source["source"]),
                    (last["target"], source["target"]),
                )
            )
        ):
            for part in "source", "target":
                last[part][1][0] += source[part][1][0]
        else:
            merged.append(source)
    return merged
