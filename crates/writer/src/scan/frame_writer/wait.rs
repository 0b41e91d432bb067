//! How long missing frames are waited for.

use std::time::{Duration, Instant};

use nexus::frames::FrameError;

/// How long to wait for an answer about one file at the end of a scan.
pub const REST_LIMIT: Duration = Duration::from_secs(5);

/// How long to wait for an answer about one file while the scan runs. Its other streams wait meanwhile.
pub const RUNNING_LIMIT: Duration = Duration::from_secs(1);

/// How long to wait for some frames that are copied. Those of some hundred megabytes take seconds to be decompressed.
pub const BATCH_LIMIT: Duration = Duration::from_secs(30);

/// The number of attempts to find missing frames at the end of a scan, and the pause between them. The count starts
/// again with each frame that is found.
const MAX_TRIES: u32 = 50;
/// The number of attempts if there is no answer: another process may get one.
const MAX_SILENT_TRIES: u32 = 2;
const PAUSE: Duration = Duration::from_millis(100);

/// How soon frames are looked for again that were not found.
const SHORT_PAUSE: Duration = Duration::from_secs(1);
/// How soon a file system is asked again that has not answered: twice as late after each time, up to the last.
const FIRST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Waits at the end of a scan for frames that may still come.
#[derive(Default)]
pub struct PatientWait {
    tries: u32,
    silent_tries: u32,
    present: u64,
}

impl PatientWait {
    /// Waits for a moment. Returns `false` without waiting if it is time to give up. `present` frames were found, and
    /// the next one was not because of `error`.
    pub async fn goes_on(&mut self, present: u64, error: &FrameError) -> bool {
        self.tries = match present > self.present {
            true => 0,
            false => self.tries + 1,
        };
        self.present = present.max(self.present);
        if matches!(error, FrameError::NoAnswer(_)) {
            self.silent_tries += 1;
        }
        let is_silent = self.silent_tries >= MAX_SILENT_TRIES;
        if !error.is_temporary() || is_silent || self.tries > MAX_TRIES {
            return false;
        }
        hub::sleep(PAUSE).await;
        true
    }
}

/// Keeps a running scan from looking for missing frames all the time.
#[derive(Default)]
pub struct Pause {
    until: Option<Instant>,
    rest: Option<Duration>,
}

impl Pause {
    /// Returns `true` if the files should not be looked at yet.
    pub fn is_on(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    /// Begins a pause if a frame was not found.
    pub fn begin(&mut self, error: Option<&FrameError>) {
        let pause = match error {
            None => {
                self.rest = None;
                self.until = None;
                return;
            }
            Some(FrameError::NoAnswer(_) | FrameError::NotInspected(_)) => {
                let rest = self
                    .rest
                    .map_or(FIRST_REST, |rest| (rest * 2).min(LONGEST_REST));
                *self.rest.insert(rest)
            }
            Some(_) => SHORT_PAUSE,
        };
        self.until = Instant::now().checked_add(pause);
    }
}
