"""Let a tool read files: `python -m readers.tools read|follow TOOL`, with a list of files as JSON on standard input."""

import contextlib
import importlib
import importlib.metadata
import json
import os
import sys
import traceback

from readers.files import SavedFile


def main():
    mode, name = sys.argv[1:]
    files = [SavedFile(**file) for file in json.load(sys.stdin)]
    # Tools print into standard output.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    module = importlib.import_module(f"readers.tools.{name}")
    version = importlib.metadata.version(module.PACKAGE)

    def tell(**message):
        print(json.dumps(message), file=output, flush=True)

    def half():
        tell(half=True)

    for file in files:
        for finds, (kinds, look) in looks(module, mode, file).items():
            if file.kind not in kinds:
                continue
            arguments = [] if mode == "read" else [half]
            error = outcome(look, file, *arguments)
            tell(tool=name, version=version, finds=finds, error=error, **file.as_dict())


def looks(module, mode: str, file: SavedFile) -> dict:
    if mode == "follow":
        return module.FOLLOWS
    return module.FINDS | (getattr(module, "FINDS_AFTERWARDS", {}) if file.has_ended else {})


def outcome(look, *arguments) -> str:
    """Call a function. Returns its error, or an empty text."""
    try:
        look(*arguments)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({os.path.basename(place.filename)}:{place.lineno})"
    return ""


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
