//! When a server runs short of memory, and what that means for points that nobody has read.

use std::time::Duration;

/// What the server does when it runs short of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortageEffect {
    /// It drops points that were published at least so long ago, whether they were read or not.
    DropsPoints {
        /// The age up to which points are safe.
        protected: Duration,
    },
    /// It refuses to take more from the publishers.
    RefusesPublishers,
}

/// A forecast of the memory of a server, as of its last answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryForecast {
    /// Time until the server runs short of memory: zero if it does already, `None` if that is not in sight.
    pub shortage_in: Option<Duration>,
    /// What the server does then.
    pub effect: ShortageEffect,
}

impl MemoryForecast {
    /// Returns how soon something is lost if the oldest unread point has this age: unread points, or those that
    /// are not accepted. Returns `None` if that is not in sight.
    pub fn margin(&self, lag: Duration) -> Option<Duration> {
        let shortage_in = self.shortage_in?;
        Some(match self.effect {
            ShortageEffect::DropsPoints { protected } => {
                shortage_in.saturating_add(protected).saturating_sub(lag)
            }
            ShortageEffect::RefusesPublishers => shortage_in,
        })
    }

    /// Returns `true` if the server may be dropping points now.
    pub fn drops_now(&self) -> bool {
        matches!(self.effect, ShortageEffect::DropsPoints { .. })
            && self.shortage_in == Some(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unread_points_are_lost_when_they_are_old_and_memory_is_short() {
        let seconds = Duration::from_secs;
        let mut forecast = MemoryForecast {
            shortage_in: Some(seconds(100)),
            effect: ShortageEffect::DropsPoints {
                protected: seconds(180),
            },
        };
        assert_eq!(forecast.margin(Duration::ZERO), Some(seconds(280)));
        assert_eq!(forecast.margin(seconds(200)), Some(seconds(80)));
        assert_eq!(forecast.margin(seconds(300)), Some(Duration::ZERO));
        assert!(!forecast.drops_now());
        forecast.shortage_in = Some(Duration::ZERO);
        assert!(forecast.drops_now());
        forecast.shortage_in = None;
        assert_eq!(forecast.margin(seconds(300)), None);
    }

    #[test]
    fn publishers_are_refused_however_much_was_read() {
        let forecast = MemoryForecast {
            shortage_in: Some(Duration::from_secs(7)),
            effect: ShortageEffect::RefusesPublishers,
        };
        let lags = [0, 60].map(|lag| forecast.margin(Duration::from_secs(lag)));
        assert_eq!(lags, [Some(Duration::from_secs(7)); 2]);
        assert!(!forecast.drops_now());
    }
}
