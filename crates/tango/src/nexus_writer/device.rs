//! The device that Tango knows, which forwards requests to its service.

use std::sync::Arc;
use std::time::Duration;

use super::log_levels::{WriterLogLevel, set_tango_level, tango_level};
use super::makedirs::makedirs;
use super::properties::{PropertiesError, WriterProperties};
use super::scans::{self, DiskSpaceLimit};
use super::session_service::SessionService;
use super::{resources, scan_attributes};
use crate::device::Device;
use crate::device_context::DeviceContext;
use crate::failure::DevFailed;
use crate::value::{DevState, TangoValue};

/// Scans that ended earlier are forgotten on request.
const JUST_ENDED: Duration = Duration::from_secs(5);

const ORIGIN: &str = "NexusWriter";

/// A device of the class, as long as the server has it.
pub struct NexusWriter {
    service: Arc<SessionService>,
    context: DeviceContext,
}

impl NexusWriter {
    /// Creates the device of a service.
    ///
    /// # Errors
    /// Fails if its properties are wrong.
    pub fn new(
        service: Arc<SessionService>,
        context: DeviceContext,
    ) -> Result<NexusWriter, DevFailed> {
        let read = properties(&service, &context);
        service.attach_device(&context, read)?;
        Ok(NexusWriter { service, context })
    }
}

fn properties(
    service: &SessionService,
    context: &DeviceContext,
) -> Result<WriterProperties, PropertiesError> {
    let configuration = service.server_context().configuration.as_ref();
    WriterProperties::read(|name| context.property(name), configuration)
}

impl Device for NexusWriter {
    fn state(&self) -> DevState {
        self.service.state()
    }

    fn status(&self) -> String {
        self.service.status()
    }

    fn init(&self) -> Result<(), DevFailed> {
        self.service
            .restart(|| properties(&self.service, &self.context))
    }

    fn command(&self, name: &str, argument: TangoValue) -> Result<TangoValue, DevFailed> {
        let service = &self.service;
        match name {
            "start" => service.start(|| properties(service, &self.context))?,
            "stop" => service.stop()?,
            "purge_scans" => service.records().purge(JUST_ENDED),
            name => return command_with_text(service, name, &text(argument)?),
        }
        Ok(TangoValue::Void)
    }

    fn read(&self, attribute: &str) -> Result<TangoValue, DevFailed> {
        match attribute {
            "resource_profiling" => Ok(TangoValue::Enum(self.service.profile())),
            "writer_log_level" => Ok(TangoValue::Enum(
                self.service.server_context().log_control.level() as i16,
            )),
            "tango_log_level" => Ok(TangoValue::Enum(tango_level(&self.context))),
            name => scan_attributes::read(&self.service, name).ok_or_else(|| unknown(name)),
        }
    }

    fn write(&self, attribute: &str, value: TangoValue) -> Result<(), DevFailed> {
        let TangoValue::Enum(number) = value else {
            return Err(mistyped(&value));
        };
        match attribute {
            "resource_profiling" => {
                self.service.set_profile(number);
                resources::log(&self.service);
            }
            "writer_log_level" => {
                // In Python, a logger without a level has that of the root logger, which is WARN.
                let level = WriterLogLevel::from_number(number)?.unwrap_or(WriterLogLevel::Warn);
                self.service.server_context().log_control.set_level(level);
            }
            "tango_log_level" => {
                set_tango_level(&self.context, WriterLogLevel::from_number(number)?)
            }
            name => return Err(unknown(name)),
        }
        Ok(())
    }

    fn remove(&self) {
        self.service.detach_device(&self.context);
    }
}

/// Executes a command about a scan or a path.
fn command_with_text(
    service: &SessionService,
    command: &str,
    argument: &str,
) -> Result<TangoValue, DevFailed> {
    Ok(match command {
        "makedirs" => void(makedirs(argument)?),
        "scan_exists" => TangoValue::Boolean(service.records().find(argument).is_some()),
        "scan_state" => TangoValue::State(scans::state(service, argument)?),
        "scan_state_reason" => TangoValue::Text(scans::reason(service, argument)?),
        "scan_url" | "scan_uri" => TangoValue::Texts(scans::urls(service, argument)?),
        "scan_has_write_permissions" => {
            TangoValue::Boolean(scans::has_write_permissions(service, argument)?)
        }
        "scan_has_required_disk_space" => {
            let wrong = scans::disk_space(service, argument, DiskSpaceLimit::Required)?;
            TangoValue::Boolean(wrong.is_empty())
        }
        "scan_disk_space_error" => TangoValue::Text(scans::disk_space(
            service,
            argument,
            DiskSpaceLimit::Required,
        )?),
        "scan_disk_space_warning" => TangoValue::Text(scans::disk_space(
            service,
            argument,
            DiskSpaceLimit::Recommended,
        )?),
        "stop_scan" => void(scans::stop(service, argument)?),
        "kill_scan" => void(scans::stop_known(service, argument)?),
        name => return Err(unknown(name)),
    })
}

fn void((): ()) -> TangoValue {
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
