"""Compare files of another writer with those of the writer of BLISS 1.11, which has saved the same scans.

    compare.py EXPECTED FOUND original|ours

The first two are folders. Prints the number of files and the differences as JSON. The last argument is the writer that
made what was found: `ours` adds a record of completeness to each entry, and has its own name in the root group.
"""

import json
import sys
from pathlib import Path

import classic_differences
import h5compare
import h5tree

# Attributes of the root group that contain the version of the writer, the time by its clock, or the scan that the original
# finished last: its scans may finish in another order than that of their ends.
CHANGING = ("@creator_version", "@file_time", "::/@default")


def main():
    expected, found = map(Path, sys.argv[1:3])
    # The other writer took one folder for the other, so that its files contain the path of the second.
    files = {
        str(file.relative_to(expected)): h5tree.Describer(file, found, classic=True).file()
        for file in sorted(expected.rglob("*.h5"))
    }
    for file in files.values():
        for _, entry in file["items"]:
            if entry["kind"] == "group":
                if sys.argv[3] == "ours":
                    classic_differences.add_completeness(entry)
                classic_differences.sort_items(entry)
    differences = [
        f"{kind} {path}: {text}"
        for kind, path, text in h5compare.compare({"files": files}, found, storage=True, classic=True)
        if kind not in h5compare.INFORMATION and not (path.endswith(CHANGING) and "extra" not in text)
    ]
    print(json.dumps({"files": len(files), "differences": differences}))


if __name__ == "__main__":
    main()
