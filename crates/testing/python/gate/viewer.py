"""Check that silx shows a plot by default when it opens a file."""

from collections.abc import Iterator
from pathlib import Path

import h5py
from gate import entries
from silx.io import nxdata


def problems(file: Path) -> Iterator[str]:
    with h5py.File(file, "r") as h5:
        entries_here = list(entries.own(h5))
        groups = [entry for entry in entries_here if "end_time" in entry and entries.plots(entry)]
        # The last scan of a file, its default, need not have a plot.
        last = h5.attrs.get("default")
        if groups and not any(entry.name == f"/{last}" for entry in entries_here if entry not in groups):
            groups.append(h5)
        for group in groups:
            if nxdata.get_default(group) is None:
                yield f"{group.name}: nothing to show by default"
