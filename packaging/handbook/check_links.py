"""Finds links in documents that lead nowhere: check_links.py [BOOK]

Without an argument it looks at the Markdown of the project: relative links, and the anchors behind `#`, by the rules of
GitHub, which mdBook shares. With the folder of the handbook as mdBook has made it, it looks at its pages.
"""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

PROJECT = Path(__file__).resolve().parents[2]
ELSEWHERE = re.compile(r"[a-z]+:|//")
FENCE = re.compile(r"^\s*```.*?^\s*```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"``.+?``|`[^`]*`", re.DOTALL)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*([^)\s]+)[^)]*\)")
HEADING = re.compile(r"^#{1,6} +(.*?)\s*$", re.MULTILINE)
INCLUDE = re.compile(r"\{\{#include ([^}]+)\}\}")


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.update(attributes[key] for key in ("id", "name") if key in attributes)
        for key in ("href", "src"):
            if tag != "base" and attributes.get(key):
                self.links.append(unquote(attributes[key]))


class Document:
    def __init__(self, path):
        text = FENCE.sub("", path.read_text())
        self.anchors = set()
        for heading in HEADING.findall(text):
            anchor = slug(heading)
            number, name = 0, anchor
            while name in self.anchors:
                number += 1
                name = f"{anchor}-{number}"
            self.anchors.add(name)
        self.links = LINK.findall(CODE.sub("", text))
        self.links += INCLUDE.findall(path.read_text())


def slug(heading):
    # A link in a heading counts by its text.
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def documents():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [PROJECT / name for name in listed.stdout.splitlines() if (PROJECT / name).exists()]


def main(book):
    paths = sorted(book.glob("**/*.html")) if book else documents()
    kind = Page if book else Document
    known = {}

    def read(path):
        if path not in known:
            known[path] = kind(path)
        return known[path]

    broken = 0
    for path in paths:
        for link in read(path).links:
            if ELSEWHERE.match(link):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            if not target.exists():
                reason = "there is no such file"
            elif anchor and target.suffix == path.suffix and anchor not in read(target).anchors:
                reason = "there is no such heading"
            else:
                continue
            broken += 1
            print(f"{path.relative_to(book or PROJECT)}: {link}: {reason}", file=sys.stderr)
    if not paths:
        sys.exit("there are no documents")
    print(f"{len(paths)} documents, {broken} broken links")
    sys.exit(broken > 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else None)
