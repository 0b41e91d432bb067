//! What became of scans, for clients that ask.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blissdata::store::ScanKey;
use hub::Event;
use writer::NexusScanWriter;
use writer::report::{Outcome, ScanReport};
use writer::subscriber::State;

use crate::value::DevState;

/// Scans to remember, as `blisswriter` 3.0.0 does.
const KEPT: usize = 200;

/// The scans that a device was told to save, in order. Readable from any thread.
#[derive(Default)]
pub struct Records {
    all: Mutex<VecDeque<Arc<Record>>>,
}

impl Records {
    /// A record of a new scan; none if the scan has one already.
    pub fn begin(&self, key: &ScanKey) -> Option<Arc<Record>> {
        let mut all = self.all();
        if all.iter().any(|record| record.key == *key) {
            return None;
        }
        let record = Arc::new(Record::new(key.clone()));
        all.push_back(record.clone());
        // The oldest is forgotten, but not while it is saved.
        let excess = all.len().saturating_sub(KEPT);
        let mut forget = excess;
        all.retain(|record| {
            let keep = forget == 0 || record.is_running();
            forget -= usize::from(!keep);
            keep
        });
        Some(record)
    }

    /// The record of a scan.
    pub fn find(&self, key: &str) -> Option<Arc<Record>> {
        let all = self.all();
        let mut found = all.iter().filter(|record| record.key.as_str() == key);
        found.next().cloned()
    }

    /// Scans whose saving has not ended.
    pub fn running(&self) -> Vec<Arc<Record>> {
        let all = self.all();
        let running = all.iter().filter(|record| record.is_running());
        running.cloned().collect()
    }

    /// Waits until all is noted that is to be noted of the ends of all scans.
    pub async fn told(&self) {
        let all = self.all().clone();
        for record in all {
            record.told.wait().await;
        }
    }

    /// Forgets all scans that have ended.
    pub fn forget(&self) {
        self.all().retain(|record| record.is_running());
    }

    /// No code runs under the lock that could leave the list half changed.
    fn all(&self) -> MutexGuard<'_, VecDeque<Arc<Record>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A scan that a device was told to save. Readable from any thread.
pub struct Record {
    key: ScanKey,
    stage: Mutex<Stage>,
    told: Event,
}

enum Stage {
    /// Its turn has not come.
    Queued,
    Saving(NexusScanWriter),
    Ended {
        state: DevState,
        reason: String,
        warnings: Vec<String>,
    },
}

impl Record {
    fn new(key: ScanKey) -> Record {
        Record {
            key,
            stage: Mutex::new(Stage::Queued),
            told: Event::new(),
        }
    }

    /// The scan.
    pub fn key(&self) -> &ScanKey {
        &self.key
    }

    /// INIT while its turn has not come, ON while it is saved, then OFF or FAULT.
    pub fn state(&self) -> DevState {
        match &*self.stage() {
            Stage::Queued => DevState::Init,
            // One that has ended is ON until the report of it is there.
            Stage::Saving(writer) if writer.subscriber().state() == State::Init => DevState::Init,
            Stage::Saving(_) => DevState::On,
            Stage::Ended { state, .. } => *state,
        }
    }

    /// How the saving ended; nothing before.
    pub fn reason(&self) -> String {
        match &*self.stage() {
            Stage::Ended { reason, .. } => reason.clone(),
            _ => String::new(),
        }
    }

    /// How many warnings there are by now.
    pub fn warning_count(&self) -> usize {
        match &*self.stage() {
            Stage::Queued => 0,
            Stage::Saving(writer) => writer.warnings().count(),
            Stage::Ended { warnings, .. } => warnings.len(),
        }
    }

    /// The warning with this index.
    pub fn warning(&self, index: usize) -> Option<String> {
        match &*self.stage() {
            Stage::Queued => None,
            Stage::Saving(writer) => writer.warnings().get(index),
            Stage::Ended { warnings, .. } => warnings.get(index).cloned(),
        }
    }

    /// All is noted that is to be noted of the end.
    pub fn tell(&self) {
        self.told.send();
    }

    /// Whether the saving has not ended.
    pub fn is_running(&self) -> bool {
        !matches!(&*self.stage(), Stage::Ended { .. })
    }

    /// The writer of the scan, while it is being saved.
    pub fn writer(&self) -> Option<NexusScanWriter> {
        match &*self.stage() {
            Stage::Saving(writer) => Some(writer.clone()),
            _ => None,
        }
    }

    /// Its turn has come.
    pub fn save(&self, writer: NexusScanWriter) {
        *self.stage() = Stage::Saving(writer);
    }

    /// It has been saved, or was not to be saved, or something is missing.
    pub fn end(&self, report: ScanReport) {
        let (state, reason) = match report.outcome {
            Outcome::Complete => (DevState::Off, "Saving complete.".to_owned()),
            Outcome::Skipped => (DevState::Off, "Not to be saved, skip.".to_owned()),
            _ => (DevState::Fault, report.reason),
        };
        self.close(state, reason, report.warnings);
    }

    /// It cannot be saved at all.
    pub fn fail(&self, reason: String) {
        self.close(DevState::Fault, reason, Vec::new());
    }

    fn close(&self, state: DevState, reason: String, warnings: Vec<String>) {
        *self.stage() = Stage::Ended {
            state,
            reason,
            warnings,
        };
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(index: usize) -> ScanKey {
        ScanKey::new(format!("esrf:scan:{index}")).unwrap()
    }

    #[test]
    fn a_scan_is_accepted_once() {
        let records = Records::default();
        let record = records.begin(&key(1)).unwrap();
        assert_eq!(
            (record.state(), record.reason()),
            (DevState::Init, String::new())
        );
        assert!(records.begin(&key(1)).is_none());
        record.fail("no space".to_owned());
        assert!(records.begin(&key(1)).is_none());
        let known = records.find("esrf:scan:1").unwrap();
        assert_eq!(
            (known.state(), known.reason()),
            (DevState::Fault, "no space".to_owned())
        );
    }

    #[test]
    fn the_oldest_that_ended_are_forgotten() {
        let records = Records::default();
        let running = records.begin(&key(0)).unwrap();
        for index in 1..KEPT + 3 {
            let record = records.begin(&key(index)).unwrap();
            record.fail(String::new());
        }
        assert!(records.find(running.key().as_str()).is_some());
        let gone: Vec<_> = (0..KEPT + 3)
            .filter(|index| records.find(key(*index).as_str()).is_none())
            .collect();
        assert_eq!(gone, [1, 2, 3]);
        records.forget();
        assert!(records.find(key(KEPT).as_str()).is_none());
        assert_eq!(records.running().len(), 1);
    }
}
