//! Formatting times.

use chrono::{
    DateTime, FixedOffset, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike,
};

/// Formats an ISO 8601 time as Python's `datetime.isoformat` does. The offset is that of the time,
/// or that of this machine if the time has none. Microseconds are left out if they are zero.
pub fn reformat(text: &str) -> Option<String> {
    let time = parse(text.trim())?;
    let seconds = time.format("%Y-%m-%dT%H:%M:%S");
    let offset = time.format("%:z");
    Some(match time.nanosecond() / 1000 {
        0 => format!("{seconds}{offset}"),
        microseconds => format!("{seconds}.{microseconds:06}{offset}"),
    })
}

fn parse(text: &str) -> Option<DateTime<FixedOffset>> {
    let with_offset = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"];
    let mut known = with_offset
        .iter()
        .filter_map(|format| DateTime::parse_from_str(text, format).ok());
    if let Some(time) = known.next() {
        return Some(time);
    }
    let without_offset = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ];
    let mut naive = without_offset
        .iter()
        .filter_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let naive = naive
        .next()
        .or_else(|| day().map(|day| day.and_time(NaiveTime::MIN)))?;
    // When clocks are put back, an hour happens twice. The first one is used, as in Python.
    let local = Local.from_local_datetime(&naive).earliest()?;
    Some(local.fixed_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_kept() {
        let same = |text: &str| assert_eq!(reformat(text).as_deref(), Some(text));
        same("2026-11-23T01:27:26.140283+00:00");
        same("2026-11-23T01:27:26-11:30");
        let is = |text: &str, expected: &str| assert_eq!(reformat(text).as_deref(), Some(expected));
        is(
            "2026-11-23T01:27:26.000000+01:00",
            "2026-11-23T01:27:26+01:00",
        );
        is("2026-11-23T01:27:26.5Z", "2026-11-23T01:27:26.500000+00:00");
        is("2026-11-23 01:27:26+0100", "2026-11-23T01:27:26+01:00");
        is(
            "2026-11-23T01:27:26.1234567+01",
            "2026-11-23T01:27:26.123456+01:00",
        );
    }

    #[test]
    fn without_offset_it_is_local_time() {
        let local = |day: (i32, u32, u32), time: (u32, u32, u32)| {
            let day = NaiveDate::from_ymd_opt(day.0, day.1, day.2).unwrap();
            let naive = day.and_hms_opt(time.0, time.1, time.2).unwrap();
            let local = Local.from_local_datetime(&naive).earliest().unwrap();
            Some(local.format("%Y-%m-%dT%H:%M:%S%:z").to_string())
        };
        let expected = local((2026, 6, 23), (13, 27, 26));
        assert_eq!(reformat("2026-06-23T13:27:26"), expected);
        assert_eq!(reformat("2026-06-23"), local((2026, 6, 23), (0, 0, 0)));
    }

    #[test]
    fn invalid_times_are_refused() {
        for text in ["", "yesterday", "2026-13-23T01:27:26+00:00", "12:30"] {
            assert_eq!(reformat(text), None, "{text}");
        }
    }
}
