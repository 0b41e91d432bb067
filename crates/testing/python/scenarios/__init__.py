"""Scenarios: scans with mappings (`h5maps`), published with the genuine blissdata.

A scenario is a function that takes a `ScenarioFixture` and publishes scans on it. See `python -m scenarios`.
"""

from . import detectors, endings, static, streams, versions

# Scenarios that blisswriter 3.0.0 can save, so that there are files of it to compare with.
RECORDED = [
    static.static_items,
    static.static_values,
    static.static_merge,
    static.invalid_items,
    static.unwritable_items,
    streams.streams_short,
    streams.streams_long,
    streams.every_dtype,
    streams.dynamic_shapes,
    streams.several_files,
    streams.file_backed,
    versions.two_versions,
    versions.streams_change,
    versions.shared_file,
    detectors.lima_references,
    detectors.lima_files,
    detectors.lima_acquisitions,
    detectors.lima_aborted,
    detectors.lima2_master,
    endings.failures,
    endings.not_saved,
    endings.sequence,
    endings.mapped_sequence,
    endings.trimmed,
    endings.aborted,
]

# blisswriter 3.0.0 waits for ever for the end of a stream that is not sealed.
UNRECORDED = [endings.unsealed, endings.deleted]

SCENARIOS = {scenario.__name__: scenario for scenario in [*RECORDED, *UNRECORDED]}
