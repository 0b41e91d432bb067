//! What clients find when they ask.

use crate::class::{Class, Command, Property};
use crate::value::DataType;

/// The class `BlissWriter`; the texts are those of the device in Python.
pub const CLASS: Class = Class {
    name: "BlissWriter",
    commands: &[
        Command {
            name: "SaveScan",
            input: DataType::Text,
            input_doc: SCAN_KEY,
            output: DataType::Boolean,
            output_doc: ":return: (not documented)\n:rtype: DevBoolean",
        },
        Command {
            name: "scan_state",
            input: DataType::Text,
            input_doc: SCAN_KEY,
            output: DataType::State,
            output_doc: ":return: (not documented)\n:rtype: DevState",
        },
        Command {
            name: "scan_state_reason",
            input: DataType::Text,
            input_doc: SCAN_KEY,
            output: DataType::Text,
            output_doc: STRING,
        },
        Command {
            name: "GetWarningCount",
            input: DataType::Text,
            input_doc: SCAN_KEY,
            output: DataType::Long64,
            output_doc: ":return: (not documented)\n:rtype: DevLong64",
        },
        Command {
            name: "GetWarning",
            input: DataType::Text,
            input_doc: ":param json_value: (not documented)\n:type json_value: DevString",
            output: DataType::Text,
            output_doc: STRING,
        },
        switch("Start"),
        switch("Stop"),
    ],
    attributes: &[],
    properties: &[Property {
        name: "redis_url",
        doc: "URL of the blissdata Redis database",
        default: None,
    }],
};

const SCAN_KEY: &str = ":param scan_key: (not documented)\n:type scan_key: DevString";
const STRING: &str = ":return: (not documented)\n:rtype: DevString";

const fn switch(name: &'static str) -> Command {
    Command {
        name,
        input: DataType::Void,
        input_doc: "No input parameter (DevVoid)",
        output: DataType::Void,
        output_doc: "No output parameter (DevVoid)",
    }
}
