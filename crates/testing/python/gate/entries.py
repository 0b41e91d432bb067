"""The entries of a file."""

from collections.abc import Iterator

import h5py


def own(h5: h5py.File) -> Iterator[h5py.Group]:
    """Yield the entries that are in the file itself, and not behind an external link."""
    for name in h5:
        if isinstance(h5.get(name, getlink=True), h5py.HardLink) and isinstance(h5[name], h5py.Group):
            yield h5[name]


def has_links_to_others(h5: h5py.File) -> bool:
    return any(isinstance(h5.get(name, getlink=True), h5py.ExternalLink) for name in h5)


def plots(entry: h5py.Group) -> list[str]:
    """Names of the groups that can be shown."""
    return [name for name in entry if is_plot(entry, name)]


def is_plot(entry: h5py.Group, name: str) -> bool:
    if not isinstance(entry.get(name, getlink=True), h5py.HardLink):
        return False
    item = entry[name]
    return isinstance(item, h5py.Group) and item.attrs.get("NX_class") == "NXdata"
