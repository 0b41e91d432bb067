//! What survives a power failure.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Time between two checkpoints with [`Durability::Scan`].
const SCAN_PERIOD: Duration = Duration::from_secs(5);

/// What survives a power failure, or the end of a host. The end of the program alone costs nothing that was flushed,
/// in any case.
///
/// Only files with a journal ([`FileDriver::Safe`](crate::h5::FileDriver)) have a durability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Nothing is certain: a file that was being written may be unreadable.
    #[default]
    None,
    /// The file as it was at a checkpoint. There is one every 5 s, and one before a scan counts as finished. Scans
    /// that end together share it.
    Scan,
    /// As [`Scan`](Durability::Scan), with a checkpoint whenever this time has passed, and one before a file counts as
    /// closed. Scans that end in a file which others still write do not wait for one.
    Every(Duration),
}

impl Durability {
    /// Returns the time between two checkpoints, if there are any.
    pub fn period(self) -> Option<Duration> {
        match self {
            Durability::None => None,
            Durability::Scan => Some(SCAN_PERIOD),
            Durability::Every(period) => Some(period),
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Durability::None => f.write_str("none"),
            Durability::Scan => f.write_str("scan"),
            Durability::Every(period) => write!(f, "{}", period.as_secs_f64()),
        }
    }
}

/// A text that is no [`Durability`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither none, nor scan, nor a number of seconds above zero")]
pub struct UnknownDurability(String);

impl FromStr for Durability {
    type Err = UnknownDurability;

    fn from_str(text: &str) -> Result<Durability, UnknownDurability> {
        let unknown = || UnknownDurability(text.to_owned());
        match text {
            "none" => Ok(Durability::None),
            "scan" => Ok(Durability::Scan),
            seconds => {
                let seconds: f64 = seconds.parse().map_err(|_| unknown())?;
                let period = Duration::try_from_secs_f64(seconds).map_err(|_| unknown())?;
                match period.is_zero() {
                    true => Err(unknown()),
                    false => Ok(Durability::Every(period)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_one_text() {
        for text in ["none", "scan", "2", "0.5"] {
            let durability: Durability = text.parse().unwrap();
            assert_eq!(durability.to_string(), text);
        }
        for text in ["", "0", "-1", "always", "nan", "inf", "1e99"] {
            assert!(text.parse::<Durability>().is_err(), "{text}");
        }
    }
}
