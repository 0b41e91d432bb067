"""What devices a scan has, and where their data are saved."""

from ..nexus.devices import device_info as all_devices_info  # noqa: F401
from ..nexus.mapping import get_primary_dataset_path  # noqa: F401
