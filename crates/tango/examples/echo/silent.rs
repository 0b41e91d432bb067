//! A device that offers nothing, and cannot be made as long as the file that its property names exists.

use std::path::Path;
use std::sync::Arc;

use tango::{Class, DevFailed, DevState, Device, Family, Handle, Property, Value};

static SILENT: Class = Class {
    name: "Silent",
    commands: &[],
    attributes: &[],
    properties: &[Property {
        name: "unless",
        doc: "A file that must not exist",
        default: None,
    }],
};

pub struct SilentFamily;

struct Silent;

impl Family for SilentFamily {
    fn class(&self) -> &'static Class {
        &SILENT
    }

    fn make(&self, handle: Handle) -> Result<Arc<dyn Device>, DevFailed> {
        let unless = handle
            .property("unless")
            .map_err(|error| DevFailed::python("RuntimeError", error, "Silent"))?;
        match unless
            .into_iter()
            .flatten()
            .find(|path| Path::new(path).exists())
        {
            None => Ok(Arc::new(Silent)),
            Some(path) => {
                let problem = format!("{path} is there");
                Err(DevFailed::python("ValueError", problem, "Silent"))
            }
        }
    }
}

impl Device for Silent {
    fn state(&self) -> DevState {
        DevState::On
    }

    fn status(&self) -> String {
        "silent".to_owned()
    }

    fn init(&self) -> Result<(), DevFailed> {
        Ok(())
    }

    fn command(&self, name: &str, _: Value) -> Result<Value, DevFailed> {
        Err(DevFailed::python("NotImplementedError", name, "Silent"))
    }

    fn read(&self, attribute: &str) -> Result<Value, DevFailed> {
        Err(DevFailed::python(
            "NotImplementedError",
            attribute,
            "Silent",
        ))
    }

    fn write(&self, attribute: &str, _: Value) -> Result<(), DevFailed> {
        Err(DevFailed::python(
            "NotImplementedError",
            attribute,
            "Silent",
        ))
    }

    fn remove(&self) {
        tracing::info!("a silent device is removed");
    }
}
