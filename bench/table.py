"""The table that the benchmark prints: a pair of lines per workload, and how they compare."""

HEAD = ("workload", "writer", "wall s", "- start", "CPU s", "peak MB", "file MB", "data")
WIDTHS = (9, 13, 9, 9, 9, 9, 9, 8)
PEAK_LIMIT = 150e6
FILE_LIMIT = 1.05
BUSY = 1.0
SPEED_WANTED = {"step": 10}
SPEED_WANTED_ELSEWHERE = 5


def table(results: list[dict], load: float) -> str:
    """The results of all workloads as text; see `run.py` for the keys of a result.

    `load` is how many processes of others kept the machine busy before.
    """
    lines = [row(HEAD), row(["-" * (width - 1) for width in WIDTHS])]
    for result in results:
        lines += workload_lines(result) + [""]
    lines.append("wall: whole process; - start: without Python's start and imports; medians of all repetitions.")
    if load > BUSY:
        lines.append(f"The machine was busy before (load {load:.1f}): wall times are too long, CPU times tell more.")
    return "\n".join(lines)


def workload_lines(result: dict) -> list[str]:
    writers = result["writers"]
    lines = []
    for number, (name, figures) in enumerate(writers.items()):
        lines.append(row([result["workload"] if number == 0 else "", name, *cells(figures)]))
    if len(writers) == 2 and not any(figures["problems"] for figures in writers.values()):
        lines.append(row(["", "ratio", *ratios(*writers.values())]))
        lines += [f"{'':{WIDTHS[0]}}{goal}" for goal in goals(result["workload"], *writers.values())]
    return lines


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


def goals(workload: str, reference: dict, ours: dict) -> list[str]:
    """The goals that are not reached."""
    wanted = SPEED_WANTED.get(workload, SPEED_WANTED_ELSEWHERE)
    missed = []
    if reference["wall"] < wanted * ours["wall"]:
        missed.append(f"goal missed: {wanted} times less wall time")
    if ours["peak"] > PEAK_LIMIT:
        missed.append(f"goal missed: peak memory under {PEAK_LIMIT / 1e6:.0f} MB")
    if ours["file"] > FILE_LIMIT * reference["file"]:
        missed.append("goal missed: file no more than 5 % larger")
    return missed


def row(values) -> str:
    aligned = "<<>>>>>>"
    return " ".join(f"{v:{side}{width}}" for v, side, width in zip(values, aligned, WIDTHS)).rstrip()
