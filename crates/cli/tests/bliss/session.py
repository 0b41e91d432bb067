"""A BLISS session that does what it is told: one JSON object on each line of standard input.

    {"do": "begin", "scan": "loopscan", "arguments": [10, 0.05], "detectors": ["diode1"]}
    {"value": "1_loopscan"}

`do` is the name of a function below. A scan runs beside them from `begin` to `finish`. What BLISS refuses is
`{"error": what its user reads}`.
"""

import json
import os
import sys
from importlib import metadata, util
from pathlib import Path
from typing import NamedTuple

from absent import Absent

# What BLISS prints is for people.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

sys.meta_path.insert(0, Absent())
RELEASE = tuple(map(int, metadata.version("bliss").split(".")[:2]))
STUBS = Path(__file__).parent / "stubs/blisswriter"
if RELEASE == (2, 1):
    # That of blisswriter 1.0 is for BLISS 2.0, those of others need a newer blissdata.
    spec = util.spec_from_file_location("blisswriter.nexus.publish", STUBS / "mapping/publish.py")
    sys.modules[spec.name] = util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])
elif RELEASE >= (2, 3):
    import blisswriter

    # Where the modules are that no release of blisswriter has.
    blisswriter.__path__.append(str(STUBS))

import bliss  # noqa: E402, F401: it patches Python for gevent
import gevent  # noqa: E402
from bliss import current_session  # noqa: E402
from bliss.common import scans  # noqa: E402
from bliss.config import static  # noqa: E402
from bliss.scanning.scan import Scan, ScanAbort  # noqa: E402
from gevent.fileobject import FileObjectThread  # noqa: E402

if RELEASE >= (2, 4):
    import tango
    from bliss.scanning.writer import external_tango_mapping

    def find_session_writer(session: str, beacon_host: str | None, writer_class: str) -> str | None:
        """The device of a session. That of blisswriter has no argument for the class."""
        database = tango.Database()
        for device in database.get_device_name("*", writer_class):
            if list(database.get_device_property(device, "session")["session"]) == [session]:
                return device

    external_tango_mapping.find_session_writer = find_session_writer


class Run(NamedTuple):
    """A scan, and the greenlet that runs it."""

    scan: Scan
    greenlet: gevent.Greenlet


running: dict[str, Run] = {}


def main():
    static.get_config().get("demo").setup()
    print(json.dumps({"value": "ready"}), file=answers)
    for line in FileObjectThread(sys.stdin.buffer):
        request = json.loads(line)
        function = FUNCTIONS[request.pop("do")]
        try:
            reply = {"value": function(**request)}
        except Exception as error:
            reply = {"error": str(error)}
        print(json.dumps(reply), file=answers)


# ---- what can be done -------------------------------------------------------------------------------


def save(**where) -> str:
    """Sets attributes of SCAN_SAVING. Gives the file of the next scan."""
    scan_saving = current_session.scan_saving
    for name, value in where.items():
        setattr(scan_saving, name, value)
    return scan_saving.filename


def begin(scan: str, arguments: list, detectors: list) -> str:
    """Starts a scan, and gives the name that the writer knows it by. Axes are given by their names."""
    config = static.get_config()
    arguments = [config.get(value) if isinstance(value, str) else value for value in arguments]
    detectors = [config.get(name) for name in detectors]
    prepared = getattr(scans, scan)(*arguments, *detectors, run=False)
    run = gevent.spawn(run_scan, prepared)
    # BLISS counts scans when they run, or refuses them before.
    while not (identifier(prepared) or run.ready()):
        gevent.sleep(0.01)
    name = identifier(prepared) or "refused"
    running[name] = Run(prepared, run)
    return name


def identifier(scan) -> str | None:
    """The name that the writer knows a scan by, once BLISS has counted it."""
    if RELEASE >= (2, 4) and scan.scan_saving.writer == "mapping":
        return scan._scan_data and scan._scan_data.key
    if hasattr(scan, "identifier"):
        return scan.identifier
    # BLISS 1.11
    return scan.node and scan.node.name


def run_scan(scan):
    try:
        scan.run()
    except ScanAbort:
        # Like Ctrl-C itself it would end this process.
        raise RuntimeError("interrupted") from None


def interrupt(scan: str):
    """Ctrl-C."""
    running[scan].greenlet.kill(KeyboardInterrupt)


def finish(scan: str):
    """Waits for the end of a scan, and raises what it raised."""
    running.pop(scan).greenlet.get()


def wait_for_points(scan: str, points: int):
    """Waits until BLISS 1.11 has published this many points of a scan, or the scan has ended."""
    run = running[scan]
    while not run.greenlet.ready():
        lengths = [len(node) for node in run.scan.nodes.values() if node.type == "channel"]
        if lengths and min(lengths) >= points:
            return
        gevent.sleep(0.01)


FUNCTIONS = {
    function.__name__: function for function in (save, begin, wait_for_points, interrupt, finish)
}

main()
