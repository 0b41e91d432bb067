//! How fast scans go, from what is seen of them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long a rate is measured at least.
const PERIOD: Duration = Duration::from_secs(2);

/// The points of running scans at some moments.
#[derive(Debug, Default)]
pub struct Rates(HashMap<u64, Seen>);

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// A moment at least one period ago, if there was one.
    before: (Instant, u64),
    /// A moment less than one period ago.
    last: (Instant, u64),
}

impl Rates {
    /// Notes how many points a scan has, which began at `began`. Returns the points per second of the last seconds.
    pub fn note(&mut self, scan: u64, began: Instant, now: Instant, points: u64) -> f64 {
        let start = Seen {
            before: (began, 0),
            last: (began, 0),
        };
        let seen = self.0.entry(scan).or_insert(start);
        if points < seen.last.1 {
            // It is saved from the beginning once more.
            *seen = Seen {
                before: (now, points),
                last: (now, points),
            };
        }
        if now.duration_since(seen.last.0) >= PERIOD {
            seen.before = seen.last;
            seen.last = (now, points);
        }
        let (since, before) = seen.before;
        let seconds = now.duration_since(since).as_secs_f64();
        match seconds > 0.0 {
            true => points.saturating_sub(before) as f64 / seconds,
            false => 0.0,
        }
    }

    /// Forgets the scans that no longer run.
    pub fn retain(&mut self, is_running: impl Fn(u64) -> bool) {
        self.0.retain(|scan, _| is_running(*scan));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_seconds() {
        let mut rates = Rates::default();
        let began = Instant::now();
        let after = |seconds: f64| began + Duration::from_secs_f64(seconds);
        assert_eq!(rates.note(1, began, began, 0), 0.0);
        assert_eq!(rates.note(1, began, after(1.0), 10), 10.0);
        assert_eq!(rates.note(1, began, after(4.0), 40), 10.0);
        // It is ten times faster now.
        for step in 1..=20 {
            let seconds = 4.0 + f64::from(step) * 0.25;
            rates.note(1, began, after(seconds), 40 + 25 * step as u64);
        }
        assert_eq!(rates.note(1, began, after(9.0), 540), 100.0);
        assert_eq!(rates.note(1, began, after(9.5), 3), 0.0);
        rates.retain(|_| false);
        assert_eq!(rates.note(1, after(10.0), after(12.0), 6), 3.0);
    }
}
