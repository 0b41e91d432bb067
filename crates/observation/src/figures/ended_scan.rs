//! The scan whose saving ended last.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::session::ScanOutcome;

/// The scan whose saving ended last, for people.
#[derive(Debug, Default)]
pub struct LastScan(Mutex<Option<EndedScan>>);

/// A scan whose saving has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedScan {
    /// Name of the scan: `12_ascan`.
    pub name: String,
    /// How its saving ended.
    pub outcome: ScanOutcome,
}

impl LastScan {
    /// Notes that the saving of a scan has ended.
    pub fn set(&self, name: &str, outcome: ScanOutcome) {
        *self.scan() = Some(EndedScan {
            name: name.to_owned(),
            outcome,
        });
    }

    /// Returns the scan, if there was one.
    pub fn get(&self) -> Option<EndedScan> {
        self.scan().clone()
    }

    /// No code runs under the lock that could leave the scan half changed.
    fn scan(&self) -> MutexGuard<'_, Option<EndedScan>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
