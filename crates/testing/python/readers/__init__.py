"""Lets the programs with which scientists read files read those of nexus-writer: `./dev readers`.

    scans       the scans, and the values that a reader has to find
    infos       what BLISS publishes about them, for both layouts
    publishing  publishes them, a part at a time
    writers     nexus-writer and the reference writers, which save them
    files       what a tool is told about a file
    tools       one module per tool, run in the environment of the tools
    table       the results
"""

from pathlib import Path

LAYOUTS = ("h5maps", "classic")
# finished: all is published, the file is closed. aborted: the user stopped the scan, streams are not equally long.
# growing: the scan runs, and the writer has the file open.
STATES = ("finished", "aborted", "growing")
PYTHON = Path(__file__).resolve().parent.parent
PROJECT = PYTHON.parents[2]
