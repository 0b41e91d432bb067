"""Makes `nexus-writer` in a wheel the same launcher as those of the other names: replace_launcher.py WHEEL

That of maturin looks for the executable where the Python installs packages by default, and not where the wheel was
installed: `pip install --user` gives a command that does not start (maturin 1.16).
"""

import hashlib
import os
import sys
from base64 import urlsafe_b64encode
from pathlib import Path
from zipfile import ZipFile

wheel = Path(sys.argv[1])
with ZipFile(wheel) as old:
    members = [(info, old.read(info)) for info in old.infolist()]
contents = {info.filename: content for info, content in members}


def member(ending: str) -> str:
    """Return the name of the one member whose name ends so."""
    (name,) = (name for name in contents if name.endswith(ending))
    return name


def record_entry(name: str, content: bytes) -> str:
    """Return the line of RECORD about a member."""
    digest = urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{name},sha256={digest},{len(content)}\n"


launcher, record = member(".data/scripts/nexus-writer"), member(".dist-info/RECORD")
replacement = contents[member(".data/scripts/NexusSessionWriter")]
entry = record_entry(launcher, contents[launcher])
entries = contents[record].decode()
if entries.count(entry) != 1:
    sys.exit(f"{wheel}: RECORD has no entry {entry}")
contents[launcher] = replacement
contents[record] = entries.replace(entry, record_entry(launcher, replacement)).encode()

replaced = wheel.with_name(wheel.name + ".new")
with ZipFile(replaced, "w") as new:
    for info, _ in members:
        new.writestr(info, contents[info.filename], info.compress_type)
os.replace(replaced, wheel)
