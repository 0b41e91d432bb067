//! One device of the class.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis_client::RedisUrl;
use tracing::info;
use writer::subscriber::with_causes;

use super::query::{Query, unknown};
use super::record::Record;
use super::service::{Service, Unserved};
use crate::device::Device;
use crate::device_context::DeviceContext;
use crate::failure::{DevError, DevFailed};
use crate::python;
use crate::value::{DevState, TangoValue};

/// Where errors come from.
const ORIGIN: &str = "BlissWriter";

/// A device that saves scans on request.
pub struct BlissWriter {
    context: DeviceContext,
    service: Arc<Service>,
    standing: Mutex<Standing>,
}

struct Standing {
    state: DevState,
    /// Why it is in FAULT.
    fault: Option<String>,
}

impl BlissWriter {
    /// A device that accepts scans from the Redis of its property `redis_url`.
    ///
    /// # Errors
    /// If there is none, or it cannot be reached.
    pub fn open(context: DeviceContext, service: Arc<Service>) -> Result<BlissWriter, DevFailed> {
        let device = BlissWriter {
            context,
            service,
            standing: Mutex::new(Standing {
                state: DevState::Init,
                fault: None,
            }),
        };
        device.connect()?;
        device.stand(DevState::On, None);
        Ok(device)
    }

    /// Accepts no scan any more, for good.
    pub fn close(&self) {
        if self.state() != DevState::Fault {
            self.stand(DevState::Off, None);
        }
    }

    fn connect(&self) -> Result<(), DevFailed> {
        let url = match self.context.property("redis_url") {
            Ok(Some(values)) => values
                .into_iter()
                .next()
                .filter(|url| !url.trim().is_empty()),
            Ok(None) => None,
            // What it was stays true while nobody can tell otherwise.
            Err(error) => match self.service.store() {
                Some(store) => return self.service.open(store.url().clone()),
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
        self.service.open(url)
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
        self.stand(state, None);
        Ok(())
    }

    fn stand(&self, state: DevState, fault: Option<String>) {
        *self.standing() = Standing { state, fault };
        self.context.push_state(state, &self.status());
    }

    fn save_scan(&self, key: &str) -> Result<bool, DevFailed> {
        if self.state() != DevState::On {
            info!("scan {key} is refused: {} is not ON", self.context.name());
            return Ok(false);
        }
        self.service.request(key).map_err(|unserved| {
            if let Unserved::Panicked(text) = &unserved {
                self.stand(DevState::Fault, Some(text.clone()));
            }
            unserved.into()
        })
    }

    fn record(&self, key: &str) -> Result<Arc<Record>, DevFailed> {
        self.service.records().find(key).ok_or_else(|| unknown(key))
    }

    fn warning(&self, query: &str) -> Result<String, DevFailed> {
        let query = Query::parse(query)?;
        let record = self.record(&query.key)?;
        let index = query.index(record.warning_count())?;
        // Warnings of a scan never get fewer.
        Ok(record.warning(index).unwrap_or_default())
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Device for BlissWriter {
    fn state(&self) -> DevState {
        self.standing().state
    }

    fn status(&self) -> String {
        let standing = self.standing();
        match &standing.fault {
            Some(reason) => format!("The device is in {} state: {reason}", standing.state),
            None => format!("The device is in {} state.", standing.state),
        }
    }

    fn init(&self) -> Result<(), DevFailed> {
        let running = self.service.records().running();
        if !running.is_empty() {
            let keys = running.iter().map(|record| record.key().to_string());
            let keys = python::list(&keys.collect::<Vec<_>>());
            let text = format_args!("Cannot close while scans are being written: {keys}");
            return Err(DevFailed::python("RuntimeError", text, ORIGIN));
        }
        self.stand(DevState::Init, None);
        let connected = self.connect();
        match &connected {
            Ok(()) => self.stand(DevState::On, None),
            Err(failure) => {
                self.stand(DevState::Fault, Some(failure.to_string().trim().to_owned()));
            }
        }
        connected
    }

    fn command(&self, name: &str, argument: TangoValue) -> Result<TangoValue, DevFailed> {
        let answer = match (name, argument) {
            ("SaveScan", TangoValue::Text(key)) => self.save_scan(&key).map(TangoValue::Boolean),
            ("scan_state", TangoValue::Text(key)) => {
                let record = self.service.records().find(&key);
                let state = record.map_or(DevState::Unknown, |record| record.state());
                Ok(TangoValue::State(state))
            }
            ("scan_state_reason", TangoValue::Text(key)) => self
                .record(&key)
                .map(|record| TangoValue::Text(record.reason())),
            ("GetWarningCount", TangoValue::Text(key)) => self.record(&key).map(|record| {
                let count = record.warning_count();
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

    /// The service goes on: its scans end in good order, and are there when the device is made again.
    fn remove(&self) {}
}

/// What a device in Python puts on top of an error.
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
