//! The commands and properties of the class.

use crate::class::{DeviceClass, DeviceCommand, DeviceProperty};
use crate::value::TangoType;

/// The class `BlissWriter`. Its texts are those of the device in Python.
pub const CLASS: DeviceClass = DeviceClass {
    name: "BlissWriter",
    commands: &[
        DeviceCommand {
            name: "SaveScan",
            input: TangoType::Text,
            input_doc: SCAN_KEY,
            output: TangoType::Boolean,
            output_doc: ":return: (not documented)\n:rtype: DevBoolean",
        },
        DeviceCommand {
            name: "scan_state",
            input: TangoType::Text,
            input_doc: SCAN_KEY,
            output: TangoType::State,
            output_doc: ":return: (not documented)\n:rtype: DevState",
        },
        DeviceCommand {
            name: "scan_state_reason",
            input: TangoType::Text,
            input_doc: SCAN_KEY,
            output: TangoType::Text,
            output_doc: STRING,
        },
        DeviceCommand {
            name: "GetWarningCount",
            input: TangoType::Text,
            input_doc: SCAN_KEY,
            output: TangoType::Long64,
            output_doc: ":return: (not documented)\n:rtype: DevLong64",
        },
        DeviceCommand {
            name: "GetWarning",
            input: TangoType::Text,
            input_doc: ":param json_value: (not documented)\n:type json_value: DevString",
            output: TangoType::Text,
            output_doc: STRING,
        },
        switch("Start"),
        switch("Stop"),
    ],
    attributes: &[],
    properties: &[DeviceProperty {
        name: "redis_url",
        doc: "URL of the blissdata Redis database",
        default: None,
    }],
};

const SCAN_KEY: &str = ":param scan_key: (not documented)\n:type scan_key: DevString";
const STRING: &str = ":return: (not documented)\n:rtype: DevString";

const fn switch(name: &'static str) -> DeviceCommand {
    DeviceCommand {
        name,
        input: TangoType::Void,
        input_doc: "No input parameter (DevVoid)",
        output: TangoType::Void,
        output_doc: "No output parameter (DevVoid)",
    }
}
