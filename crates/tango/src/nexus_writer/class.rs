//! What clients find when they ask for a NexusWriter.

use crate::class::{Access, Attribute, Class, Command, Property};
use crate::value::DataType;

/// Names, types and descriptions are those of `blisswriter` 2.0.0. After them come the names by which
/// BLISS 1.11 knew some of them, so that it finds its writer too.
pub static CLASS: Class = Class {
    name: "NexusWriter",
    commands: &[
        command("makedirs", "absolute path", DataType::Void),
        action("purge_scans"),
        Command {
            output_doc: "error message",
            ..command("scan_disk_space_error", "scan name", DataType::Text)
        },
        command("scan_disk_space_warning", "scan name", DataType::Text),
        command("scan_exists", "scan name", DataType::Boolean),
        command(
            "scan_has_required_disk_space",
            "scan name",
            DataType::Boolean,
        ),
        command("scan_has_write_permissions", "scan name", DataType::Boolean),
        command("scan_state", "scan", DataType::State),
        command("scan_state_reason", "scan name", DataType::Text),
        command("scan_url", "scan  name", DataType::Texts),
        action("start"),
        action("stop"),
        command("stop_scan", "scan name", DataType::Void),
        command("scan_uri", "scan  name", DataType::Texts),
        command("kill_scan", "scan name", DataType::Void),
    ],
    attributes: &[
        choice("resource_profiling", &PROFILES),
        choice("writer_log_level", &LEVELS),
        choice("tango_log_level", &LEVELS),
        spectrum("scan_states", DataType::State),
        spectrum("scan_urls", DataType::Text),
        spectrum("scan_names", DataType::Text),
        spectrum("scan_start", DataType::Text),
        spectrum("scan_end", DataType::Text),
        spectrum("scan_info", DataType::Text),
        spectrum("scan_duration", DataType::Text),
        spectrum("scan_progress", DataType::Text),
        spectrum("scan_states_info", DataType::Text),
        spectrum("scan_uris", DataType::Text),
    ],
    properties: &[
        Property {
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
        Property {
            name: "required_disk_space",
            doc: "MB",
            default: Some("200"),
        },
        Property {
            name: "recommended_disk_space",
            doc: "MB",
            default: Some("1024"),
        },
    ],
};

/// Most rows of a spectrum.
const ROWS: usize = 10_000;

const PROFILES: [&str; 10] = [
    "OFF", "CPU30", "CPU50", "CPU100", "WALL30", "WALL50", "WALL100", "MEM30", "MEM50", "MEM100",
];

const LEVELS: [&str; 6] = ["NOTSET", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/// What Tango tells of arguments and results that nobody describes.
const UNSAID: &str = "Uninitialised";

const fn command(name: &'static str, argument: &'static str, output: DataType) -> Command {
    Command {
        name,
        input: DataType::Text,
        input_doc: argument,
        output,
        output_doc: UNSAID,
    }
}

const fn action(name: &'static str) -> Command {
    Command {
        name,
        input: DataType::Void,
        input_doc: UNSAID,
        output: DataType::Void,
        output_doc: UNSAID,
    }
}

const fn choice(name: &'static str, labels: &'static [&'static str]) -> Attribute {
    Attribute {
        name,
        data: DataType::Enum,
        spectrum: None,
        access: Access::ReadWrite,
        labels,
    }
}

const fn spectrum(name: &'static str, data: DataType) -> Attribute {
    Attribute {
        name,
        data,
        spectrum: Some(ROWS),
        access: Access::Read,
        labels: &[],
    }
}

const fn switch(name: &'static str, doc: &'static str) -> Property {
    Property {
        name,
        doc,
        default: Some("False"),
    }
}
