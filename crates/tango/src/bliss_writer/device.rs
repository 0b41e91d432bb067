//! A device of the class `BlissWriter`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis_client::RedisUrl;
use tracing::info;
use writer::subscriber::with_causes;

use super::request_service::{HubCallError, RequestService};
use super::requested_scans::RequestedScan;
use super::warning_query::{WarningQuery, unknown};
use crate::device::Device;
use crate::device_context::DeviceContext;
use crate::failure::{DevError, DevFailed};
use crate::python;
use crate::value::{DevState, TangoValue};

/// The origin of errors that clients see.
const ORIGIN: &str = "BlissWriter";

/// A device that saves scans on request.
pub struct BlissWriter {
    context: DeviceContext,
    service: Arc<RequestService>,
    status: Mutex<DeviceStatus>,
}

struct DeviceStatus {
    state: DevState,
    /// Why the device is in FAULT.
    fault: Option<String>,
}

impl BlissWriter {
    /// Creates a device that accepts scans from the Redis of its property `redis_url`.
    ///
    /// # Errors
    /// Fails if the property is not set, or Redis cannot be reached.
    pub fn open(
        context: DeviceContext,
        service: Arc<RequestService>,
    ) -> Result<BlissWriter, DevFailed> {
        let device = BlissWriter {
            context,
            service,
            status: Mutex::new(DeviceStatus {
                state: DevState::Init,
                fault: None,
            }),
        };
        device.connect()?;
        device.set_status(DevState::On, None);
        Ok(device)
    }

    /// Refuses all scans from now on.
    pub fn refuse_scans(&self) {
        if self.state() != DevState::Fault {
            self.set_status(DevState::Off, None);
        }
    }

    fn connect(&self) -> Result<(), DevFailed> {
        let url = match self.context.property("redis_url") {
            Ok(Some(values)) => values
                .into_iter()
                .next()
                .filter(|url| !url.trim().is_empty()),
            Ok(None) => None,
            // The last known store stays in use while the database cannot be asked.
            Err(error) => match self.service.store() {
                Some(store) => return self.service.set_store(store.url().clone()),
                None => {
                    return Err(DevFailed::python(
                        "RuntimeError",
                        with_causes(&error),
                        ORIGIN,
                    ));
                }
            },
        };
        let Some(url) = url else {
            let text = format_args!("property 'redis_url' of {} is not set", self.context.name());
            return Err(DevFailed::python("ValueError", text, ORIGIN));
        };
        let url: RedisUrl = url
            .trim()
            .parse()
            .map_err(|error| DevFailed::python("ValueError", error, ORIGIN))?;
        self.service.set_store(url)
    }

    fn switch(&self, state: DevState) -> Result<(), DevFailed> {
        if self.state() == DevState::Fault {
            let text = "Device is in FAULT state and cannot be resumed. Run the Init command to \
                        reinitialize it.";
            return Err(DevFailed::python("RuntimeError", text, ORIGIN));
        }
        let device = self.context.name();
        match state {
            DevState::On => info!("{device} accepts scans"),
            _ => info!("{device} accepts no scan any more"),
        }
        self.set_status(state, None);
        Ok(())
    }

    fn set_status(&self, state: DevState, fault: Option<String>) {
        *self.current() = DeviceStatus { state, fault };
        self.context.push_state(state, &self.status());
    }

    fn save_scan(&self, key: &str) -> Result<bool, DevFailed> {
        if self.state() != DevState::On {
            info!("scan {key} is refused: {} is not ON", self.context.name());
            return Ok(false);
        }
        self.service.request(key).map_err(|error| {
            if let HubCallError::Panicked(text) = &error {
                self.set_status(DevState::Fault, Some(text.clone()));
            }
            error.into()
        })
    }

    fn scan(&self, key: &str) -> Result<Arc<RequestedScan>, DevFailed> {
        self.service.scans().find(key).ok_or_else(|| unknown(key))
    }

    fn warning(&self, query: &str) -> Result<String, DevFailed> {
        let query = WarningQuery::parse(query)?;
        let scan = self.scan(&query.key)?;
        let index = query.index(scan.warning_count())?;
        // Warnings of a scan are never removed.
        Ok(scan.warning(index).unwrap_or_default())
    }

    fn current(&self) -> MutexGuard<'_, DeviceStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Device for BlissWriter {
    fn state(&self) -> DevState {
        self.current().state
    }

    fn status(&self) -> String {
        let current = self.current();
        match &current.fault {
            Some(reason) => format!("The device is in {} state: {reason}", current.state),
            None => format!("The device is in {} state.", current.state),
        }
    }

    fn init(&self) -> Result<(), DevFailed> {
        let running = self.service.scans().running();
        if !running.is_empty() {
            let keys = running.iter().map(|scan| scan.key().to_string());
            let keys = python::list(&keys.collect::<Vec<_>>());
            let text = format_args!("Cannot close while scans are being written: {keys}");
            return Err(DevFailed::python("RuntimeError", text, ORIGIN));
        }
        self.set_status(DevState::Init, None);
        let connected = self.connect();
        match &connected {
            Ok(()) => self.set_status(DevState::On, None),
            Err(failure) => {
                self.set_status(DevState::Fault, Some(failure.to_string().trim().to_owned()));
            }
        }
        connected
    }

    fn command(&self, name: &str, argument: TangoValue) -> Result<TangoValue, DevFailed> {
        let answer = match (name, argument) {
            ("SaveScan", TangoValue::Text(key)) => self.save_scan(&key).map(TangoValue::Boolean),
            ("scan_state", TangoValue::Text(key)) => {
                let scan = self.service.scans().find(&key);
                let state = scan.map_or(DevState::Unknown, |scan| scan.state());
                Ok(TangoValue::State(state))
            }
            ("scan_state_reason", TangoValue::Text(key)) => {
                self.scan(&key).map(|scan| TangoValue::Text(scan.reason()))
            }
            ("GetWarningCount", TangoValue::Text(key)) => self.scan(&key).map(|scan| {
                let count = scan.warning_count();
                TangoValue::Long64(i64::try_from(count).unwrap_or(i64::MAX))
            }),
            ("GetWarning", TangoValue::Text(query)) => self.warning(&query).map(TangoValue::Text),
            ("Start", _) => self.switch(DevState::On).map(|()| TangoValue::Void),
            ("Stop", _) => self.switch(DevState::Off).map(|()| TangoValue::Void),
            _ => {
                let text = format_args!("command {name} not found");
                return Err(DevFailed::new("API_CommandNotFound", text, ORIGIN));
            }
        };
        answer.map_err(|failure| failed_command(failure, name))
    }

    fn read(&self, attribute: &str) -> Result<TangoValue, DevFailed> {
        Err(no_attribute(attribute))
    }

    fn write(&self, attribute: &str, _: TangoValue) -> Result<(), DevFailed> {
        Err(no_attribute(attribute))
    }

    /// The service continues: its scans end in good order, and are there when the device is created again.
    fn remove(&self) {}
}

/// Adds the level that a device in Python adds to an error.
fn failed_command(mut failure: DevFailed, command: &str) -> DevFailed {
    if !failure.unanswered {
        failure.errors.push(DevError {
            reason: "PyDs_UnexpectedFailure".to_owned(),
            desc: "Cannot execute command".to_owned(),
            origin: format!("{ORIGIN}::{command}"),
        });
    }
    failure
}

fn no_attribute(attribute: &str) -> DevFailed {
    let text = format_args!("attribute {attribute} not found");
    DevFailed::new("API_AttrNotFound", text, ORIGIN)
}
