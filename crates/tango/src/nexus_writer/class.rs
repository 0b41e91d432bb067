//! The commands, attributes and properties of the class.

use crate::class::{AttributeAccess, DeviceAttribute, DeviceClass, DeviceCommand, DeviceProperty};
use crate::value::TangoType;

/// Names, types and descriptions are those of `blisswriter` 2.0.0. The names by which BLISS 1.11 knows some
/// of them follow, so that it finds its writer too.
pub static CLASS: DeviceClass = DeviceClass {
    name: "NexusWriter",
    commands: &[
        command("makedirs", "absolute path", TangoType::Void),
        action("purge_scans"),
        DeviceCommand {
            output_doc: "error message",
            ..command("scan_disk_space_error", "scan name", TangoType::Text)
        },
        command("scan_disk_space_warning", "scan name", TangoType::Text),
        command("scan_exists", "scan name", TangoType::Boolean),
        command(
            "scan_has_required_disk_space",
            "scan name",
            TangoType::Boolean,
        ),
        command(
            "scan_has_write_permissions",
            "scan name",
            TangoType::Boolean,
        ),
        command("scan_state", "scan", TangoType::State),
        command("scan_state_reason", "scan name", TangoType::Text),
        command("scan_url", "scan  name", TangoType::Texts),
        action("start"),
        action("stop"),
        command("stop_scan", "scan name", TangoType::Void),
        command("scan_uri", "scan  name", TangoType::Texts),
        command("kill_scan", "scan name", TangoType::Void),
    ],
    attributes: &[
        choice("resource_profiling", &PROFILES),
        choice("writer_log_level", &LEVELS),
        choice("tango_log_level", &LEVELS),
        spectrum("scan_states", TangoType::State),
        spectrum("scan_urls", TangoType::Text),
        spectrum("scan_names", TangoType::Text),
        spectrum("scan_start", TangoType::Text),
        spectrum("scan_end", TangoType::Text),
        spectrum("scan_info", TangoType::Text),
        spectrum("scan_duration", TangoType::Text),
        spectrum("scan_progress", TangoType::Text),
        spectrum("scan_states_info", TangoType::Text),
        spectrum("scan_uris", TangoType::Text),
    ],
    properties: &[
        DeviceProperty {
            name: "session",
            doc: "BLISS session name",
            default: None,
        },
        switch(
            "keepshape",
            "Keep the shape of multi-dimensional grid scans",
        ),
        switch("multivalue_positioners", "Group positioner values"),
        switch(
            "enable_external_nonhdf5",
            "Allow external non-HDF5 files (absolute links)",
        ),
        switch(
            "disable_external_hdf5",
            "Do not use virtual datasets to external HDF5 files",
        ),
        switch(
            "copy_non_external",
            "Copy the data when external linking is disabled",
        ),
        switch(
            "noconfig",
            "Ignore the extra writer information published by BLISS",
        ),
        DeviceProperty {
            name: "required_disk_space",
            doc: "MB",
            default: Some("200"),
        },
        DeviceProperty {
            name: "recommended_disk_space",
            doc: "MB",
            default: Some("1024"),
        },
    ],
};

/// Largest number of rows of a spectrum.
const ROWS: usize = 10_000;

const PROFILES: [&str; 10] = [
    "OFF", "CPU30", "CPU50", "CPU100", "WALL30", "WALL50", "WALL100", "MEM30", "MEM50", "MEM100",
];

const LEVELS: [&str; 6] = ["NOTSET", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/// What Tango reports for arguments and results without a description.
const NO_DESCRIPTION: &str = "Uninitialised";

const fn command(name: &'static str, argument: &'static str, output: TangoType) -> DeviceCommand {
    DeviceCommand {
        name,
        input: TangoType::Text,
        input_doc: argument,
        output,
        output_doc: NO_DESCRIPTION,
    }
}

const fn action(name: &'static str) -> DeviceCommand {
    DeviceCommand {
        name,
        input: TangoType::Void,
        input_doc: NO_DESCRIPTION,
        output: TangoType::Void,
        output_doc: NO_DESCRIPTION,
    }
}

const fn choice(name: &'static str, labels: &'static [&'static str]) -> DeviceAttribute {
    DeviceAttribute {
        name,
        data: TangoType::Enum,
        spectrum: None,
        access: AttributeAccess::ReadWrite,
        labels,
    }
}

const fn spectrum(name: &'static str, data: TangoType) -> DeviceAttribute {
    DeviceAttribute {
        name,
        data,
        spectrum: Some(ROWS),
        access: AttributeAccess::Read,
        labels: &[],
    }
}

const fn switch(name: &'static str, doc: &'static str) -> DeviceProperty {
    DeviceProperty {
        name,
        doc,
        default: Some("False"),
    }
}
