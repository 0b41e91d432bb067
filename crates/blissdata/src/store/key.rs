//! Names of scans.

use std::fmt;
use std::str::FromStr;

/// Key of a scan in the data store, `esrf:scan:` and an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScanKey(String);

/// A text that is not the key of a scan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the key of a scan (expected {PREFIX}...)")]
pub struct KeyError(String);

const PREFIX: &str = "esrf:scan:";

impl ScanKey {
    /// The key `text`, if it is one.
    pub fn new(text: impl Into<String>) -> Result<ScanKey, KeyError> {
        let text = text.into();
        match text.strip_prefix(PREFIX) {
            Some(rest) if !rest.is_empty() => Ok(ScanKey(text)),
            _ => Err(KeyError(text)),
        }
    }

    /// The key of the scan whose primary key is `pk`.
    pub fn from_pk(pk: &str) -> ScanKey {
        ScanKey(format!("{PREFIX}{pk}"))
    }

    /// The key as Redis has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the prefix.
    pub fn pk(&self) -> &str {
        &self.0[PREFIX.len()..]
    }
}

impl FromStr for ScanKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<ScanKey, KeyError> {
        ScanKey::new(text)
    }
}

impl fmt::Display for ScanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scan_keys_have_the_prefix() {
        let key = ScanKey::new("esrf:scan:01M82Y7PBE5ARXMK29K55ZRRJ4").unwrap();
        assert_eq!(key.pk(), "01M82Y7PBE5ARXMK29K55ZRRJ4");
        assert_eq!(ScanKey::from_pk(key.pk()), key);
        for bad in [
            "",
            "esrf:scan:",
            "esrf:stream:01M8",
            "01M82Y7PBE5ARXMK29K55ZRRJ4",
        ] {
            assert!(ScanKey::new(bad).is_err(), "{bad:?}");
        }
    }
}
