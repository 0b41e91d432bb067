"""Run the scans of a recording in the BLISS session `demo`: `session.py NAME BASE_PATH`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# This package, and what the tests with sessions of BLISS put in place of modules that are missing.
sys.path[0:1] = [str(HERE.parent), str(HERE.parents[2] / "cli/tests/bliss")]

from absent import Absent  # noqa: E402

sys.meta_path.insert(0, Absent())

import bliss  # noqa: E402, F401: it patches Python for gevent
from bliss import current_session  # noqa: E402
from bliss.config import static  # noqa: E402


def main(name: str, base_path: str):
    static.get_config().get("demo").setup()
    scan_saving = current_session.scan_saving
    scan_saving.base_path = base_path
    scan_saving.data_filename = name
    scan_saving.writer = "external"
    from bliss_devices import scans

    getattr(scans, name)()


main(*sys.argv[1:])
