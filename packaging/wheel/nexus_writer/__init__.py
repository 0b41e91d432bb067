"""Finds and starts the executable of nexus-writer.

>>> import subprocess, nexus_writer
>>> subprocess.run([nexus_writer.executable(), "check", "scans.h5"])
"""

import os
import sys
from pathlib import Path

__all__ = ["executable", "main"]


def executable() -> str:
    """Return the path of the executable."""
    return str(Path(__file__).resolve().parent.with_name("nexus_writer.scripts") / "nexus-writer")


def main() -> None:
    """Become the executable, with the name and the arguments of this process: it acts by its name."""
    os.execv(executable(), sys.argv)
