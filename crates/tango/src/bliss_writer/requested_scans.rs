//! The scans that a device was asked to save, and their states, for clients that ask.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blissdata::store::ScanKey;
use hub::Event;
use writer::NexusScanWriter;
use writer::report::{ScanOutcome, ScanReport};
use writer::subscriber::State;

use crate::value::DevState;

/// Number of scans to remember, as in `blisswriter` 3.0.0.
const CAPACITY: usize = 200;

/// The scans that a device was asked to save, in order. Readable from any thread.
#[derive(Default)]
pub struct RequestedScans {
    all: Mutex<VecDeque<Arc<RequestedScan>>>,
}

impl RequestedScans {
    /// Adds a new scan. Returns `None` if the scan is known already.
    pub fn add(&self, key: &ScanKey) -> Option<Arc<RequestedScan>> {
        let mut all = self.all();
        if all.iter().any(|scan| scan.key == *key) {
            return None;
        }
        let scan = Arc::new(RequestedScan::new(key.clone()));
        all.push_back(scan.clone());
        // The oldest scan is forgotten, but not while it is saved.
        let excess = all.len().saturating_sub(CAPACITY);
        let mut to_remove = excess;
        all.retain(|scan| {
            let keep = to_remove == 0 || scan.is_running();
            to_remove -= usize::from(!keep);
            keep
        });
        Some(scan)
    }

    /// Returns a scan by its key.
    pub fn find(&self, key: &str) -> Option<Arc<RequestedScan>> {
        let all = self.all();
        let mut found = all.iter().filter(|scan| scan.key.as_str() == key);
        found.next().cloned()
    }

    /// Returns the scans whose saving has not ended.
    pub fn running(&self) -> Vec<Arc<RequestedScan>> {
        let all = self.all();
        let running = all.iter().filter(|scan| scan.is_running());
        running.cloned().collect()
    }

    /// Waits until all scans are settled.
    pub async fn wait_settled(&self) {
        let all = self.all().clone();
        for scan in all {
            scan.settled.wait().await;
        }
    }

    /// Forgets all scans that have ended.
    pub fn remove_ended(&self) {
        self.all().retain(|scan| scan.is_running());
    }

    /// No code that holds this lock can leave the list half changed.
    fn all(&self) -> MutexGuard<'_, VecDeque<Arc<RequestedScan>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A scan that a device was asked to save. Readable from any thread.
pub struct RequestedScan {
    key: ScanKey,
    stage: Mutex<SavingStage>,
    settled: Event,
}

enum SavingStage {
    /// The scan waits for its turn.
    Queued,
    Saving(NexusScanWriter),
    Ended {
        state: DevState,
        reason: String,
        warnings: Vec<String>,
    },
}

impl RequestedScan {
    fn new(key: ScanKey) -> RequestedScan {
        RequestedScan {
            key,
            stage: Mutex::new(SavingStage::Queued),
            settled: Event::new(),
        }
    }

    /// Returns the key of the scan.
    pub fn key(&self) -> &ScanKey {
        &self.key
    }

    /// Returns the state: INIT while the scan waits for its turn, ON while it is saved, then OFF or FAULT.
    pub fn state(&self) -> DevState {
        match &*self.stage() {
            SavingStage::Queued => DevState::Init,
            // A scan that has ended is ON until its report is there.
            SavingStage::Saving(writer) if writer.subscriber().state() == State::Init => {
                DevState::Init
            }
            SavingStage::Saving(_) => DevState::On,
            SavingStage::Ended { state, .. } => *state,
        }
    }

    /// Returns how the saving ended, or what it waits for, or an empty text.
    pub fn reason(&self) -> String {
        match &*self.stage() {
            SavingStage::Queued => String::new(),
            SavingStage::Saving(writer) => writer.subscriber().waiting().unwrap_or_default(),
            SavingStage::Ended { reason, .. } => reason.clone(),
        }
    }

    /// Returns the number of warnings so far.
    pub fn warning_count(&self) -> usize {
        match &*self.stage() {
            SavingStage::Queued => 0,
            SavingStage::Saving(writer) => writer.warnings().count(),
            SavingStage::Ended { warnings, .. } => warnings.len(),
        }
    }

    /// Returns the warning with this index.
    pub fn warning(&self, index: usize) -> Option<String> {
        match &*self.stage() {
            SavingStage::Queued => None,
            SavingStage::Saving(writer) => writer.warnings().get(index),
            SavingStage::Ended { warnings, .. } => warnings.get(index).cloned(),
        }
    }

    /// Marks the scan as settled: it has ended, and its pending request is removed if nothing is left to do.
    pub fn set_settled(&self) {
        self.settled.send();
    }

    /// Returns `true` until the saving has ended.
    pub fn is_running(&self) -> bool {
        !matches!(&*self.stage(), SavingStage::Ended { .. })
    }

    /// Returns the writer of the scan while it is being saved.
    pub fn writer(&self) -> Option<NexusScanWriter> {
        match &*self.stage() {
            SavingStage::Saving(writer) => Some(writer.clone()),
            _ => None,
        }
    }

    /// Notes that the scan is being saved.
    pub fn set_saving(&self, writer: NexusScanWriter) {
        *self.stage() = SavingStage::Saving(writer);
    }

    /// Notes how the saving ended.
    pub fn set_ended(&self, report: ScanReport) {
        let (state, reason) = match report.outcome {
            ScanOutcome::Complete => (DevState::Off, "Saving complete.".to_owned()),
            ScanOutcome::Skipped => (DevState::Off, "Not to be saved, skip.".to_owned()),
            _ => (DevState::Fault, report.reason),
        };
        self.set_stage_ended(state, reason, report.warnings);
    }

    /// Notes that the scan cannot be saved at all.
    pub fn set_failed(&self, reason: String) {
        self.set_stage_ended(DevState::Fault, reason, Vec::new());
    }

    fn set_stage_ended(&self, state: DevState, reason: String, warnings: Vec<String>) {
        *self.stage() = SavingStage::Ended {
            state,
            reason,
            warnings,
        };
    }

    fn stage(&self) -> MutexGuard<'_, SavingStage> {
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
        let scans = RequestedScans::default();
        let scan = scans.add(&key(1)).unwrap();
        assert_eq!(
            (scan.state(), scan.reason()),
            (DevState::Init, String::new())
        );
        assert!(scans.add(&key(1)).is_none());
        scan.set_failed("no space".to_owned());
        assert!(scans.add(&key(1)).is_none());
        let known = scans.find("esrf:scan:1").unwrap();
        assert_eq!(
            (known.state(), known.reason()),
            (DevState::Fault, "no space".to_owned())
        );
    }

    #[test]
    fn the_oldest_that_ended_are_forgotten() {
        let scans = RequestedScans::default();
        let running = scans.add(&key(0)).unwrap();
        for index in 1..CAPACITY + 3 {
            let scan = scans.add(&key(index)).unwrap();
            scan.set_failed(String::new());
        }
        assert!(scans.find(running.key().as_str()).is_some());
        let gone: Vec<_> = (0..CAPACITY + 3)
            .filter(|index| scans.find(key(*index).as_str()).is_none())
            .collect();
        assert_eq!(gone, [1, 2, 3]);
        scans.remove_ended();
        assert!(scans.find(key(CAPACITY).as_str()).is_none());
        assert_eq!(scans.running().len(), 1);
    }
}
