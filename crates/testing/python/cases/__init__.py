"""Cases: small scans, each with the files that a reference writer made of it, and where ours differ on purpose.

A case is a JSON file in `cases/LAYOUT` of the crate; LAYOUT is `classic` (the reference is blisswriter 2.0.0) or
`h5maps` (3.0.0). See `crates/testing/cases/README.md` for its members.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import h5tree

FOLDER = Path(__file__).resolve().parent.parent.parent / "cases"
# Takes the place of the directory of the run in all texts of a case.
ROOT = "{ROOT}"


@dataclass
class Case:
    """A case that was read from its file. The members are those of the file."""

    name: str
    info: dict
    what: str = ""
    streams: list = field(default_factory=list)
    scans: list = field(default_factory=list)
    options: list = field(default_factory=list)
    prepared: dict | None = None
    identity: dict = field(default_factory=dict)
    detector_files: list = field(default_factory=list)
    differences: list = field(default_factory=list)
    ours: dict = field(default_factory=dict)
    like: str = ""
    reference: dict = field(default_factory=dict)

    @property
    def layout(self) -> str:
        return self.name.split("/")[0]

    @property
    def is_followed(self) -> bool:
        """Whether a writer has to see the scan when it is prepared, and when it is closed."""
        return self.prepared is not None

    @property
    def expected(self) -> dict | None:
        """The files that ours are compared with, or `None` if the reference fails and no other case stands in for it."""
        return load(self.like).expected if self.like else self.reference.get("files")

    def placed(self, value, root: Path):
        """Return a value of the case with the directory `root` in its texts."""
        text = json.dumps(value).replace(ROOT, json.dumps(str(root / self.name))[1:-1])
        return json.loads(text)

    def store(self):
        """Write the case into its file."""
        path = FOLDER / f"{self.name}.json"
        content = {name: value for name, value in vars(self).items() if name != "name" and (value or name == "info")}
        if self.prepared is not None:
            content["prepared"] = self.prepared
        order = "what options identity info prepared streams detector_files scans ours like differences reference".split()
        path.write_text(h5tree.dump({name: content[name] for name in order if name in content}), encoding="utf-8")


def names() -> list[str]:
    """Return the names of all cases: `LAYOUT/NAME`."""
    return sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.glob("*/*.json"))


def load(name: str) -> Case:
    return Case(name, **json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))
