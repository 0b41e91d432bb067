"""Random cases: scans as BLISS could publish them, and scans that it should not publish.

`recorded` makes cases of recorded scans, `composed` makes scans of its own, `mutations` changes them. `comparison`
lets the reference writer and ours save them, `documented` knows on which differences we insist, and `reduction` makes
a case smaller that shows another one.
"""

import random
from copy import deepcopy

from cases import Case

from . import composed, mutations, published, recorded

LAYOUTS = ("classic", "h5maps")


def make(layout: str, seed: int) -> Case:
    """Return the random case of a seed, always the same one."""
    rng = random.Random(f"{layout} {seed}")
    if layout == "h5maps":
        case = published.scan(rng)
    else:
        case = composed.scan(rng) if rng.random() < 0.3 else deepcopy(rng.choice(recorded.scans()))
        mutations.change(case, rng)
    case.name = f"{layout}/{seed}"
    return case
