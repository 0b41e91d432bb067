//! The device that Tango knows: hands on what it is asked.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::log_levels::{WriterLogLevel, set_tango_level, tango_level};
use super::makedirs::makedirs;
use super::properties::{Properties, Unread};
use super::scans::{self, Limit};
use super::{resources, spectra};
use crate::device::Device;
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::value::{DevState, TangoValue};

/// Scans that ended longer ago are forgotten on request.
const JUST_ENDED: Duration = Duration::from_secs(5);

const ORIGIN: &str = "NexusWriter";

/// A device of the class, as long as the server has it.
pub struct NexusWriter {
    engine: Arc<Engine>,
    context: DeviceContext,
}

impl NexusWriter {
    /// The device of an engine.
    ///
    /// # Errors
    /// If its properties are wrong.
    pub fn new(engine: Arc<Engine>, context: DeviceContext) -> Result<NexusWriter, DevFailed> {
        engine.adopt(&context, properties(&context))?;
        Ok(NexusWriter { engine, context })
    }
}

fn properties(context: &DeviceContext) -> Result<Properties, Unread> {
    Properties::read(|name| context.property(name))
}

impl Device for NexusWriter {
    fn state(&self) -> DevState {
        self.engine.state()
    }

    fn status(&self) -> String {
        self.engine.status()
    }

    fn init(&self) -> Result<(), DevFailed> {
        self.engine.restart(|| properties(&self.context))
    }

    fn command(&self, name: &str, argument: TangoValue) -> Result<TangoValue, DevFailed> {
        let engine = &self.engine;
        match name {
            "start" => engine.start(|| properties(&self.context))?,
            "stop" => engine.stop()?,
            "purge_scans" => engine.records().purge(JUST_ENDED),
            name => return about_argument(engine, name, &text(argument)?),
        }
        Ok(TangoValue::Void)
    }

    fn read(&self, attribute: &str) -> Result<TangoValue, DevFailed> {
        match attribute {
            "resource_profiling" => Ok(TangoValue::Enum(self.engine.profile())),
            "writer_log_level" => Ok(TangoValue::Enum(
                self.engine.house().log_control.level() as i16
            )),
            "tango_log_level" => Ok(TangoValue::Enum(tango_level(&self.context))),
            name => spectra::read(&self.engine, name).ok_or_else(|| unknown(name)),
        }
    }

    fn write(&self, attribute: &str, value: TangoValue) -> Result<(), DevFailed> {
        let TangoValue::Enum(number) = value else {
            return Err(mistyped(&value));
        };
        match attribute {
            "resource_profiling" => {
                self.engine.set_profile(number);
                resources::log(&self.engine);
            }
            "writer_log_level" => {
                // Without a level of its own, a logger of Python has that of the root, which warns.
                let level = WriterLogLevel::written(number)?.unwrap_or(WriterLogLevel::Warn);
                self.engine.house().log_control.set_level(level);
            }
            "tango_log_level" => set_tango_level(&self.context, WriterLogLevel::written(number)?),
            name => return Err(unknown(name)),
        }
        Ok(())
    }

    fn remove(&self) {
        self.engine.disown(&self.context);
    }
}

/// The commands that are about a scan or a path.
fn about_argument(engine: &Engine, command: &str, argument: &str) -> Result<TangoValue, DevFailed> {
    Ok(match command {
        "makedirs" => done(makedirs(argument)?),
        "scan_exists" => TangoValue::Boolean(engine.records().find(argument).is_some()),
        "scan_state" => TangoValue::State(scans::state(engine, argument)?),
        "scan_state_reason" => TangoValue::Text(scans::reason(engine, argument)?),
        "scan_url" | "scan_uri" => TangoValue::Texts(scans::urls(engine, argument)?),
        "scan_has_write_permissions" => {
            TangoValue::Boolean(scans::has_write_permissions(engine, argument)?)
        }
        "scan_has_required_disk_space" => {
            let wrong = scans::disk_space(engine, argument, Limit::Required)?;
            TangoValue::Boolean(wrong.is_empty())
        }
        "scan_disk_space_error" => {
            TangoValue::Text(scans::disk_space(engine, argument, Limit::Required)?)
        }
        "scan_disk_space_warning" => {
            TangoValue::Text(scans::disk_space(engine, argument, Limit::Recommended)?)
        }
        "stop_scan" => done(scans::stop(engine, argument)?),
        "kill_scan" => done(scans::kill(engine, argument)?),
        name => return Err(unknown(name)),
    })
}

fn done((): ()) -> TangoValue {
    TangoValue::Void
}

fn text(value: TangoValue) -> Result<String, DevFailed> {
    match value {
        TangoValue::Text(text) => Ok(text),
        other => Err(mistyped(&other)),
    }
}

fn mistyped(value: &TangoValue) -> DevFailed {
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
