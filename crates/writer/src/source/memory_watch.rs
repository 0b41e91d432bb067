//! Foresees when Redis runs short of memory.
//!
//! The memory tracker of BLISS looks every 30 s. From 80 % of the limit on, it drops what it has recorded before a
//! horizon that is never younger than 180 s (blissdata 2.4.5). Without a tracker Redis refuses to take more when
//! the limit is reached, or evicts keys.

use std::collections::VecDeque;
use std::time::Duration;

use redis_client::RedisUrl;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::margin_level::MarginLevel;
use super::{MemoryForecast, ShortageEffect, SourceError};

/// How long an answer of the server counts.
const ANSWER_LIFE: Duration = Duration::from_secs(10);
/// Time over which the growth is measured.
const GROWTH_PERIOD: Duration = Duration::from_secs(60);
/// The part of the limit from which on the memory tracker drops points.
const TRACKER_THRESHOLD: f64 = 0.8;
/// The age up to which the memory tracker drops nothing.
const TRACKER_PROTECTED: Duration = Duration::from_secs(180);
/// The age up to which a server that evicts the keys that were not used for longest is taken to drop nothing: the streams
/// of a scan that runs are used all the time. It is an assumption, because a server does not say how old these keys are.
const EVICTION_PROTECTED: Duration = Duration::from_secs(180);

/// What happens when a server runs short of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortageCause {
    /// The memory tracker of BLISS drops old points.
    MemoryTracker,
    /// The server evicts the keys that were not used for longest.
    Eviction,
    /// The server refuses to take more.
    Refusal,
    /// The server evicts some keys, and it is not known which.
    Unforeseen,
}

/// What a server says about its memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryState {
    /// Memory that the server uses, in bytes.
    pub used: u64,
    /// Memory that the server may use, in bytes, or `None` if there is no limit.
    pub limit: Option<u64>,
    /// The server's `maxmemory-policy`.
    pub eviction_policy: String,
    /// What happens when it runs short.
    pub cause: ShortageCause,
}

/// Asks a server about its memory, at most once every 10 s.
#[derive(Debug, Default)]
pub struct MemoryWatch(Mutex<WatchState>);

#[derive(Debug, Default)]
struct WatchState {
    last: Option<(Instant, MemoryState)>,
    trend: MemoryTrend,
    /// How serious it is that publishers will be refused.
    refusal: MarginLevel,
    eviction_is_reported: bool,
}

impl MemoryWatch {
    /// Returns the forecast. Warns once if the server evicts keys, and at each threshold if it will refuse
    /// publishers: these concern all scans.
    ///
    /// # Errors
    /// If the server cannot be asked, or does not allow it.
    pub async fn forecast(
        &self,
        server: &RedisUrl,
        ask: impl AsyncFn() -> Result<MemoryState, SourceError>,
    ) -> Result<MemoryForecast, SourceError> {
        // A task that has waited for the lock finds a new answer.
        let mut watch = self.0.lock().await;
        if watch
            .last
            .as_ref()
            .is_none_or(|(asked, _)| asked.elapsed() >= ANSWER_LIFE)
        {
            let state = ask().await?;
            watch.take(Instant::now(), state, server);
        }
        let forecast = watch.forecast();
        watch.report_refusal(forecast);
        Ok(forecast)
    }
}

impl WatchState {
    fn take(&mut self, now: Instant, state: MemoryState, server: &RedisUrl) {
        if state.eviction_policy != "noeviction" && !self.eviction_is_reported {
            self.eviction_is_reported = true;
            warn!(
                "{} evicts keys when its memory is full (maxmemory-policy {}): data can vanish without notice",
                server, state.eviction_policy
            );
        }
        self.trend.add(now, state.used);
        self.last = Some((now, state));
    }

    fn forecast(&self) -> MemoryForecast {
        let Some((asked, state)) = &self.last else {
            return MemoryForecast {
                shortage_in: None,
                effect: ShortageEffect::RefusesPublishers,
            };
        };
        let (part, effect) = match state.cause {
            ShortageCause::MemoryTracker => {
                let protected = TRACKER_PROTECTED;
                (TRACKER_THRESHOLD, ShortageEffect::DropsPoints { protected })
            }
            ShortageCause::Eviction => {
                let protected = EVICTION_PROTECTED;
                (1.0, ShortageEffect::DropsPoints { protected })
            }
            ShortageCause::Refusal | ShortageCause::Unforeseen => {
                (1.0, ShortageEffect::RefusesPublishers)
            }
        };
        let is_foreseen = state.cause != ShortageCause::Unforeseen;
        let limit = state.limit.filter(|_| is_foreseen);
        let shortage_in = limit.and_then(|limit| self.trend.time_to(part * limit as f64));
        MemoryForecast {
            shortage_in: shortage_in.map(|time| time.saturating_sub(asked.elapsed())),
            effect,
        }
    }

