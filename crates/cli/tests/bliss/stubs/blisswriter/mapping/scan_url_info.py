"""Where scans are saved."""

from ..writer.scan_url_info import *  # noqa: F401, F403
