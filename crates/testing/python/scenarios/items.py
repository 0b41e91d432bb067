"""Short names for the items of a mapping (`h5maps`)."""


def group(children: dict | None = None, **attributes) -> dict:
    item = {"type": "group"}
    if attributes:
        item["attributes"] = attributes
    if children:
        item["children"] = children
    return item


def dataset(value, **attributes) -> dict:
    return {"type": "dataset", "attributes": attributes, "value": value}


def stream(name: str) -> dict:
    return {"type": "stream", "stream": name}


def inline(dtype: str, value) -> dict:
    return {"type": "inline", "dtype": dtype, "value": value}


def base64(dtype: str, value: str, shape: list | None = None) -> dict:
    return {"type": "inline_b64", "dtype": dtype, "shape": shape, "value": value}


def compound(*columns) -> dict:
    return {"type": "compound", "columns": [list(column) for column in columns]}


def soft(target: str) -> dict:
    return {"type": "soft_link", "target_path": target}


def external(file: str, target: str) -> dict:
    return {"type": "external_link", "target_file": file, "target_path": target}


def entry(name: str, children: dict, **attributes) -> dict:
    """A root group with one entry."""
    return group({name: group(children, NX_class="NXentry", **attributes)}, NX_class="NXroot")


def measurement(name: str, children: dict) -> dict:
    return entry(name, {"measurement": group(children, NX_class="NXcollection")})
