//! Places in the history of scans.

use std::fmt;

/// ID of an entry in a Redis stream. In the scan history it says when a scan was created, by
/// the clock of the server, and orders scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timetag {
    /// Milliseconds since 1970.
    pub milliseconds: u64,
    /// Distinguishes entries of the same millisecond.
    pub sequence: u64,
}

impl Timetag {
    /// Before the first entry.
    pub const START: Timetag = Timetag {
        milliseconds: 0,
        sequence: 0,
    };

    /// Parses `milliseconds-sequence`.
    pub fn parse(text: &str) -> Option<Timetag> {
        let (milliseconds, sequence) = text.split_once('-')?;
        Some(Timetag {
            milliseconds: milliseconds.parse().ok()?,
            sequence: sequence.parse().ok()?,
        })
    }
}

impl fmt::Display for Timetag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.milliseconds, self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timetags_are_ordered_by_number() {
        let early = Timetag::parse("999-10").unwrap();
        let late = Timetag::parse("1000-9").unwrap();
        assert!(early < late && Timetag::START < early);
        assert_eq!(late.to_string(), "1000-9");
        assert_eq!(Timetag::parse("12"), None);
    }
}