    fn report_refusal(&mut self, forecast: MemoryForecast) {
        let margin = match forecast.effect {
            ShortageEffect::RefusesPublishers => forecast.shortage_in,
            ShortageEffect::DropsPoints { .. } => None,
        };
        let seconds = margin.unwrap_or_default().as_secs();
        match self.refusal.update(margin) {
            Some(MarginLevel::Alarm) => {
                error!(
                    "BLISS will be refused in about {seconds} s: the memory of Redis is full then"
                );
            }
            Some(MarginLevel::Warning) => {
                warn!(
                    "BLISS will be refused in about {seconds} s: the memory of Redis is full then"
                );
            }
            Some(MarginLevel::Safe) => info!("the memory of Redis lasts again"),
            None => {}
        }
    }
}

/// The memory that a server used during the last minute.
#[derive(Debug, Default)]
struct MemoryTrend(VecDeque<(Instant, u64)>);

impl MemoryTrend {
    fn add(&mut self, now: Instant, used: u64) {
        self.0.push_back((now, used));
        while self
            .0
            .front()
            .is_some_and(|(time, _)| now - *time > GROWTH_PERIOD)
        {
            self.0.pop_front();
        }
    }

    /// Returns the time from the last answer until this much is used, or `None` if the use does not grow.
    fn time_to(&self, threshold: f64) -> Option<Duration> {
        let (&(begin, first), &(end, last)) = (self.0.front()?, self.0.back()?);
        if last as f64 >= threshold {
            return Some(Duration::ZERO);
        }
        let growth = (last as f64 - first as f64) / (end - begin).as_secs_f64();
        // There is no growth, not even a number, with a single answer.
        let seconds = (threshold - last as f64) / growth;
        (growth > 0.0)
            .then(|| Duration::try_from_secs_f64(seconds).ok())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::ShortageCause::{Eviction, MemoryTracker, Refusal, Unforeseen};
    use super::*;

    /// Returns when memory is short according to answers, of which there is one each 10 s.
    fn shortage(used: &[u64], limit: u64, cause: ShortageCause) -> Option<u64> {
        let server = "redis://localhost:1".parse().unwrap();
        let mut watch = WatchState::default();
        let begin = Instant::now();
        for (number, used) in used.iter().enumerate() {
            let time = begin + 10 * Duration::from_secs(number as u64);
            let state = MemoryState {
                used: *used,
                limit: Some(limit).filter(|limit| *limit > 0),
                eviction_policy: "noeviction".to_owned(),
                cause,
            };
            watch.take(time, state, &server);
        }
        watch.forecast().shortage_in.map(|time| time.as_secs())
    }

    #[test]
    fn the_growth_of_the_last_minute_counts() {
        // 10 bytes per second up to 800.
        assert_eq!(shortage(&[500, 600], 1000, MemoryTracker), Some(20));
        // The jump is too old.
        let used = [0, 500, 510, 520, 530, 540, 550, 560];
        assert_eq!(shortage(&used, 1000, MemoryTracker), Some(240));
        assert_eq!(shortage(&[600, 600], 1000, MemoryTracker), None);
        assert_eq!(shortage(&[600, 500], 1000, MemoryTracker), None);
        assert_eq!(shortage(&[600], 1000, MemoryTracker), None);
        assert_eq!(shortage(&[800], 1000, MemoryTracker), Some(0));
        assert_eq!(shortage(&[500, 600], 0, MemoryTracker), None);
    }

    #[test]
    fn without_a_tracker_the_limit_counts() {
        assert_eq!(shortage(&[500, 600], 1000, Refusal), Some(40));
        assert_eq!(shortage(&[900], 1000, Refusal), None);
        assert_eq!(shortage(&[500, 600], 1000, Eviction), Some(40));
        assert_eq!(shortage(&[500, 600], 1000, Unforeseen), None);
    }
}
