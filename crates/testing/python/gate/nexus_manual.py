"""punx, which checks the rules of the NeXus manual (definitions v2018.5, which it contains)."""

import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import h5py
from gate import entries

# `1.1` is the name that BLISS has always used for an entry.
NAME_OF_ENTRY = ("validItemName", "valid HDF5 item name, not valid with NeXus")
NO_PLOT = "no default plot described"


def problems(file: Path) -> Iterator[str]:
    validator = make_validator()
    try:
        validator.validate(str(file))
    finally:
        validator.close()
    with h5py.File(file, "r") as h5:
        shown = any(entries.plots(entry) for entry in entries.own(h5))
    for finding in validator.validations:
        status = str(finding.status)
        what = finding.test_name, finding.comment
        if status == "ERROR" and not (what == NAME_OF_ENTRY and is_entry(finding.h5_address)):
            yield f"{finding.h5_address}: {': '.join(what)}"
        if NO_PLOT in finding.comment and shown:
            yield NO_PLOT


def is_entry(path: str) -> bool:
    """`/1.1`, or in a master file `/name_1.1`."""
    parent, _, name = path.rpartition("/")
    number, _, subscan = name.rpartition("_")[2].partition(".")
    return not parent and number.isdigit() and subscan.isdigit()


@cache
def make_validator():
    replace_qt()
    import punx.validate

    return punx.validate.Data_File_Validator()


def replace_qt():
    """Replace Qt, 200 MB, which punx needs only to locate its settings. There are none, and punx must not
    make files in the home directory."""
    folder = tempfile.mkdtemp(prefix="punx-")

    class QSettings:
        IniFormat = UserScope = None

        def __init__(self, file, *_):
            self.file = file

        def fileName(self):
            return self.file or f"{folder}/punx.ini"

    qt, core = ModuleType("PyQt5"), ModuleType("PyQt5.QtCore")
    qt.QtCore, core.QSettings = core, QSettings
    sys.modules.update({"PyQt5": qt, "PyQt5.QtCore": core})
