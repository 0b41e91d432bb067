//! One Tango device, as a client sees it.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::tango::TangoClient;

/// The limit of each wait: no correct server takes that long, even on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// A device as a client sees it.
#[derive(Clone)]
pub struct TangoDevice {
    client: TangoClient,
    name: String,
    timeout: Duration,
}

/// The error that a client receives instead of an answer.
#[derive(Clone, Debug, Deserialize)]
pub struct TangoError {
    /// The class of the exception: `DevFailed`, `ConnectionFailed`, `CommunicationFailed`, ...
    pub kind: String,
    /// The stack of errors, the innermost first.
    pub errors: Vec<TangoErrorLevel>,
}

/// One level of a stack of errors.
#[derive(Clone, Debug, Deserialize)]
pub struct TangoErrorLevel {
    /// The reason, a word for programs.
    pub reason: String,
    /// The description, a sentence for people.
    pub desc: String,
    /// The place where the error occurred.
    pub origin: String,
    /// The severity: `WARN`, `ERR` or `PANIC`.
    pub severity: String,
}

impl TangoDevice {
    pub(crate) fn new(client: TangoClient, name: &str) -> TangoDevice {
        TangoDevice {
            client,
            name: name.to_owned(),
            timeout: Duration::from_secs(3),
        }
    }

    /// Returns a handle of the same device whose requests fail after this time. The default is 3 s.
    pub fn with_timeout(&self, timeout: Duration) -> TangoDevice {
        TangoDevice {
            timeout,
            ..self.clone()
        }
    }

    /// Returns the name of the device: `domain/family/member`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Executes a command and returns its answer; null is no argument, or no answer.
    pub fn call(&self, command: &str, argument: impl Into<Json>) -> Result<Json, TangoError> {
        self.request(json!({"do": "call", "name": command, "value": argument.into()}))
    }

    /// Returns the value of an attribute; states are their names.
    pub fn read(&self, attribute: &str) -> Result<Json, TangoError> {
        self.request(json!({"do": "read", "name": attribute}))
    }

    /// Writes an attribute.
    pub fn write(&self, attribute: &str, value: impl Into<Json>) -> Result<(), TangoError> {
        self.request(json!({"do": "write", "name": attribute, "value": value.into()}))?;
        Ok(())
    }

    /// Returns the name of its state.
    pub fn state(&self) -> Result<String, TangoError> {
        let state = self.call("State", Json::Null)?;
        Ok(state.as_str().unwrap().to_owned())
    }

    /// Returns the text of its status.
    pub fn status(&self) -> Result<String, TangoError> {
        let status = self.call("Status", Json::Null)?;
        Ok(status.as_str().unwrap().to_owned())
    }

    /// Returns all that a generic client can know of the device, in the form of the recorded interfaces.
    pub fn interface(&self) -> Result<Json, TangoError> {
        self.request(json!({"do": "interface"}))
    }

    /// Subscribes to change events of an attribute. The first has the present value.
    pub fn subscribe(&self, attribute: &str) -> Result<(), TangoError> {
        self.request(json!({"do": "subscribe", "name": attribute}))?;
        Ok(())
    }

    /// Waits for the next event of an attribute. Returns its value, or the errors of the event.
    pub fn event(&self, attribute: &str) -> Result<Json, TangoError> {
        self.event_within(attribute, WAIT_LIMIT)
    }

    /// Waits at most this time for the next event of an attribute. The kind of the error is `Empty` if there is none.
    pub fn event_within(&self, attribute: &str, time: Duration) -> Result<Json, TangoError> {
        let seconds = time.as_secs_f64();
        let event = self.request(json!({"do": "event", "name": attribute, "value": seconds}))?;
        match event.get("errors") {
            None => Ok(event["value"].clone()),
            Some(errors) => Err(TangoError {
                kind: "event".to_owned(),
                errors: serde_json::from_value(errors.clone()).unwrap(),
            }),
        }
    }

    /// Locks the device for all other clients, until [`unlock`](TangoDevice::unlock).
    pub fn lock(&self) -> Result<(), TangoError> {
        self.request(json!({"do": "lock"}))?;
        Ok(())
    }

    /// Unlocks the device for other clients.
    pub fn unlock(&self) -> Result<(), TangoError> {
        self.request(json!({"do": "unlock"}))?;
        Ok(())
    }

    /// Makes its server read an attribute once per period.
    pub fn poll(&self, attribute: &str, period: Duration) -> Result<(), TangoError> {
        let period = period.as_secs_f64() * 1000.0;
        self.request(json!({"do": "poll", "name": attribute, "value": period as u64}))?;
        Ok(())
    }

    /// Adds the device to the database.
    pub fn add(&self, server: &str, class: &str) -> Result<(), TangoError> {
        self.request(json!({"do": "add_device", "server": server, "class": class}))?;
        Ok(())
    }

    /// Sets properties in the database, `{name: value}`; null deletes one.
    pub fn put_properties(&self, properties: Json) -> Result<(), TangoError> {
        self.request(json!({"do": "put_properties", "value": properties}))?;
        Ok(())
    }

    /// Returns the properties in the database, `{name: [text, ...]}`.
    pub fn properties(&self) -> Result<Json, TangoError> {
        self.request(json!({"do": "properties"}))
    }

    /// Returns `true` if the device is exported in the database.
    pub fn exported(&self) -> Result<bool, TangoError> {
        let exported = self.request(json!({"do": "exported"}))?;
        Ok(exported.as_bool().unwrap())
    }

    /// Waits until the device is in this state.
    pub fn wait_for_state(&self, state: &str) {
        self.wait_until(state, |device| device.state().is_ok_and(|it| it == state));
    }

    /// Waits until a command returns this answer.
    pub fn wait_for(&self, command: &str, argument: &str, answer: impl Into<Json>) {
        let answer = answer.into();
        let what = format!("{command}({argument:?}) = {answer}");
        self.wait_until(&what, |device| {
            device.call(command, argument).is_ok_and(|it| it == answer)
        });
    }

    /// Waits until the function returns `true` for the device. Tango sends no event when the answer of a
    /// command changes, so the function is called repeatedly.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&TangoDevice) -> bool) {
        let deadline = Instant::now() + WAIT_LIMIT;
        while !holds(self) {
            let late = Instant::now() > deadline;
            assert!(
                !late,
                "{}: not {what}; {:?} {:?}",
                self.name,
                self.state(),
                self.status()
            );
            thread::sleep(PAUSE);
        }
    }

    fn request(&self, mut request: Json) -> Result<Json, TangoError> {
        request["device"] = self.name.clone().into();
        request["timeout"] = self.timeout.as_secs_f64().into();
        self.client.request(request)
    }
}

impl TangoError {
    /// Returns the innermost error, which is that of the device itself.
    pub fn first(&self) -> &TangoErrorLevel {
        &self.errors[0]
    }

    /// Returns `true` if one level of the stack has this reason.
    pub fn has_reason(&self, reason: &str) -> bool {
        self.errors.iter().any(|error| error.reason == reason)
    }

    /// Returns the description by the device itself, without the line ends of Python.
    pub fn desc(&self) -> &str {
        self.first().desc.trim_end()
    }
}

impl fmt::Display for TangoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        for error in &self.errors {
            write!(f, "; {}: {}", error.reason, error.desc.trim_end())?;
        }
        Ok(())
    }
}
