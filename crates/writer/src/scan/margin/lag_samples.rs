//! When the points of a stream were published, as far as it is seen from here.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The most samples. When there are more, every second one is dropped and new ones have twice the distance, so that
/// the distance grows with the lag.
const MAX_SAMPLES: usize = 64;
/// The shortest distance of samples after some were dropped.
const DISTANCE: Duration = Duration::from_secs(2);

/// How far a stream was published at which time. No clock of the publisher is needed: ages are exact to the
/// distance of the samples.
#[derive(Debug, Default)]
pub struct LagSamples {
    samples: VecDeque<(Instant, u64)>,
    distance: Duration,
}

impl LagSamples {
    /// Adds that the stream is published up to `head` now, and forgets the samples of which all is stored.
    pub fn add(&mut self, now: Instant, head: u64, stored: u64) {
        self.forget(stored);
        let is_news = self.samples.back().is_none_or(|(time, last)| {
            head > *last && now.saturating_duration_since(*time) >= self.distance
        });
        if is_news && head > stored {
            self.samples.push_back((now, head));
        }
        if self.samples.len() > MAX_SAMPLES {
            let mut is_kept = false;
            self.samples.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.distance = DISTANCE.max(2 * self.distance);
        }
    }

    /// Returns the age of the oldest point that is not stored; zero if there is none.
    pub fn age(&mut self, now: Instant, stored: u64) -> Duration {
        self.forget(stored);
        let oldest = self.samples.front();
        oldest.map_or(Duration::ZERO, |(time, _)| {
            now.saturating_duration_since(*time)
        })
    }

    fn forget(&mut self, stored: u64) {
        let is_stored = |sample: &(Instant, u64)| sample.1 <= stored;
        while self.samples.front().is_some_and(is_stored) {
            self.samples.pop_front();
        }
        if self.samples.is_empty() {
            self.distance = Duration::ZERO;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_as_old_as_the_first_sample_that_has_it() {
        let begin = Instant::now();
        let at = |second| begin + Duration::from_secs(second);
        let mut samples = LagSamples::default();
        samples.add(at(0), 0, 0);
        assert_eq!(samples.age(at(1), 0), Duration::ZERO);
        samples.add(at(1), 10, 0);
        samples.add(at(2), 10, 0);
        samples.add(at(3), 20, 5);
        assert_eq!(samples.age(at(4), 5).as_secs(), 3);
        assert_eq!(samples.age(at(4), 10).as_secs(), 1);
        assert_eq!(samples.age(at(4), 20), Duration::ZERO);
        samples.add(at(9), 20, 20);
        assert_eq!(samples.age(at(9), 20), Duration::ZERO);
    }

    #[test]
    fn long_lags_are_measured_with_few_samples() {
        let begin = Instant::now();
        let at = |second| begin + Duration::from_secs(second);
        let mut samples = LagSamples::default();
        for second in 0..86_400 {
            samples.add(at(second), second + 1, 0);
        }
        assert!(samples.samples.len() <= MAX_SAMPLES);
        assert_eq!(samples.age(at(86_400), 0).as_secs(), 86_400);
        // Half is stored: the age is exact to the distance of samples.
        let age = samples.age(at(86_400), 43_200).as_secs();
        assert!((40_000..=43_200).contains(&age), "{age}");
    }
}
