"""The table of `./dev bench tango`: figures of both services, and how they compare."""

import statistics

# The LATE of `device_client.cpp`.
BUSY_LIMIT = 0.050
LOADED = 1.0
WIDTHS = (46, 12, 12, 9)


def table(reference: list[dict], ours: list[dict], load: float) -> str:
    """`reference` and `ours` are the rounds of each: see `device.py` for their keys."""

    def compared(title: str, pick, text, less: bool = True, worst: bool = False) -> str:
        fold = max if worst else statistics.median
        theirs, mine = (fold(pick(one) for one in rounds) for rounds in (reference, ours))
        ratio = theirs / mine if less else mine / theirs
        return row(title, text(theirs), text(mine), f"{ratio:.1f} x")

    lines = [
        "The device NexusWriter, ours and that of blisswriter 2.0.0",
        "",
        row("", "blisswriter", "ours", "ratio"),
        row(*("-" * (width - 1) for width in WIDTHS)),
        compared("start until ready", lambda one: one["ready"], duration),
        compared("start until it takes scans", lambda one: one["on"], duration),
        compared("memory at rest", lambda one: one["rest"], megabytes),
        compared("memory at most", lambda one: one["peak"], megabytes),
        "",
    ]
    for kind in ours[0]["rates"]:
        name, threads = kind.rsplit("/", 1)
        clients = "1 client" if threads == "1" else f"{threads} clients"
        lines += [
            compared(f"{name}, {clients}: calls/s", lambda one: rate(one["rates"][kind]), number, less=False),
            compared("  p50", lambda one: one["rates"][kind]["p50"], duration),
            compared("  p99", lambda one: one["rates"][kind]["p99"], duration),
            compared("  CPU time of a call", lambda one: one["rates"][kind]["cpu"], duration),
        ]
    for state, title in (("idle", "answers, nothing to do"), ("busy", "answers, 20 scans are written")):
        lines += [
            "",
            compared(f"{title}: p50", lambda one: one[state]["p50"], duration),
            compared("  p99", lambda one: one[state]["p99"], duration),
            compared("  slowest of all", lambda one: one[state]["max"], duration, worst=True),
            compared("  a thread that only sleeps wakes up late by", lambda one: one[state]["wake"], duration, worst=True),
        ]
    late, calls = (sum(one["busy"][key] for one in ours) for key in ("late", "calls"))
    if late:
        slowest = max((one["busy"] for one in ours), key=lambda busy: busy["max"])
        lines += [
            f"goal missed: {late} of {calls:,} answers came after more than {duration(BUSY_LIMIT)} while 20 scans"
            f" were written; the slowest to {slowest['slowest']['request']}, while the machine itself was late by"
            f" {duration(slowest['wake'])}"
        ]
    lines += ["", "Medians of all rounds. Ratios say how many times better ours is."]
    if load > LOADED:
        lines.append(f"The machine was busy before (load {load:.1f}): trust the ratios, not the times.")
    return "\n".join(lines)


def rate(answers: dict) -> float:
    return answers["calls"] / answers["seconds"]


def duration(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.2f} s"


def megabytes(size: float) -> str:
    return f"{size / 1e6:.0f} MB"


def number(value: float) -> str:
    return f"{value:,.0f}"


def row(title, theirs, mine, ratio) -> str:
    cells = (theirs, mine, ratio)
    return f"{title:{WIDTHS[0]}}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS[1:]))
