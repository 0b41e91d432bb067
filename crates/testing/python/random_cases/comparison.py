"""Lets the reference writer and ours save the same cases, and compares what they made of them."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import redis
from cases import Case, compare, reference
from cases.publisher import publish
from replay import RECORDINGS

from . import losses

BENCH = RECORDINGS.parents[3] / "bench"
# How often files of the reference are opened that cannot be read.
ATTEMPTS = 20
# Seconds for all cases of a process.
TIMEOUT = 600
# Seconds after which a writer has read the info of a prepared scan, if it makes no file then.
PREPARATION = 5
# What happens to a disk is of no interest here.
SAVE = ["save", "--json", "--durability", "none"]


@dataclass
class Result:
    """What became of a case: how both writers ended, our warnings, rows of `h5compare`, problems that `check` found,
    and what of the scan is neither there nor in a warning.
    """

    case: Case
    reference: str
    ours: str
    reason: str
    notes: list[str] = field(default_factory=list)
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def reference_is_good(self) -> bool:
        return self.reference in reference.SUCCESSES

    @property
    def ours_is_good(self) -> bool:
        return self.ours == "COMPLETE"


def compare_all(cases: list[Case], program: Path, jobs: int = 1) -> Iterator[Result]:
    """Let both writers save cases of one layout, in so many processes. The reference spends its time on waiting.

    Raises the exceptions of all processes, after the results of those without.
    """
    sys.path.append(str(BENCH))
    parts = [part for those in by_options(cases) for part in split(those, jobs)]
    errors = []
    with ProcessPoolExecutor(jobs) as pool:
        for comparison in as_completed([pool.submit(compare_part, part, program) for part in parts]):
            if (error := comparison.exception()) is not None:
                errors.append(error)
            else:
                yield from comparison.result()
    if errors:
        raise ExceptionGroup("cases that could not be compared", errors)


def compare_part(cases: list[Case], program: Path) -> list[Result]:
    with Writers(cases[0].layout, cases[0].options, program) as writers:
        return writers.compare(cases)


def by_options(cases: list[Case]) -> list[list[Case]]:
    groups = {}
    for case in cases:
        groups.setdefault(tuple(case.options), []).append(case)
    return list(groups.values())


def split(cases: list[Case], count: int) -> list[list[Case]]:
    """Divide cases into so many parts, or fewer."""
    return [part for first in range(count) if (part := cases[first::count])]


class Writers:
    """The reference writer and ours, for cases of one layout and one choice of options."""

    def __init__(self, layout: str, options: list[str], program: Path):
        self.layout, self.options, self.program = layout, options, program
        self._stack = ExitStack()

    def __enter__(self):
        from server import PrivateRedis

        self._url = self._stack.enter_context(PrivateRedis()).url
        self._client = self._stack.enter_context(redis.Redis.from_url(self._url))
        self._reference = None
        return self

    def __exit__(self, *error):
        self._stop_reference()
        return self._stack.__exit__(*error)

    def compare(self, cases: list[Case]) -> list[Result]:
        # The reference of the classic layout saves all scans, those for our writer, too.
        self._stop_reference()
        with tempfile.TemporaryDirectory(prefix="cases-") as folder:
            root = Path(folder).resolve()
            ours = self._save(cases, root / "ours")
            findings = self._check(root / "ours")
            results = []
            for case, outcome in zip(cases, ours, strict=True):
                case.reference = {"state": self._save_by_reference(case, root / "theirs")}
                files = described_when_closed(case, root / "theirs")
                if files is None:
                    case.reference["state"] = "UNREADABLE"
                elif case.reference["state"] in reference.SUCCESSES:
                    case.reference["files"] = files
                notes = compare.warnings(case, root / "ours", outcome)
                is_lost = losses.lost(case, reference.described(case, root / "ours"), notes)
                results.append(
                    Result(
                        case,
                        case.reference["state"],
                        outcome["state"],
                        str(outcome["reason"]),
                        notes,
                        compare.differences(case, root / "ours"),
                        findings.get(case.name, []),
                        is_lost if self.layout == "classic" else [],
                    )
                )
            return results

    # -- the reference -----------------------------------------------------------------------------

    def _save_by_reference(self, case: Case, root: Path) -> str:
        if self._reference is None:
            writer = {"classic": reference.SessionWriter, "h5maps": ResidentWriter}[self.layout]
            self._reference = writer(self._url, self.options).__enter__()
        try:
            return self._reference.save(case, self._client, root)
        except (RuntimeError, subprocess.TimeoutExpired):
            self._stop_reference()
            return "HANGS"

    def _stop_reference(self):
        if self._reference is not None:
            self._reference.__exit__(None, None, None)
            self._reference = None

    # -- our writer --------------------------------------------------------------------------------

    def _save(self, cases: list[Case], root: Path) -> list[dict]:
        """Save cases with our program. Returns what it says about each."""
        keys = {id(case): publish(case, self._client, root) for case in cases if not case.is_followed}
        together = self._run(list(keys.values()))
        return [together[keys[id(case)]] if id(case) in keys else self._follow(case, root) for case in cases]

    def _run(self, keys: list[str]) -> dict[str, dict]:
        if not keys:
            return {}
        command = [self.program, *SAVE, *self.options, self._url, *keys]
        run = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=TIMEOUT, env=environment())
        return outcomes(keys, run.stdout, run.stderr)

    def _check(self, root: Path) -> dict[str, list[str]]:
        """Return what `check` calls a problem, by the names of the cases."""
        files = sorted(root.rglob("*.h5"))
        if not files:
            return {}
        command = [self.program, "check", "--json", "--redis", self._url, *files]
        run = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=TIMEOUT)
        found = {}
        for line in run.stdout.splitlines():
            report = json.loads(line)
            layout, seed, *_ = Path(report["file"]).relative_to(root).parts
            found.setdefault(f"{layout}/{seed}", []).extend(problems(report))
        return found

    def _follow(self, case: Case, root: Path) -> dict:
        """Save a case whose info changes at its end, from its preparation on."""
        started = []

        def prepared(key: str):
            command = [self.program, *SAVE, *self.options, self._url, key]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            program = subprocess.Popen([*map(str, command)], **pipes, env=environment())
            started.append(program)
            reference.exists_within(PREPARATION, case, root, lambda: program.poll() is not None)

        key = publish(case, self._client, root, prepared)
        output, log = started[0].communicate(timeout=reference.TIMEOUT)
        return outcomes([key], output, log)[key]


class ResidentWriter:
    """blisswriter 3.0.0 in a process that saves one scan after the other."""

    def __init__(self, url: str, options: list[str]):
        if options:
            raise ValueError(f"the reference has no options, not {options}")
        command = [sys.executable, reference.PYTHON / "reference.py", "--redis", url, "--resident"]
        # Without a buffer, a line that was printed is one that `select` sees.
        self._process = subprocess.Popen(
            command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def save(self, case: Case, client: redis.Redis, root: Path) -> str:
        def ask(key: str):
            self._process.stdin.write(f"{key}\n".encode())

        def prepared(key: str):
            ask(key)
            reference.exists_within(PREPARATION, case, root, self._has_answered)

        key = publish(case, client, root, prepared if case.is_followed else lambda key: None)
        if not case.is_followed:
            ask(key)
        while line := self._line():
            if line.startswith(b"{"):
                return json.loads(line)["state"]
        raise RuntimeError(f"the reference has ended, with status {self._process.wait()}")

    def _has_answered(self, timeout: float = 0) -> bool:
        return bool(select.select([self._process.stdout], [], [], timeout)[0])

    def _line(self) -> bytes:
        if not self._has_answered(reference.TIMEOUT):
            raise subprocess.TimeoutExpired(self._process.args, reference.TIMEOUT)
        return self._process.stdout.readline()


def problems(report: dict) -> Iterator[str]:
    """Return the problems in a report of `check`. Random layouts have links to nothing, and entries without an end."""
    findings = [*report["findings"], *(finding for scan in report["scans"] for finding in scan["findings"])]
    wrong = [finding for finding in findings if finding["severity"] == "problem"]
    yield from (f"{one['path']}: {one['text']}" for one in wrong if "leads nowhere" not in one["text"])
    if not wrong and any(scan["scan"] and not scan["good"] for scan in report["scans"]):
        yield f"not good, without a problem: {report}"


def described_when_closed(case: Case, root: Path) -> dict | None:
    """Return the descriptions of the files of the reference, which may need a moment to close them."""
    for _ in range(ATTEMPTS):
        try:
            return reference.described(case, root)
        except (KeyError, OSError, RuntimeError):
            time.sleep(0.1)
    return None


def environment() -> dict:
    return os.environ | {"RUST_BACKTRACE": "1"}


def outcomes(keys: list[str], output: str, log: str) -> dict[str, dict]:
    """Return what our program said about each scan."""
    reports = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    found = {report["key"]: report for report in reports}
    crashed = {"state": "CRASHED", "reason": log[-3000:], "warnings": []}
    return {key: found.get(key, crashed) for key in keys}
