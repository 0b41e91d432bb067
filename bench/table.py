"""The table that the benchmark prints: a pair of lines per workload, and how they compare."""

from peers import REFERENCE, Peer

HEAD = ("workload", "writer", "wall s", "- start", "CPU s", "peak MB", "file MB", "data")
WIDTHS = (9, 13, 9, 9, 9, 9, 9, 8)
PEAK_LIMIT = 100e6
FILE_LIMIT = 1.01
BUSY = 1.0
RECEIVE, ENCODE = "receive", "receive and encode"
MEASURES = {"wall": "wall time", "work": "wall time without start"}


def table(results: list[dict], peer: Peer, load: float) -> str:
    """The results of all workloads as text; see `run.py` for the keys of a result.

    `load` is how many processes of others kept the machine busy before.
    """
    lines = [f"nexus-writer and {peer.title}", "", row(HEAD), row(["-" * (width - 1) for width in WIDTHS])]
    for result in results:
        lines += workload_lines(result, peer) + [""]
    lines += [*peer.notes, "Medians of all repetitions."]
    return "\n".join(lines + busy(load))


def busy(load: float) -> list[str]:
    """A warning, if others kept the machine busy."""
    text = f"The machine was busy before (load {load:.1f}): wall times are too long, CPU times say more."
    return [text] if load > BUSY else []


def workload_lines(result: dict, peer: Peer) -> list[str]:
    """The reference (the first writer), then each of ours with how it compares."""
    reference, lines = None, []
    for name, figures in result["writers"].items():
        lines.append(row(["" if lines else result["workload"], name, *cells(figures)]))
        if reference and not reference["problems"] and not figures["problems"]:
            lines.append(row(["", "  ratio", *ratios(reference, figures)]))
            lines += [f"{'':{WIDTHS[0]}} {goal}" for goal in goals(peer, reference, figures)]
        if name == REFERENCE:
            reference = figures
        else:
            lines.append(f"{'':{WIDTHS[0]}} {floor(result, figures)}")
    return lines


def floor(result: dict, figures: dict) -> str:
    """How far a writer is from what no writer can beat, and what a point costs it."""
    times = (f"{figures['wall'] / seconds:.1f} x {name} ({seconds:.3f} s)" for name, seconds in result["floors"].items())
    return f"  {', '.join(times)}; CPU {1e9 * figures['cpu'] / result['points']:.0f} ns per point"


def cells(figures: dict) -> list[str]:
    return [
        f"{figures['wall']:.2f}",
        f"{figures['work']:.2f}",
        f"{figures['cpu']:.2f}",
        f"{figures['peak'] / 1e6:.0f}",
        f"{figures['file'] / 1e6:.2f}",
        "wrong" if figures["problems"] else "correct",
    ]


def ratios(reference: dict, ours: dict) -> list[str]:
    """How many times less ours takes; the file the other way round, as a part of the reference's."""
    less = [f"{reference[key] / ours[key]:.1f} x" for key in ("wall", "work", "cpu", "peak")]
    return [*less, f"{100 * ours['file'] / reference['file']:.1f} %", ""]


def goals(peer: Peer, reference: dict, ours: dict) -> list[str]:
    """The goals that are not reached."""
    missed = []
    if reference[peer.measure] < peer.wanted * ours[peer.measure]:
        missed.append(f"goal missed: {peer.wanted} times less {MEASURES[peer.measure]}")
    if ours["peak"] > PEAK_LIMIT:
        missed.append(f"goal missed: peak memory under {PEAK_LIMIT / 1e6:.0f} MB")
    if ours["file"] > FILE_LIMIT * reference["file"]:
        missed.append(f"goal missed: file no more than {FILE_LIMIT:.0%} of the other")
    return missed


def row(values) -> str:
    aligned = "<<>>>>>>"
    return " ".join(f"{v:{side}{width}}" for v, side, width in zip(values, aligned, WIDTHS)).rstrip()
