//! What BLISS asks its writer for each scan, in its order and with its patience.

mod mapping;
mod nexus;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::tango::{TangoDevice, TangoError};

pub use mapping::{MappingClient, MappingDialect};
pub use nexus::{NexusClient, NexusDialect};

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

/// The part of BLISS that talks to a writer about one scan. What it says to its user, where it gives up,
/// is the error of each method.
pub struct BlissClient<D> {
    talk: Conversation,
    scan: BlissScan,
    dialect: D,
    asked: bool,
}

/// How BLISS talks to one kind of writer.
pub trait Dialect: Default {
    /// Before the scan is prepared.
    fn prepare(&mut self, talk: &mut Conversation, scan: &BlissScan) -> Result<(), String>;

    /// When the scan sends data.
    fn during(&mut self, talk: &mut Conversation, scan: &BlissScan) -> Result<(), String>;
}

impl<D: Dialect> BlissClient<D> {
    /// For one scan, which is in Redis already.
    pub fn new(device: &TangoDevice, scan: BlissScan) -> BlissClient<D> {
        BlissClient {
            talk: Conversation::with(device),
            scan,
            dialect: D::default(),
            asked: false,
        }
    }

    /// Before the scan is prepared.
    pub fn prepare(&mut self) -> Result<(), String> {
        self.dialect.prepare(&mut self.talk, &self.scan)
    }

    /// When the scan sends data. BLISS asks every 3 s, this at each call.
    pub fn during(&mut self) -> Result<(), String> {
        self.asked = true;
        self.dialect.during(&mut self.talk, &self.scan)
    }

    /// When the scan is over. BLISS does not wait for the file.
    pub fn end(&mut self) -> Result<(), String> {
        match self.asked {
            true => Ok(()),
            false => self.during(),
        }
    }

    /// What the user was warned of.
    pub fn warnings(&self) -> &[String] {
        &self.talk.warnings
    }

    /// How long each answer took.
    pub fn answers(&self) -> &[Duration] {
        &self.talk.answers
    }
}

/// A step of a conversation.
enum Step<T> {
    Done(T),
    /// Asked again, with what BLISS says when it is tired of that.
    Again(String),
}

/// A conversation with one device.
pub struct Conversation {
    device: TangoDevice,
    warnings: Vec<String>,
    answers: Vec<Duration>,
}

impl Conversation {
    fn with(device: &TangoDevice) -> Conversation {
        Conversation {
            device: device.with_timeout(TIMEOUT),
            warnings: Vec::new(),
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
                self.warn(tired);
                Ok(T::default())
            }
        }
    }

    /// BLISS warns once of the same.
    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
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
