"""Work with cases (see `cases/__init__.py`): `python -m cases COMMAND [NAME...]`.

    list                                    print name, options, and whether the scan is followed: JSON lines
    publish NAME... --redis URL --root DIR  publish scans, print the key of each; with --wait, print
                                            {"prepared": KEY} of each that is followed, and wait for a line
    compare NAME... --root DIR              print what is not as it should be: JSON lines. Standard input has a line for
                                            each case: its name, state, reason, warnings, good (by `check`)
    record [NAME...]                        run the reference writer, and store its files in the cases. Needs the
                                            environment that has it: .venv/classic for classic, .venv for h5maps

Without names, `record` takes all cases whose reference writer this environment has.
"""

import argparse
import importlib.metadata
import json
import sys
from pathlib import Path

from . import Case, compare, load, names
from .publisher import publish


def main():
    parser = argparse.ArgumentParser(prog="cases", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["list", "publish", "compare", "record"])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--redis", metavar="URL")
    parser.add_argument("--root", type=Path, metavar="DIRECTORY")
    parser.add_argument("--wait", action="store_true", help="for a line of standard input when a scan is prepared")
    options = parser.parse_intermixed_args()
    cases = [load(name) for name in options.names or names()]
    root = options.root and options.root.resolve()
    match options.command:
        case "list":
            for one in cases:
                output(name=one.name, options=one.options, followed=one.is_followed)
        case "publish":
            publish_all(cases, options.redis, root, options.wait)
        case "compare":
            outcomes = {outcome["name"]: outcome for outcome in map(json.loads, sys.stdin)}
            for one in cases:
                for problem in compare.problems(one, root, outcomes[one.name]):
                    output(case=one.name, problem=problem)
        case "record":
            record_all(cases, bool(options.names))


def publish_all(cases: list[Case], url: str, root: Path, wait: bool):
    import redis

    def prepared(key: str):
        output(prepared=key)
        if not sys.stdin.readline():
            raise EOFError("standard input has ended before the scan may continue")

    with redis.Redis.from_url(url) as client:
        for one in cases:
            hook = {"prepared": prepared} if wait and one.is_followed else {}
            output(name=one.name, key=publish(one, client, root, **hook))


def record_all(cases: list[Case], named: bool):
    from . import reference

    major = importlib.metadata.version("blisswriter").split(".")[0]
    layout = {"2": "classic", "3": "h5maps"}[major]
    other = [one.name for one in cases if one.layout != layout]
    if named and other:
        raise SystemExit(f"this environment cannot record {', '.join(other)}")
    cases = [one for one in cases if one.layout == layout]
    reference.record(cases)
    for one in cases:
        one.store()
        print(one.name, one.reference["state"])


def output(**members):
    print(json.dumps(members, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
