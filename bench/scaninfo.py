"""What the info of a scan says whatever the layout. `h5maps` and `classic` add how to lay out a file.

Both offer the same functions, so that everything else works with either:

    dataset_path(scan, channel)      where a writer has to put the points of a channel
    stream_info(scan, channel, path) what goes along with the stream of a channel
    prepared(scan, path)             the scan's info at the state PREPARED
    closed(scan, path, info)         the one at the state CLOSED: end time, end reason, end positions
    finished(root, scan)             whether an open file holds a scan to its end
    problems(root, scan)             what is wrong with a scan in a file, beside its data
"""

from datetime import datetime, timezone

from workloads import Scan

SESSION = "bench"
MOTORS = {name: 0.125 * index for index, name in enumerate(["samx", "samy", "samz", "energy", "s1hg", "s1vg"])}


def entry_name(scan: Scan) -> str:
    return f"{scan.number}.1"


def common(scan: Scan, path: str) -> dict:
    return {
        "type": scan.name,
        "title": scan.title,
        "scan_nb": scan.number,
        "count_time": scan.count_time,
        "save": True,
        "filename": path,
        "session_name": SESSION,
        "user_name": "opid00",
        "npoints": max(channel.points for channel in scan.channels),
        "start_time": now(),
        "positioners": {"positioners_start": MOTORS},
    }


def end(info: dict) -> dict:
    """The info with what every scan adds at its end."""
    info = dict(info, end_time=now(), end_reason="SUCCESS")
    info["positioners"] = dict(info["positioners"], positioners_end=MOTORS)
    return info


def now() -> str:
    return datetime.now(timezone.utc).astimezone().isoformat()
