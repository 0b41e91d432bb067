"""Items that do not depend on streams: every kind, every type of value, and what is refused."""

from . import items as i
from .fixture import ScenarioFixture

BE = "AAAAAAAAAAA/8AAAAAAAAEAAAAAAAAAAQAgAAAAAAAA="
C8 = "AAAAAAAAgD8AAABAAAAAAA=="


def static_items(fixture: ScenarioFixture):
    """Every kind of item, and every way to write a value."""
    nested = i.compound(["a", [1, 2]], ["b", i.base64("<c8", C8, [2])])
    table = i.compound(
        ["pos", i.inline("float32", [1, 2])], ["label", ["p", "q"]], ["ok", [True, False]], ["nested", nested]
    )
    source = {
        "vspace": {"start": [0], "count": [2]},
        "src_file": "o.h5",
        "src_dataset": "/d",
        "src_space": {"start": [0], "count": [2]},
    }
    children = {
        "title": "ascan roby 0 1 5",
        "n": i.dataset(12, units="mm"),
        "x": 1.5,
        "flag": True,
        "list_i": [1, 2, 3],
        "list_mixed": [True, 2, 2.5],
        "names": ["a", "bé"],
        "mix_str": ["a", 1],
        "empty": [],
        "mat": [[1, 2], [3, 4]],
        "bools": [True, False],
        "f32nan": i.inline("float32", ["nan", "-inf", 1.5]),
        "i8": i.inline("int8", 5),
        "c128": i.inline("complex128", "(1+2j)"),
        "b": i.inline("bool", [True, False]),
        "f16": i.inline("float16", 0.5),
        "be": i.base64(">f8", BE, [2, 2]),
        "le_flat": i.base64("<i4", "AAAAAAEAAAACAAAA"),
        "b64scalar": i.base64("|u1", "Bw==", []),
        "tbl": table,
        "raw": {
            "type": "external_binary_dataset",
            "dtype": "<u2",
            "shape": [2, 3],
            "files": [{"name": "raw.bin", "offset": 0, "size": 12}],
            "attributes": {"units": "counts"},
        },
        "soft": i.soft("title"),
        "softabs": i.soft("/1.1/x"),
        "dangling": i.soft("/nowhere"),
        "ext": i.external("other.h5", "/entry/data"),
        "vds": {"type": "virtual_dataset", "dtype": "<u2", "shape": [2], "virtual_sources": [source]},
        "a/b": 3,
        "grp": i.group(
            s="txt",
            i=3,
            f=2.5,
            b=True,
            sl=["a", "b"],
            il=[1, 2],
            e=[],
            f32=i.inline("float32", 1.5),
            cmp=i.compound(["x", [1, 2]], ["y", ["u", "v"]]),
        ),
    }
    root = i.group({"1.1": i.group(children, NX_class="NXentry")}, NX_class="NXroot", default="1.1")
    fixture.scan(1).run({"scan.h5": root})


def static_values(fixture: ScenarioFixture):
    """The rules of conversion, where they are surprising."""
    integers = {f"{sign}int{bits}": i.inline(f"{sign}int{bits}", [1, 2]) for sign in ("", "u") for bits in (8, 16, 32, 64)}
    floats = {f"float{bits}": i.inline(f"float{bits}", [1.5, "inf"]) for bits in (16, 32, 64, 128)}
    complexes = {f"complex{bits}": i.inline(f"complex{bits}", ["1+2j", 3]) for bits in (64, 128, 256)}
    children = {
        "numbers": i.group({**integers, **floats, **complexes}),
        "empty_matrix": [[]],
        "empty_string": "",
        "empty_inline": i.inline("int32", []),
        "bool_and_int": [True, 2],
        "texts": ["a", 1, True, 1.5],
        "text_matrix": [["a", "b"], ["c", "dé"]],
        "extremes": [-(2**63), 2**63 - 1],
        "huge": 1e300,
        # RedisJSON turns these into decimals.
        "beyond_uint64": 2**64,
        "below_int64": -(2**63) - 1,
        "from_text": i.inline("int32", ["5", 6]),
        "truncated": i.inline("int32", 1.7),
        "bool_of_anything": i.inline("bool", [0, 2, 0.5]),
        "unsigned": i.inline("uint64", 2**64 - 1),
        "ones": i.dataset({"type": "inline", "dtype": "uint8", "value": [[1, 2], [3, 4]]}, units="counts"),
        "b64_signed": i.base64("|i1", "/wA=", [2]),
        "b64_bool": i.base64("|b1", "AQA=", [2]),
        "b64_resolved": i.base64("<u2", "AAABAAIAAwA=", [2, -1]),
        "b64_null_shape": i.base64(">u2", "AAEAAg==", None),
        "b64_complex": i.base64(">c8", "P4AAAEAAAAA=", []),
        "scalar_table": i.compound(["a", 1], ["b", "text"], ["c", True]),
        "no_type": {"value": 4},
        "unknown_key": {"type": "dataset", "value": 5, "comment": "ignored"},
        "ignored_attributes": {"type": "soft_link", "target_path": "numbers", "attributes": {"units": "none"}},
        "deep": i.group({"er": i.group({"est": i.group({"value": 1})})}),
        "nothing": i.group(),
    }
    fixture.scan(1).run({"scan.h5": i.entry("1.1", children)})


