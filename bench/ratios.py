"""Ratios of paired runs, and between which two of them the true median lies."""

import math
import statistics

CONFIDENCE = 0.95


def summary(ratios: list[float]) -> dict:
    """Median of the ratios, and the narrowest symmetric interval that holds the true one with `CONFIDENCE`.

    The interval is between two of the ratios themselves. That assumes nothing about how they are spread,
    which matters because a machine that does something else makes a few runs much slower. With fewer than
    six ratios it is all of them, and `coverage` says how little that proves.
    """
    ordered = sorted(ratios)
    count = len(ordered)
    # So many ratios can be left out at each end.
    outside = max((n for n in range((count + 1) // 2) if coverage(count, n) >= CONFIDENCE), default=0)
    return {
        "median": statistics.median(ordered),
        "low": ordered[outside],
        "high": ordered[count - 1 - outside],
        "coverage": coverage(count, outside),
    }


def coverage(count: int, outside: int) -> float:
    """Probability that the true median lies between the ratios that are left when `outside` go at each end.

    It does not if no more than `outside` of `count` ratios lie on one side of it, as if a coin were thrown.
    """
    return 1 - 2 * sum(math.comb(count, n) for n in range(outside + 1)) / 2**count


def line(summary: dict) -> str:
    return f"{summary['median']:.3f} [{summary['low']:.3f}, {summary['high']:.3f}]"
