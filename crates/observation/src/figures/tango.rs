//! What clients ask Tango devices.

use std::time::Duration;

use crate::histogram::{Histogram, Stopwatch};
use crate::number::Counter;

/// The classes of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TangoClass {
    /// `NexusWriter`.
    NexusWriter,
    /// `BlissWriter`.
    BlissWriter,
    /// Any other.
    Other,
}

impl TangoClass {
    /// All of them.
    pub const ALL: [TangoClass; 3] = [
        TangoClass::NexusWriter,
        TangoClass::BlissWriter,
        TangoClass::Other,
    ];

    /// Returns the class of this name.
    pub fn named(name: &str) -> TangoClass {
        let mut all = TangoClass::ALL.into_iter();
        all.find(|class| class.name() == name)
            .unwrap_or(TangoClass::Other)
    }

    /// Returns the name of the class.
    pub fn name(self) -> &'static str {
        match self {
            TangoClass::NexusWriter => "NexusWriter",
            TangoClass::BlissWriter => "BlissWriter",
            TangoClass::Other => "other",
        }
    }
}

/// Calls of commands and attributes by clients.
#[derive(Debug, Default)]
pub struct TangoFigures([CallFigures; TangoClass::ALL.len()]);

/// Calls to devices of one class.
#[derive(Debug)]
pub struct CallFigures {
    /// Calls that were answered.
    pub answered: Counter,
    /// Calls that failed.
    pub failed: Counter,
    /// Times of the calls.
    pub duration: Histogram,
}

impl TangoFigures {
    /// Returns the figures of one class.
    pub fn class(&self, class: TangoClass) -> &CallFigures {
        &self.0[class as usize]
    }
}

impl CallFigures {
    /// Counts a call that has ended.
    pub fn ended(&self, is_answered: bool, stopwatch: Stopwatch) {
        match is_answered {
            true => self.answered.increment(),
            false => self.failed.increment(),
        }
        self.duration.record(stopwatch);
    }
}

impl Default for CallFigures {
    fn default() -> CallFigures {
        CallFigures {
            answered: Counter::default(),
            failed: Counter::default(),
            duration: Histogram::new(Duration::from_micros(10), 4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_known_by_their_names() {
        let named = ["NexusWriter", "BlissWriter", "Echo"].map(TangoClass::named);
        assert_eq!(named, TangoClass::ALL);
    }
}
