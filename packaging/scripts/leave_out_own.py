"""Leaves our own crates out of a text about third-party code: leave_out_own.py FILE REPOSITORY

`cargo about` does so only for crates that are not published. REPOSITORY is what the manifests of our own crates name.
"""

import re
import sys
from pathlib import Path

file, repository = Path(sys.argv[1]), sys.argv[2]
rule = "-" * 80 + "\n"
head, *licences = file.read_text().split("\n" + rule)
# One empty line before the first rule, however many the template leaves.
kept = [head.rstrip("\n") + "\n"]
for licence in licences:
    name, rest = licence.split(", used by:\n\n", 1)
    users, text = re.match(r"((?:  [^\n]*\n)+)(.*)", rest, re.DOTALL).groups()
    users = [user for user in users.splitlines() if not user.endswith(f"  {repository}")]
    if users:
        kept.append(f"{name}, used by:\n\n" + "\n".join(users) + "\n" + text)
file.write_text(("\n" + rule).join(kept))
