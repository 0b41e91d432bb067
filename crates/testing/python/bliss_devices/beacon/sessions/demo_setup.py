"""Nothing has to be set up: scans.py makes the devices that a recording needs."""
