//! A device that offers nothing, and cannot be created as long as the file of its property exists.

use std::path::Path;
use std::sync::Arc;

use tango::{
    DevFailed, DevState, Device, DeviceClass, DeviceContext, DeviceFactory, DeviceProperty,
    TangoValue,
};

static SILENT: DeviceClass = DeviceClass {
    name: "Silent",
    commands: &[],
    attributes: &[],
    properties: &[DeviceProperty {
        name: "unless",
        doc: "A file that must not exist",
        default: None,
    }],
};

pub struct SilentFactory;

struct Silent;

impl DeviceFactory for SilentFactory {
    fn class(&self) -> &'static DeviceClass {
        &SILENT
    }

    fn create(&self, context: DeviceContext) -> Result<Arc<dyn Device>, DevFailed> {
        let unless = context
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

    fn command(&self, name: &str, _: TangoValue) -> Result<TangoValue, DevFailed> {
        Err(DevFailed::python("NotImplementedError", name, "Silent"))
    }

    fn read(&self, attribute: &str) -> Result<TangoValue, DevFailed> {
        Err(DevFailed::python(
            "NotImplementedError",
            attribute,
            "Silent",
        ))
    }

    fn write(&self, attribute: &str, _: TangoValue) -> Result<(), DevFailed> {
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