def static_merge(fixture: ScenarioFixture):
    """A second scan finds what the first one made: groups are used again, attributes replaced."""
    first = i.group({"1.1": i.group({"a": 1, "sub": i.group({"x": 1}, note="old")})}, NX_class="NXroot", creator="one", a=1)
    second = i.group({"1.1": i.group({"b": 2, "sub": i.group({"y": 2}, note="new")}, extra=True)}, creator="two")
    fixture.scan(1, label="first").run({"scan.h5": first})
    fixture.scan(2, label="second", wave=1).run({"scan.h5": second})


# Nothing of a mapping that does not validate is written.
INVALID = {
    "null": None,
    "null_in_list": [None, 1],
    "ragged": [[1, 2], [3]],
    "inline_without_value": {"type": "inline", "dtype": "int8"},
    "inline_unknown_dtype": i.inline("str", "a"),
    "b64_no_byte_order": i.base64("f8", BE),
    "b64_wrong_byte_order": i.base64("|f8", BE),
    "b64_string": i.base64("<S4", BE),
    "compound_empty": i.compound(),
    "compound_twice": i.compound(["a", 1], ["a", 2]),
    "compound_shapes": i.compound(["a", [1, 2]], ["b", [1, 2, 3]]),
    "no_files": {"type": "external_binary_dataset", "dtype": "<u2", "shape": [1], "files": []},
    "no_sources": {"type": "virtual_dataset", "dtype": "<u2", "shape": [1], "virtual_sources": []},
    "no_stream": {"type": "stream"},
    "no_target": {"type": "soft_link"},
    "no_target_file": {"type": "external_link", "target_path": "/a"},
    "unknown_type": {"type": "mystery", "value": 1},
    "object": {},
}


def invalid_items(fixture: ScenarioFixture):
    """Each scan has one item that is refused between two that are not."""
    for number, (name, item) in enumerate(INVALID.items(), 1):
        maps = {f"{name}.h5": i.entry("1.1", {"before": 1, name: item, "z_after": 2})}
        fixture.scan(number, f"{name}.h5", label=name).run(maps)


# Validates, but cannot be written.
UNWRITABLE = {
    "overflow": i.inline("int8", 300),
    "negative": i.inline("uint8", -1),
    "ragged_inline": i.inline("int32", [[1, 2], [3]]),
    "not_a_number": i.inline("float64", "abc"),
    "b64_size": i.base64("<i4", "AAAAAAE="),
    "b64_shape": i.base64("<i4", "AAAAAAEAAAACAAAA", [2]),
    "wrapping": 2**63,
    "stream_attribute": i.dataset(1, from_stream=i.stream("diode")),
}


def unwritable_items(fixture: ScenarioFixture):
    """Each scan has one item that cannot be converted, between two that can."""
    for number, (name, item) in enumerate(UNWRITABLE.items(), 1):
        publisher = fixture.scan(number, f"{name}.h5", label=name)
        diode = publisher.stream("diode")
        maps = {f"{name}.h5": i.entry("1.1", {"before": 1, name: item, "z_after": 2, "diode": i.stream("diode")})}
        publisher.run(maps, lambda: diode.send(1.0))
