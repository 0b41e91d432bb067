//! What a client can do with one device.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::tango::TangoClient;

/// Nothing that a test waits for takes that long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// A device as a client sees it.
#[derive(Clone)]
pub struct TangoDevice {
    client: TangoClient,
    name: String,
    timeout: Duration,
}

/// What a client gets instead of an answer.
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
    /// A word for programs.
    pub reason: String,
    /// A sentence for people.
    pub desc: String,
    /// Where it happened.
    pub origin: String,
    /// `WARN`, `ERR`, `PANIC`.
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

    /// The same device, of which a client does not wait longer for an answer. Usual are 3 s.
    pub fn with_timeout(&self, timeout: Duration) -> TangoDevice {
        TangoDevice {
            timeout,
            ..self.clone()
        }
    }

    /// Its name: `domain/family/member`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Executes a command; null is no argument, or no answer.
    pub fn call(&self, command: &str, argument: impl Into<Json>) -> Result<Json, TangoError> {
        self.request(json!({"do": "call", "name": command, "value": argument.into()}))
    }

    /// The value of an attribute; states are told by their names.
    pub fn read(&self, attribute: &str) -> Result<Json, TangoError> {
        self.request(json!({"do": "read", "name": attribute}))
    }

    /// Writes an attribute.
    pub fn write(&self, attribute: &str, value: impl Into<Json>) -> Result<(), TangoError> {
        self.request(json!({"do": "write", "name": attribute, "value": value.into()}))?;
        Ok(())
    }

    /// The name of its state.
    pub fn state(&self) -> Result<String, TangoError> {
        let state = self.call("State", Json::Null)?;
        Ok(state.as_str().unwrap().to_owned())
    }

    /// The text of its status.
    pub fn status(&self) -> Result<String, TangoError> {
        let status = self.call("Status", Json::Null)?;
        Ok(status.as_str().unwrap().to_owned())
    }

    /// All that a generic client can know of it, in the form of the recorded interfaces.
    pub fn interface(&self) -> Result<Json, TangoError> {
        self.request(json!({"do": "interface"}))
    }

    /// Asks for change events of an attribute. The first has the value of this moment.
    pub fn subscribe(&self, attribute: &str) -> Result<(), TangoError> {
        self.request(json!({"do": "subscribe", "name": attribute}))?;
        Ok(())
    }

    /// Waits for the next event of an attribute: its value, or the errors that came instead.
    pub fn event(&self, attribute: &str) -> Result<Json, TangoError> {
        let patience = PATIENCE.as_secs();
        let told = self.request(json!({"do": "event", "name": attribute, "value": patience}))?;
        match told.get("errors") {
            None => Ok(told["value"].clone()),
            Some(errors) => Err(TangoError {
                kind: "event".to_owned(),
                errors: serde_json::from_value(errors.clone()).unwrap(),
            }),
        }
    }

    /// Keeps everybody else from using it, until [`unlock`](TangoDevice::unlock).
    pub fn lock(&self) -> Result<(), TangoError> {
        self.request(json!({"do": "lock"}))?;
        Ok(())
    }

    /// Lets others use it again.
    pub fn unlock(&self) -> Result<(), TangoError> {
        self.request(json!({"do": "unlock"}))?;
        Ok(())
    }

    /// Lets its server read an attribute that often.
    pub fn poll(&self, attribute: &str, period: Duration) -> Result<(), TangoError> {
        let period = period.as_secs_f64() * 1000.0;
        self.request(json!({"do": "poll", "name": attribute, "value": period as u64}))?;
        Ok(())
    }

    /// Adds it to the database.
    pub fn add(&self, server: &str, class: &str) -> Result<(), TangoError> {
        self.request(json!({"do": "add_device", "server": server, "class": class}))?;
        Ok(())
    }

    /// Sets properties in the database, `{name: value}`; null deletes one.
    pub fn put_properties(&self, properties: Json) -> Result<(), TangoError> {
        self.request(json!({"do": "put_properties", "value": properties}))?;
        Ok(())
    }

    /// Its properties in the database, `{name: [text, ...]}`.
    pub fn properties(&self) -> Result<Json, TangoError> {
        self.request(json!({"do": "properties"}))
    }

    /// Whether the database holds it for served.
    pub fn exported(&self) -> Result<bool, TangoError> {
        let exported = self.request(json!({"do": "exported"}))?;
        Ok(exported.as_bool().unwrap())
    }

    /// Waits until it is in this state.
    pub fn wait_for_state(&self, state: &str) {
        self.wait_until(state, |device| device.state().is_ok_and(|it| it == state));
    }

    /// Waits until a command answers this.
    pub fn wait_for(&self, command: &str, argument: &str, answer: impl Into<Json>) {
        let answer = answer.into();
        let what = format!("{command}({argument:?}) = {answer}");
        self.wait_until(&what, |device| {
            device.call(command, argument).is_ok_and(|it| it == answer)
        });
    }

    /// Waits until something is true of it. Tango tells nobody of answers that change, so they are
    /// asked for.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&TangoDevice) -> bool) {
        let deadline = Instant::now() + PATIENCE;
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
    /// The innermost error, which is what the device itself said.
    pub fn first(&self) -> &TangoErrorLevel {
        &self.errors[0]
    }

    /// Whether one level of the stack gives this reason.
    pub fn has_reason(&self, reason: &str) -> bool {
        self.errors.iter().any(|error| error.reason == reason)
    }

    /// What the device itself said, without the line ends of Python.
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
