//! Times of Python's module `datetime`.

use chrono::{FixedOffset, NaiveDateTime};

use crate::value::Value;

/// A `datetime.datetime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateTime {
    /// A time without a time zone: BLISS means the local time of its host. A time in a zone that this crate
    /// does not know is shown as by the clocks of that zone.
    Naive(NaiveDateTime),
    /// A time with a known distance from UTC.
    Zoned(chrono::DateTime<FixedOffset>),
}

impl DateTime {
    /// Returns the time that a value means, or `None` if it is not a valid `datetime.datetime`.
    pub fn of(value: &Value) -> Option<DateTime> {
        todo!("{value:?}")
    }
}
