"""Differences between HDF5 files and a description that h5tree.py made of others.

Each difference has a kind, a path in a file, and an explanation:

    MISSING  a file, group, dataset or link is absent
    EXTRA    the other way around
    VALUE    content of a dataset differs
    DTYPE    type of a dataset differs
    SHAPE    shape differs
    ATTR     an attribute is missing, superfluous, or differs
    LINK     kind or target of a link, virtual source, or external file differs

How a dataset is stored is up to the writer: its layout, chunks, filters and maximal shape are not
compared, nor is its fill value, beyond the elements that show it; nor are the stamps on the root
group. Values must be equal to the last bit.
"""

import json

from h5tree import STAMPS

# Extended floats, of which some bytes mean nothing.
WITH_PADDING = ("<f16", "<c32")


def differences(golden: dict, actual: dict) -> list[tuple[str, str, str]]:
    """Compare the "files" of two descriptions."""
    comparison = Comparison()
    comparison.files(golden, actual)
    return comparison.differences


class Comparison:
    def __init__(self):
        self.differences = []

    def add(self, kind, path, text):
        self.differences.append((kind, path, text))

    def files(self, golden, actual):
        for name in golden:
            if name not in actual:
                self.add("MISSING", name, "file")
            else:
                self.item(without_stamps(golden[name]), without_stamps(actual[name]), name + "::/")
        for name in actual:
            if name not in golden:
                self.add("EXTRA", name, "file")

    def item(self, golden, actual, path):
        if golden["kind"] != actual["kind"]:
            kinds = {golden["kind"], actual["kind"]}
            kind = "LINK" if kinds & {"soft", "external", "hard"} else "DTYPE"
            self.add(kind, path, f"expected {_what(golden)}, found {_what(actual)}")
        elif golden["kind"] == "group":
            self.group(golden, actual, path)
        elif golden["kind"] == "dataset":
            self.dataset(golden, actual, path)
        elif golden != actual:
            self.add("LINK", path, f"expected {_what(golden)}, found {_what(actual)}")

    def group(self, golden, actual, path):
        self.attrs(golden["attrs"], actual["attrs"], path)
        expected = dict(golden["items"])
        found = dict(actual["items"])
        base = path if path.endswith("/") else path + "/"
        for name, item in expected.items():
            if name in found:
                self.item(item, found[name], base + name)
            else:
                self.add("MISSING", base + name, _what(item))
        for name, item in found.items():
            if name not in expected:
                self.add("EXTRA", base + name, _what(item))

    def attrs(self, golden, actual, path):
        for name in sorted(golden.keys() | actual.keys()):
            where = f"{path}@{name}"
            if name not in actual:
                self.add("ATTR", where, f"missing, expected {_short(golden[name]['value'])}")
            elif name not in golden:
                self.add("ATTR", where, f"extra, found {_short(actual[name]['value'])}")
            else:
                for field in "dtype", "shape", "value":
                    old, new = golden[name][field], actual[name][field]
                    if not self.same(old, new):
                        self.add(
                            "ATTR",
                            where,
                            f"{field}: expected {_short(old)}, found {_short(new)}",
                        )

    def dataset(self, golden, actual, path):
        def check(kind, field):
            old, new = golden.get(field), actual.get(field)
            if old != new:
                self.add(
                    kind, path, f"{field}: expected {_short(old)}, found {_short(new)}"
                )
                return False
            return True

        self.attrs(golden["attrs"], actual["attrs"], path)
        same_type = check("DTYPE", "dtype")
        same_shape = check("SHAPE", "shape")
        check("LINK", "virtual")
        check("LINK", "external")
        if not (same_type and same_shape):
            return
        if golden.get("unreadable") and actual.get("unreadable"):
            return
        if golden.get("unreadable") or actual.get("unreadable"):
            check("VALUE", "unreadable")
            return
        if "value" in golden and "value" in actual and not self.same(golden["value"], actual["value"]):
            check("VALUE", "value")
        elif golden["dtype"] not in WITH_PADDING:
            check("VALUE", "sha256")

    def same(self, old, new):
        if old == new and isinstance(old, bool) == isinstance(new, bool):
            return True
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            return all(map(self.same, old, new))
        return False


def without_stamps(root):
    attributes = {name: value for name, value in root["attrs"].items() if name not in STAMPS}
    return {**root, "attrs": attributes}


def _what(item):
    kind = item["kind"]
    if kind == "dataset":
        return f"dataset {item['dtype']} {item['shape']}"
    if kind == "external":
        return f"external link to {item['file']}::{item['path']}"
    if kind in ("soft", "hard"):
        return f"{kind} link to {item['path']}"
    if kind == "group":
        return f"group {item['attrs'].get('NX_class', {}).get('value', '')}".strip()
    return kind


def _short(value, limit=160):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[:limit] + "..."
