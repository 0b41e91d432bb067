//! The states that a scan goes through.

use std::fmt;

/// State of a scan. States only grow, and may be skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScanState {
    /// The scan exists; its streams are not declared yet.
    Created,
    /// Streams and info are complete.
    Prepared,
    /// Data flow.
    Started,
    /// The streams are sealed.
    Stopped,
    /// The info is final.
    Closed,
}

impl ScanState {
    /// The state of this number. Numbers beyond the known ones count as the last state.
    pub fn from_number(number: u64) -> ScanState {
        match number {
            0 => ScanState::Created,
            1 => ScanState::Prepared,
            2 => ScanState::Started,
            3 => ScanState::Stopped,
            _ => ScanState::Closed,
        }
    }

    /// Number of the state in the stream of states.
    pub fn number(self) -> u64 {
        self as u64
    }
}

impl fmt::Display for ScanState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ScanState::Created => "CREATED",
            ScanState::Prepared => "PREPARED",
            ScanState::Started => "STARTED",
            ScanState::Stopped => "STOPPED",
            ScanState::Closed => "CLOSED",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_ordered_and_clamped() {
        let states: Vec<ScanState> = (0..7).map(ScanState::from_number).collect();
        assert!(states.is_sorted());
        assert_eq!(states[6], ScanState::Closed);
        assert_eq!(ScanState::Stopped.number(), 3);
        assert_eq!(ScanState::Started.to_string(), "STARTED");
    }
}
