//! The device that Tango knows: hands on what it is asked.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::logs::{Level, set_tango_level, tango_level};
use super::makedirs::makedirs;
use super::properties::{Properties, Unread};
use super::scans::{self, Limit};
use super::{resources, spectra};
use crate::device::Device;
use crate::failure::DevFailed;
use crate::handle::Handle;
use crate::value::{DevState, Value};

/// Scans that ended longer ago are forgotten on request.
const JUST_ENDED: Duration = Duration::from_secs(5);

const ORIGIN: &str = "NexusWriter";

/// A device of the class, as long as the server has it.
pub struct NexusWriter {
    engine: Arc<Engine>,
    handle: Handle,
}

impl NexusWriter {
    /// The device of an engine.
    ///
    /// # Errors
    /// If its properties are wrong.
    pub fn new(engine: Arc<Engine>, handle: Handle) -> Result<NexusWriter, DevFailed> {
        engine.adopt(&handle, properties(&handle))?;
        Ok(NexusWriter { engine, handle })
    }
}

fn properties(handle: &Handle) -> Result<Properties, Unread> {
    Properties::read(|name| handle.property(name))
}

impl Device for NexusWriter {
    fn state(&self) -> DevState {
        self.engine.state()
    }

    fn status(&self) -> String {
        self.engine.status()
    }

    fn init(&self) -> Result<(), DevFailed> {
        self.engine.restart(|| properties(&self.handle))
    }

    fn command(&self, name: &str, argument: Value) -> Result<Value, DevFailed> {
        let engine = &self.engine;
        match name {
            "start" => engine.start(|| properties(&self.handle))?,
            "stop" => engine.stop()?,
            "purge_scans" => engine.records().purge(JUST_ENDED),
            name => return about_argument(engine, name, &text(argument)?),
        }
        Ok(Value::Void)
    }

    fn read(&self, attribute: &str) -> Result<Value, DevFailed> {
        match attribute {
            "resource_profiling" => Ok(Value::Enum(self.engine.profile())),
            "writer_log_level" => Ok(Value::Enum(self.engine.house().logs.level() as i16)),
            "tango_log_level" => Ok(Value::Enum(tango_level(&self.handle))),
            name => spectra::read(&self.engine, name).ok_or_else(|| unknown(name)),
        }
    }

    fn write(&self, attribute: &str, value: Value) -> Result<(), DevFailed> {
        let Value::Enum(number) = value else {
            return Err(mistyped(&value));
        };
        match attribute {
            "resource_profiling" => {
                self.engine.set_profile(number);
                resources::log(&self.engine);
            }
            "writer_log_level" => {
                // Without a level of its own, a logger of Python has that of the root, which warns.
                let level = Level::written(number)?.unwrap_or(Level::Warn);
                self.engine.house().logs.set_level(level);
            }
            "tango_log_level" => set_tango_level(&self.handle, Level::written(number)?),
            name => return Err(unknown(name)),
        }
        Ok(())
    }

    fn remove(&self) {
        self.engine.disown(&self.handle);
    }
}

/// The commands that are about a scan or a path.
fn about_argument(engine: &Engine, command: &str, argument: &str) -> Result<Value, DevFailed> {
    Ok(match command {
        "makedirs" => done(makedirs(argument)?),
        "scan_exists" => Value::Boolean(engine.records().find(argument).is_some()),
        "scan_state" => Value::State(scans::state(engine, argument)?),
        "scan_state_reason" => Value::Text(scans::reason(engine, argument)?),
        "scan_url" | "scan_uri" => Value::Texts(scans::urls(engine, argument)?),
        "scan_has_write_permissions" => {
            Value::Boolean(scans::has_write_permissions(engine, argument)?)
        }
        "scan_has_required_disk_space" => {
            let wrong = scans::disk_space(engine, argument, Limit::Required)?;
            Value::Boolean(wrong.is_empty())
        }
        "scan_disk_space_error" => {
            Value::Text(scans::disk_space(engine, argument, Limit::Required)?)
        }
        "scan_disk_space_warning" => {
            Value::Text(scans::disk_space(engine, argument, Limit::Recommended)?)
        }
        "stop_scan" => done(scans::stop(engine, argument)?),
        "kill_scan" => done(scans::kill(engine, argument)?),
        name => return Err(unknown(name)),
    })
}

fn done((): ()) -> Value {
    Value::Void
}

fn text(value: Value) -> Result<String, DevFailed> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(mistyped(&other)),
    }
}

fn mistyped(value: &Value) -> DevFailed {
    DevFailed::python(
        "TypeError",
        format_args!("unexpected value {value:?}"),
        ORIGIN,
    )
}

fn unknown(name: &str) -> DevFailed {
    DevFailed::python(
        "AttributeError",
        format_args!("{name} is not known"),
        ORIGIN,
    )
}
