//! What BLISS asks its writer for each scan, in its order and with its patience.

mod mapping;
mod nexus;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::tango::{TangoDevice, TangoError};

pub use mapping::MappingClient;
pub use nexus::NexusClient;

/// How long BLISS waits for one answer.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How long it asks the same again.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// What BLISS knows of a scan when it asks for its writer.
#[derive(Clone, Debug)]
pub struct BlissScan {
    /// Its name, such as `1_ascan`.
    pub name: String,
    /// Its key in Redis.
    pub key: String,
    /// The directory that it is to be saved in.
    pub directory: PathBuf,
}

/// A step of a conversation.
enum Step<T> {
    Done(T),
    /// Asked again, with what BLISS says when it is tired of that.
    Again(String),
}

/// A conversation with one device.
struct Conversation {
    device: TangoDevice,
    warnings: BTreeSet<String>,
    answers: Vec<Duration>,
}

impl Conversation {
    fn with(device: &TangoDevice) -> Conversation {
        Conversation {
            device: device.with_timeout(TIMEOUT),
            warnings: BTreeSet::new(),
            answers: Vec::new(),
        }
    }

    /// One command.
    fn ask(&mut self, command: &str, argument: impl Into<Json>) -> Result<Json, TangoError> {
        let begin = Instant::now();
        let answer = self.device.call(command, argument);
        self.answers.push(begin.elapsed());
        answer
    }

    /// A text that a command answers.
    fn ask_text(&mut self, command: &str, argument: impl Into<Json>) -> Result<String, TangoError> {
        let answer = self.ask(command, argument)?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }

    /// Repeats a step until it is done, 10 s at the most: the error is what BLISS says then. What Tango
    /// itself refuses ends it at once.
    fn insist<T>(
        &mut self,
        step: impl Fn(&mut Conversation) -> Result<Step<T>, TangoError>,
    ) -> Result<Result<T, String>, String> {
        let begin = Instant::now();
        loop {
            let tired = match step(self) {
                Ok(Step::Done(value)) => return Ok(Ok(value)),
                Ok(Step::Again(text)) => text,
                Err(error) if passes(&error) => blamed(&error),
                Err(error) => return Err(blamed(&error)),
            };
            if begin.elapsed() > PATIENCE {
                return Ok(Err(tired));
            }
            thread::sleep(PAUSE);
        }
    }

    /// The same, but BLISS goes on with a warning when it is tired.
    fn try_hard<T: Default>(
        &mut self,
        step: impl Fn(&mut Conversation) -> Result<Step<T>, TangoError>,
    ) -> Result<T, String> {
        match self.insist(step)? {
            Ok(value) => Ok(value),
            Err(tired) => {
                self.warnings.insert(tired);
                Ok(T::default())
            }
        }
    }

    /// Whether the device takes scans.
    fn state(&mut self) -> Result<Step<Option<String>>, TangoError> {
        let state = self.ask_text("State", Json::Null)?;
        match state.as_str() {
            "ON" | "RUNNING" => Ok(Step::Done(None)),
            "FAULT" | "OFF" | "UNKNOWN" => {
                let status = self.ask_text("Status", Json::Null)?;
                Ok(Step::Done(Some(format!(
                    "Nexus writer service is in {state} state ({status}). \
                     Call the Nexus writer 'start' method."
                ))))
            }
            _ => Ok(Step::Again(format!(
                "Nexus writer service is in {state} state"
            ))),
        }
    }
}

/// Whether BLISS hopes that a failure passes: the device is not to be reached at this moment.
fn passes(error: &TangoError) -> bool {
    let gone = ["API_DeviceNotExported", "DB_DeviceNotDefined"];
    match error.kind.as_str() {
        "CommunicationFailed" => true,
        "ConnectionFailed" => !gone.iter().any(|reason| error.has_reason(reason)),
        _ => false,
    }
}

/// How BLISS tells whose fault it is.
fn blamed(error: &TangoError) -> String {
    let (reason, desc) = (&error.first().reason, error.desc());
    match reason.contains("PythonError") {
        true => format!(" (Nexus writer {desc})"),
        false => format!(" (Nexus writer {reason}: {desc})"),
    }
}
