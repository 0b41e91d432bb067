"""Links from the handbook to files of the project that are no chapters: they lead to copies in the book.

As a preprocessor of mdBook, it lets these links lead to the folder `files` beside the chapters; links to folders become plain
text. `project_files.py copy BOOK` then makes the copies: mdBook empties the folder of the book before it writes it.
"""

import json
import re
import shutil
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./([^)#]+)(#[^)]*)?\)")
COPIED = re.compile(r'href="files/([^"#]+)')


def preprocess():
    _, book = json.load(sys.stdin)
    visit(book["sections"])
    json.dump(book, sys.stdout)


def visit(items):
    for item in items:
        # Others are separators and titles of parts.
        chapter = item.get("Chapter") if isinstance(item, dict) else None
        if chapter:
            chapter["content"] = OUTSIDE.sub(replaced, chapter["content"])
            visit(chapter["sub_items"])


def replaced(match):
    text, path, _ = match.groups()
    if (PROJECT / path).is_dir():
        return text
    return f"[{text}](files/{path})"


def copy(book):
    for page in book.glob("*.html"):
        for path in COPIED.findall(page.read_text()):
            # mdBook takes links to Markdown for links to chapters.
            source = PROJECT / path
            if not source.exists():
                source = source.with_suffix(".md")
                path = str(Path(path).with_suffix(".md"))
                text = page.read_text()
                page.write_text(text.replace(f'href="files/{path[:-3]}.html', f'href="files/{path}'))
            target = book / "files" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


if __name__ == "__main__":
    if sys.argv[1:2] == ["supports"]:
        sys.exit(sys.argv[2] != "html")
    elif sys.argv[1:2] == ["copy"]:
        copy(Path(sys.argv[2]))
    else:
        preprocess()
