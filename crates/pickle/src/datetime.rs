//! Times of Python's module `datetime`.

use std::fmt;

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, TimeZone};

use crate::value::{Object, Value};

/// A `datetime.datetime`. Displayed as Python's `isoformat` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateTime {
    /// A time without a time zone: BLISS means the local time of its host. A time in a zone that this crate
    /// does not know is what the clocks of that zone show.
    Naive(NaiveDateTime),
    /// A time with a known distance from UTC.
    Zoned(chrono::DateTime<FixedOffset>),
}

impl DateTime {
    /// Returns the time that a value means, or `None` if it is not a valid `datetime.datetime`.
    pub fn of(value: &Value) -> Option<DateTime> {
        let object = value.as_object()?;
        let [Value::Bytes(packed), rest @ ..] = object.arguments.as_ref() else {
            return None;
        };
        if !object.is("datetime", "datetime") {
            return None;
        }
        let &[y1, y0, month, day, hour, minute, second, m2, m1, m0] = packed.first_chunk()?;
        if packed.len() != 10 {
            return None;
        }
        // The highest bit tells a repeated hour from the first one, when clocks are set back.
        let month = month & 0x7f;
        let microsecond = u32::from_be_bytes([0, m2, m1, m0]);
        let naive = date([y1, y0, month, day])?.and_hms_micro_opt(
            hour.into(),
            minute.into(),
            second.into(),
            microsecond,
        )?;
        Some(match rest.first().and_then(offset) {
            Some(offset) => DateTime::Zoned(offset.from_local_datetime(&naive).single()?),
            None => DateTime::Naive(naive),
        })
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let naive = match self {
            DateTime::Naive(naive) => *naive,
            DateTime::Zoned(zoned) => zoned.naive_local(),
        };
        match naive.and_utc().timestamp_subsec_micros() {
            0 => write!(f, "{}", naive.format("%Y-%m-%dT%H:%M:%S"))?,
            _ => write!(f, "{}", naive.format("%Y-%m-%dT%H:%M:%S%.6f"))?,
        }
        match self {
            DateTime::Naive(_) => Ok(()),
            DateTime::Zoned(zoned) => write!(f, "{}", zoned.offset()),
        }
    }
}

/// Returns the day that a `datetime.date` means.
pub(crate) fn date_of(value: &Value) -> Option<NaiveDate> {
    let object = value.as_object()?;
    match object.arguments.as_ref() {
        [Value::Bytes(packed)] if object.is("datetime", "date") => {
            date(packed.as_ref().try_into().ok()?)
        }
        _ => None,
    }
}

fn date([y1, y0, month, day]: [u8; 4]) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(
        u16::from_be_bytes([y1, y0]).into(),
        month.into(),
        day.into(),
    )
}

/// Returns the distance of a time zone from UTC: `datetime.timezone`, or a zone of pytz, which names its
/// distance.
fn offset(zone: &Value) -> Option<FixedOffset> {
    let zone = zone.as_object()?;
    let arguments = zone.arguments.as_ref();
    let seconds = if zone.is("datetime", "timezone") {
        seconds(arguments.first()?.as_object()?)?
    } else if zone.is("pytz", "_UTC") {
        0
    } else if zone.is("pytz", "_p") {
        arguments.get(1)?.as_i64()?
    } else {
        return None;
    };
    FixedOffset::east_opt(seconds.try_into().ok()?)
}

/// Returns the seconds of a `datetime.timedelta`.
fn seconds(delta: &Object) -> Option<i64> {
    let [days, seconds, _] = delta.arguments.as_ref() else {
        return None;
    };
    let days = days.as_i64()?.checked_mul(24 * 60 * 60)?;
    days.checked_add(seconds.as_i64()?)
}
