"""What the info of a scan says to its writer: of which kind its counters are, as far as the session of the tests has them.

That of blisswriter 2.0.0 imports counters of Mosca that BLISS 2.3 has renamed.
"""


def register_metadata_generators(user_scan_meta):
    user_scan_meta.add_categories(["NEXUSWRITER"])
    user_scan_meta.nexuswriter.set("instrument_info", instrument)
    user_scan_meta.nexuswriter.set("device_info", devices)


def instrument(scan) -> dict:
    beamline = getattr(scan.scan_saving, "beamline", "id00")
    return {"instrument_info": {"name": beamline, "name@short_name": beamline}}


def devices(scan) -> dict:
    from bliss import global_map  # It imports this module.
    from bliss.common.counter import SamplingCounter
    from bliss.controllers.mca.counter import BaseMcaCounter

    found = {}
    for counter in global_map.get_counters_iter():
        if isinstance(counter, BaseMcaCounter):
            device = {"device_type": "mca", "device_info": {"type": "mca"}}
        elif isinstance(counter, SamplingCounter):
            kind = {"type": "samplingcounter", "mode": counter.mode.name}
            device = {"device_type": "samplingcounter", "device_info": kind, "data_type": "signal"}
        else:
            device = {}
        found[counter.fullname.replace(".", ":")] = device
    return {"devices": found}
