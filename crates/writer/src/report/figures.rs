//! Figures of a scan in the format of the Python writer: points, sizes, durations.

use std::fmt;
use std::time::Duration;

/// The range of the numbers of points of datasets, such as those of one subscan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PointRange {
    /// Points of the dataset that has the least.
    pub least: u64,
    /// Points of the dataset that has the most.
    pub most: u64,
}

impl PointRange {
    /// Returns the range of these numbers. It is zero if there are none.
    pub fn between(points: impl IntoIterator<Item = u64>) -> PointRange {
        let widen = |so_far: Option<PointRange>, points: u64| {
            let so_far = so_far.unwrap_or(PointRange {
                least: points,
                most: points,
            });
            Some(PointRange {
                least: so_far.least.min(points),
                most: so_far.most.max(points),
            })
        };
        points.into_iter().fold(None, widen).unwrap_or_default()
    }
}

/// Formats the range as `3pts-5pts`.
impl fmt::Display for PointRange {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}pts-{}pts", self.least, self.most)
    }
}

/// Returns the points of all subscans in one line. The name of a subscan is left out if there is
/// only one.
pub fn progress<'a>(subscans: impl IntoIterator<Item = (&'a str, PointRange)>) -> String {
    let subscans: Vec<_> = subscans.into_iter().collect();
    match subscans.as_slice() {
        [] => PointRange::default().to_string(),
        [(_, points)] => points.to_string(),
        several => {
            let parts: Vec<_> = several
                .iter()
                .map(|(name, points)| format!("{name}:{points}"))
                .collect();
            parts.join(" ")
        }
    }
}

/// Formats a number of bytes in units of 1024: `48.0B`, `1.5MB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    // A value from here on would be shown as 1024.0.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1}{}", UNITS[unit])
}

/// Formats a duration as Python does: `0:00:00.462888`, `1 day, 0:00:01`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let days = match seconds / 86_400 {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    let fraction = match duration.subsec_micros() {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    };
    format!(
        "{days}{}:{:02}:{:02}{fraction}",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_subscans() {
        let few = PointRange::between([5, 3, 4]);
        assert_eq!(few, PointRange { least: 3, most: 5 });
        assert_eq!(progress([]), "0pts-0pts");
        assert_eq!(progress([("axis", PointRange::between([]))]), "0pts-0pts");
        assert_eq!(progress([("axis", few)]), "3pts-5pts");
        let two = [("axis", few), ("timer", PointRange::between([12]))];
        assert_eq!(progress(two), "axis:3pts-5pts timer:12pts-12pts");
    }

    #[test]
    fn sizes() {
        let shown = [0, 48, 1023, 1024, 1448, 1_572_864, 1_048_575, 1 << 30].map(bytes);
        assert_eq!(
            shown,
            [
                "0.0B", "48.0B", "1023.0B", "1.0KB", "1.4KB", "1.5MB", "1.0MB", "1.0GB"
            ]
        );
        assert_eq!(bytes(1 << 55), "32768.0TB");
    }

    #[test]
    fn durations() {
        let shown = [
            462_888,
            1_000_000,
            3_661_000_001,
            86_401_000_000,
            172_800_000_000,
        ]
        .map(|micros| duration(Duration::from_micros(micros)));
        assert_eq!(
            shown,
            [
                "0:00:00.462888",
                "0:00:01",
                "1:01:01.000001",
                "1 day, 0:00:01",
                "2 days, 0:00:00"
            ]
        );
    }
}
