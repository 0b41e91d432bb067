//! Warnings about a margin: one for each threshold that it crosses.

use std::time::Duration;

/// Margin below which users are warned.
pub const WARNING_MARGIN: Duration = Duration::from_secs(120);
/// Margin below which a warning is an alarm.
pub const ALARM_MARGIN: Duration = Duration::from_secs(60);
/// Margin from which on all is well again. It is larger than that of a warning, so that a margin that stays near
/// the threshold does not cross it again and again.
const SAFE_MARGIN: Duration = Duration::from_secs(150);

/// How serious a margin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum MarginLevel {
    /// Nothing threatens.
    #[default]
    Safe,
    /// Below [`WARNING_MARGIN`].
    Warning,
    /// Below [`ALARM_MARGIN`].
    Alarm,
}

impl MarginLevel {
    /// Takes the next margin, where `None` is infinite. Returns the new level if users have to be told: it is
    /// more serious than before, or all is well again.
    pub fn update(&mut self, margin: Option<Duration>) -> Option<MarginLevel> {
        let level = match margin {
            Some(margin) if margin < ALARM_MARGIN => MarginLevel::Alarm,
            Some(margin) if margin < WARNING_MARGIN => MarginLevel::Warning,
            Some(margin) if margin < SAFE_MARGIN => (*self).min(MarginLevel::Warning),
            _ => MarginLevel::Safe,
        };
        let is_news = level > *self || level == MarginLevel::Safe && *self != MarginLevel::Safe;
        if is_news {
            *self = level;
        }
        is_news.then_some(level)
    }
}

#[cfg(test)]
mod tests {
    use super::MarginLevel::{Alarm, Safe, Warning};
    use super::*;

    #[test]
    fn each_threshold_is_reported_once_until_all_is_well_again() {
        let mut level = MarginLevel::default();
        let mut news = |margin: Option<u64>| level.update(margin.map(Duration::from_secs));
        assert_eq!(news(None), None);
        assert_eq!(news(Some(130)), None);
        assert_eq!(news(Some(119)), Some(Warning));
        assert_eq!(news(Some(121)), None);
        assert_eq!(news(Some(119)), None);
        assert_eq!(news(Some(59)), Some(Alarm));
        assert_eq!(news(Some(100)), None);
        assert_eq!(news(Some(0)), None);
        assert_eq!(news(Some(150)), Some(Safe));
        assert_eq!(news(Some(10)), Some(Alarm));
        assert_eq!(news(None), Some(Safe));
    }
}
