"""Write with h5py what the test of the same name writes with this crate.

Usage: static_items.py FILE

Every kind of static item that a tree may have; h5py chooses the HDF5 types.
"""

import sys

import h5py
import numpy

text = h5py.string_dtype()

with h5py.File(sys.argv[1], "w", track_order=True) as h5:
    h5.attrs["NX_class"] = "NXroot"
    h5.attrs["default"] = "1.1"
    entry = h5.create_group("1.1")
    entry.attrs["NX_class"] = "NXentry"
    entry["title"] = "ascan roby 0 1 5"
    entry["n"] = numpy.int64(12)
    entry["n"].attrs["units"] = "mm"
    entry["x"] = 1.5
    entry["flag"] = True
    entry["list_i"] = numpy.array([1, 2, 3], "i8")
    entry["list_mixed"] = [1.0, 2.0, 2.5]
    entry.create_dataset("names", data=["a", "bé"], dtype=text)
    entry.create_dataset("mix_str", data=["a", "1"], dtype=text)
    entry["empty"] = numpy.zeros(0)
    entry["mat"] = numpy.array([[1, 2], [3, 4]], "i8")
    entry["bools"] = [True, False]
    entry["f32nan"] = numpy.array(["nan", "-inf", 1.5], "f4")
    entry["i8"] = numpy.int8(5)
    entry["c128"] = 1 + 2j
    entry["b"] = [True, False]
    entry["f16"] = numpy.float16(0.5)
    entry["be"] = numpy.array([[0, 1], [2, 3]], ">f8")
    entry["le_flat"] = numpy.array([0, 1, 2], "<i4")
    entry["b64scalar"] = numpy.uint8(7)
    table = numpy.empty(
        2,
        [
            ("pos", "f4"),
            ("label", text),
            ("ok", "?"),
            ("nested", [("a", "i8"), ("b", "<c8")]),
        ],
    )
    table["pos"] = 1, 2
    table["label"] = "p", "q"
    table["ok"] = True, False
    table["nested"]["a"] = 1, 2
    table["nested"]["b"] = 1j, 2
    entry["tbl"] = table
    raw = entry.create_dataset("raw", (2, 3), "<u2", external=[("raw.bin", 0, 12)])
    raw.attrs["units"] = "counts"
    entry["soft"] = h5py.SoftLink("title")
    entry["softabs"] = h5py.SoftLink("/1.1/x")
    entry["dangling"] = h5py.SoftLink("/nowhere")
    entry["ext"] = h5py.ExternalLink("other.h5", "/entry/data")
    layout = h5py.VirtualLayout((2,), "<u2")
    layout[0:2] = h5py.VirtualSource("o%%.h5", "/d", shape=(2,))[0:2]
    entry.create_virtual_dataset("vds", layout)
    entry["a/b"] = numpy.int64(3)
    group = entry.create_group("grp")
    group.attrs["s"] = "txt"
    group.attrs["i"] = numpy.int64(3)
    group.attrs["f"] = 2.5
    group.attrs["b"] = True
    group.attrs.create("sl", ["a", "b"], dtype=text)
    group.attrs["il"] = numpy.array([1, 2], "i8")
    group.attrs["e"] = numpy.zeros(0)
    group.attrs["f32"] = numpy.float32(1.5)
    rows = numpy.array([(1, "u"), (2, "v")], [("x", "i8"), ("y", text)])
    group.attrs["cmp"] = rows

    # Beyond what BLISS has published so far.
    entry["f128"] = numpy.array([-3, 0.5], "g")
    entry["f128be"] = numpy.array([-3, 0.5], "g").astype(">f16")
    entry["c256"] = numpy.array([1 + 2j], "G")
    entry["f16be"] = numpy.array([0.5], ">f2")
    entry["c64be"] = numpy.array([1 + 2j], ">c8")
    entry["u2be"] = numpy.array([1, 512], ">u2")
    entry["i1"] = numpy.array([-1], "i1")
    entry["u8"] = numpy.array([2**64 - 1], "u8")
    entry.create_dataset("no_texts", (0,), dtype=text)
    entry["codes"] = numpy.array([b"ab", b"xyz"], "S3")
    entry["größe"] = 1.0
