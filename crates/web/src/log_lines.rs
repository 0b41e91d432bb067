//! The last lines of the log.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// The most lines that are kept.
const MAX_LINES: usize = 1000;

/// The most characters of a line.
const MAX_TEXT: usize = 2000;

/// How severe a line is, from the least severe to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineLevel {
    /// What the program does.
    Info,
    /// Something that users should know.
    Warning,
    /// Something has failed.
    Error,
}

impl LineLevel {
    /// All levels.
    pub const ALL: [LineLevel; 3] = [LineLevel::Info, LineLevel::Warning, LineLevel::Error];

    /// Returns the name of the level in answers and requests.
    pub fn name(self) -> &'static str {
        match self {
            LineLevel::Info => "info",
            LineLevel::Warning => "warning",
            LineLevel::Error => "error",
        }
    }
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its number since the start of the program, from 1 on.
    pub seq: u64,
    /// When it was logged.
    pub time: SystemTime,
    /// How severe it is.
    pub level: LineLevel,
    /// The key of the scan that it is about, if it is about one.
    pub scan: Option<String>,
    /// What it says.
    pub text: String,
}

/// The last 1,000 lines of the log.
#[derive(Debug, Default)]
pub struct LogLines(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<LogLine>,
    last: u64,
}

impl LogLines {
    /// Creates an empty log.
    pub const fn new() -> LogLines {
        LogLines(Mutex::new(Ring {
            lines: VecDeque::new(),
            last: 0,
        }))
    }

    /// Adds a line, for which the oldest one may be forgotten. A very long text is cut.
    pub fn add(&self, level: LineLevel, scan: Option<String>, mut text: String) {
        if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
            text.truncate(end);
            text.push('…');
        }
        let mut ring = self.ring();
        ring.last += 1;
        let line = LogLine {
            seq: ring.last,
            time: SystemTime::now(),
            level,
            scan,
            text,
        };
        if ring.lines.len() == MAX_LINES {
            ring.lines.pop_front();
        }
        ring.lines.push_back(line);
    }

    /// Returns the lines that are wanted behind the one of the number `after`, the newest last, and the number of the oldest line
    /// that is kept. A number that no line has had yet is that of an earlier process, and stands for 0.
    pub fn lines(
        &self,
        after: u64,
        is_wanted: impl Fn(&LogLine) -> bool,
    ) -> (Vec<LogLine>, Option<u64>) {
        let ring = self.ring();
        let after = if after > ring.last { 0 } else { after };
        let lines = ring.lines.iter();
        let lines = lines.filter(|line| line.seq > after && is_wanted(line));
        let first = ring.lines.front().map(|line| line.seq);
        (lines.cloned().collect(), first)
    }

    /// No code runs under the lock that could leave the ring half changed.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thousand_lines_are_kept() {
        let log = LogLines::new();
        for number in 1..=1500 {
            log.add(LineLevel::Info, None, format!("line {number}"));
        }
        log.add(LineLevel::Error, Some("key".to_owned()), "x".repeat(5000));
        let (all, first) = log.lines(0, |_| true);
        assert_eq!((all.len(), first), (1000, Some(502)));
        assert_eq!(all[0].text, "line 502");
        let (errors, _) = log.lines(0, |line| line.level >= LineLevel::Warning);
        assert_eq!(errors.len(), 1);
        assert_eq!(
            (errors[0].seq, errors[0].text.chars().count()),
            (1501, 2001)
        );
        let behind = |after| log.lines(after, |_| true).0.len();
        assert_eq!((behind(1500), behind(1501), behind(1502)), (1, 0, 1000));
    }
}
