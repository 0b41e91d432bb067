//! The requests that BLISS sends to its writer for each scan, in its order and with its timeouts.

mod mapping;
mod nexus;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::tango::{TangoDevice, TangoError};

pub use mapping::{MappingClient, MappingProtocol};
pub use nexus::{NexusClient, NexusProtocol};

/// How long BLISS waits for one answer.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How long BLISS repeats a request.
const REPETITION_TIMEOUT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// What BLISS knows of a scan when it talks to the writer.
#[derive(Clone, Debug)]
pub struct BlissScan {
    /// The name of the scan, such as `1_ascan`.
    pub name: String,
    /// The key of the scan in Redis.
    pub key: String,
    /// The directory that the scan is to be saved in.
    pub directory: PathBuf,
}

/// The part of BLISS that talks to a writer about one scan. The error of each method is the text that
/// BLISS shows to its user when it aborts the scan.
pub struct BlissClient<D> {
    talk: Conversation,
    scan: BlissScan,
    protocol: D,
    has_asked_during: bool,
}

/// How BLISS talks to one kind of writer.
pub trait WriterProtocol: Default {
    /// Sends the requests that precede the preparation of the scan.
    fn prepare(&mut self, talk: &mut Conversation, scan: &BlissScan) -> Result<(), String>;

    /// Sends the requests of a scan that sends data.
    fn during(&mut self, talk: &mut Conversation, scan: &BlissScan) -> Result<(), String>;
}

impl<D: WriterProtocol> BlissClient<D> {
    /// Returns a client for one scan, which is in Redis already.
    pub fn new(device: &TangoDevice, scan: BlissScan) -> BlissClient<D> {
        BlissClient {
            talk: Conversation::with(device),
            scan,
            protocol: D::default(),
            has_asked_during: false,
        }
    }

    /// Sends the requests that precede the preparation of the scan.
    pub fn prepare(&mut self) -> Result<(), String> {
        self.protocol.prepare(&mut self.talk, &self.scan)
    }

    /// Sends the requests of a scan that sends data: BLISS every 3 s, this at each call.
    pub fn during(&mut self) -> Result<(), String> {
        self.has_asked_during = true;
        self.protocol.during(&mut self.talk, &self.scan)
    }

    /// Sends the requests that follow the end of the scan. BLISS does not wait for the file.
    pub fn end(&mut self) -> Result<(), String> {
        match self.has_asked_during {
            true => Ok(()),
            false => self.during(),
        }
    }

    /// Returns the warnings that BLISS has shown to its user.
    pub fn warnings(&self) -> &[String] {
        &self.talk.warnings
    }

    /// Returns how long each answer took.
    pub fn answers(&self) -> &[Duration] {
        &self.talk.answers
    }
}

/// A step of a conversation.
enum Step<T> {
    Done(T),
    /// The step is repeated; the text is the error of BLISS when its time for repetitions is up.
    Retry(String),
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

    /// Executes a command and measures its time.
    fn ask(&mut self, command: &str, argument: impl Into<Json>) -> Result<Json, TangoError> {
        let begin = Instant::now();
        let answer = self.device.call(command, argument);
        self.answers.push(begin.elapsed());
        answer
    }

    /// Executes a command and returns its answer, a text.
    fn ask_text(&mut self, command: &str, argument: impl Into<Json>) -> Result<String, TangoError> {
        let answer = self.ask(command, argument)?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }

    /// Repeats a step until it is done, for 10 s at most; the error is then that of BLISS. An error of
    /// Tango itself ends the repetition at once.
    fn repeat<T>(
        &mut self,
        step: impl Fn(&mut Conversation) -> Result<Step<T>, TangoError>,
    ) -> Result<Result<T, String>, String> {
        let begin = Instant::now();
        loop {
            let problem = match step(self) {
                Ok(Step::Done(value)) => return Ok(Ok(value)),
                Ok(Step::Retry(text)) => text,
                Err(error) if is_transient(&error) => describe(&error),
                Err(error) => return Err(describe(&error)),
            };
            if begin.elapsed() > REPETITION_TIMEOUT {
                return Ok(Err(problem));
            }
            thread::sleep(PAUSE);
        }
    }

    /// Repeats a step as `repeat` does, but continues with a warning where that fails.
    fn repeat_or_warn<T: Default>(
        &mut self,
        step: impl Fn(&mut Conversation) -> Result<Step<T>, TangoError>,
    ) -> Result<T, String> {
        match self.repeat(step)? {
            Ok(value) => Ok(value),
            Err(problem) => {
                self.warn(problem);
                Ok(T::default())
            }
        }
    }

    /// Adds a warning. BLISS shows each text only once.
    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Checks that the device accepts scans.
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
            _ => Ok(Step::Retry(format!(
                "Nexus writer service is in {state} state"
            ))),
        }
    }
}

/// Returns `true` if BLISS repeats a request after this failure, because the device cannot be reached at
/// the moment.
fn is_transient(error: &TangoError) -> bool {
    let gone = ["API_DeviceNotExported", "DB_DeviceNotDefined"];
    match error.kind.as_str() {
        "CommunicationFailed" => true,
        "ConnectionFailed" => !gone.iter().any(|reason| error.has_reason(reason)),
        _ => false,
    }
}

/// Returns the text with which BLISS attributes an error to the writer.
fn describe(error: &TangoError) -> String {
    let (reason, desc) = (&error.first().reason, error.desc());
    match reason.contains("PythonError") {
        true => format!(" (Nexus writer {desc})"),
        false => format!(" (Nexus writer {reason}: {desc})"),
    }
}
