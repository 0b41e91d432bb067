//! Spools the unread points of a scan while the server may drop them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use hub::Greenlet;
use tracing::{Instrument as _, Span, info, warn};

use crate::source::margin_level::WARNING_MARGIN;
use crate::source::{MemoryForecast, ScanId, ScanSpool, ShortageEffect, UnreadStream};

/// Age of the oldest unread point from which on the writer is behind: several commits take less.
pub const MIN_AGE: Duration = Duration::from_secs(3);

/// Time without a threat after which spooling ends.
const CALM: Duration = Duration::from_secs(30);

/// The same after a backlog, which comes and goes quickly.
const SHORT_CALM: Duration = Duration::from_secs(5);

/// Records the unread points of a scan in its spool, as long as they are threatened.
#[derive(Default)]
pub struct Spooling {
    spool: Option<Rc<dyn ScanSpool>>,
    recorder: Option<Greenlet<()>>,
    /// When spooling may end.
    calm: Option<Instant>,
}

/// Lists what is unread.
pub type Unread = Rc<dyn Fn() -> Vec<UnreadStream>>;

impl Spooling {
    /// Sets the spool of the scan, which is kept from then on.
    pub fn set_spool(&mut self, spool: Option<Box<dyn ScanSpool>>) {
        if self.spool.is_none() {
            self.spool = spool.map(Rc::from);
        }
    }

    /// Begins or ends to record. `is_short` is set if the server drops unread points because its memory is short,
    /// `has_backlog` if it will because they are too many.
    pub fn update(&mut self, scan: &ScanId, is_short: bool, has_backlog: bool, unread: &Unread) {
        let Some(spool) = &self.spool else {
            return;
        };
        let now = Instant::now();
        if is_short || has_backlog {
            let calm = now + if is_short { CALM } else { SHORT_CALM };
            self.calm = self.calm.max(Some(calm));
            if self.recorder.is_none() {
                let place = spool.place();
                warn!(%scan, "Redis may drop unread points: they are spooled in {place}");
                let (spool, unread) = (spool.clone(), unread.clone());
                let recording = async move { spool.record(Box::new(move || unread())).await };
                self.recorder = Some(hub::spawn(recording.instrument(Span::current())));
            }
        } else if self.calm.is_none_or(|calm| now > calm)
            && let Some(recorder) = self.recorder.take()
        {
            info!(%scan, "unread points are safe in Redis, and no longer spooled");
            recorder.kill();
        }
    }
}

impl Drop for Spooling {
    fn drop(&mut self) {
        if let Some(recorder) = &self.recorder {
            recorder.kill();
        }
    }
}

/// Returns `true` if the server drops points because its memory is short, or soon will, and the oldest unread one has this
/// age.
pub fn is_threatened(forecast: MemoryForecast, age: Duration) -> bool {
    let drops = matches!(forecast.effect, ShortageEffect::DropsPoints { .. });
    let is_short = forecast
        .margin(age)
        .is_some_and(|margin| margin < WARNING_MARGIN);
    drops && age >= MIN_AGE && (is_short || forecast.drops_now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_points_are_threatened_when_memory_is_short() {
        let seconds = Duration::from_secs;
        let forecast = |shortage_in| MemoryForecast {
            shortage_in,
            effect: ShortageEffect::DropsPoints {
                protected: seconds(180),
            },
        };
        assert!(!is_threatened(forecast(None), seconds(1000)));
        assert!(is_threatened(forecast(Some(seconds(100))), seconds(200)));
        assert!(!is_threatened(forecast(Some(seconds(100))), seconds(50)));
        // The threshold is passed.
        assert!(is_threatened(forecast(Some(Duration::ZERO)), seconds(3)));
        assert!(!is_threatened(forecast(Some(Duration::ZERO)), seconds(1)));
        let refuses = MemoryForecast {
            effect: ShortageEffect::RefusesPublishers,
            ..forecast(Some(Duration::ZERO))
        };
        assert!(!is_threatened(refuses, seconds(1000)));
    }
}
