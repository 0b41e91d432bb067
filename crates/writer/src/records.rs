//! Records of scans: what clients of a writer can ask, at any time and in any thread.
//!
//! Every scan of a session has a record from the moment that it appears in Redis, whether it is to be
//! saved or not. Nothing of it waits for Redis or a disk.

mod changes;
mod record;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;

pub use crate::subscriber::State as RecordState;
pub use changes::ChangeReceiver;
pub use record::ScanRecord;

use crate::scan::NexusScanWriter;
use changes::ChangeSender;

/// How long scans are remembered after their end, as in `blisswriter` 2.0.0.
const KEPT: Duration = Duration::from_secs(300);

/// Records to keep; as many as an attribute of the Python writer's device can tell.
const MOST: usize = 10_000;

/// The records of a session. Clones are the same records.
#[derive(Clone)]
pub struct ScanRecords {
    kept: Duration,
    most: usize,
    scans: Arc<Mutex<RecordList>>,
    changes: ChangeSender,
}

#[derive(Default)]
struct RecordList {
    /// The last scan of each name, in the order in which they came.
    named: IndexMap<String, ScanRecord>,
    /// Others that still run, although a newer one took their place.
    replaced: Vec<ScanRecord>,
}

/// Scans are remembered for 300 s after their end.
impl Default for ScanRecords {
    fn default() -> ScanRecords {
        ScanRecords::with_retention(KEPT)
    }
}

impl ScanRecords {
    /// No records yet. Those to come are remembered for so long after their end.
    pub fn with_retention(kept: Duration) -> ScanRecords {
        ScanRecords {
            kept,
            most: MOST,
            scans: Arc::default(),
            changes: ChangeSender::new(),
        }
    }

    /// The same, but so many at most. To make room, the oldest that has ended is forgotten; the oldest
    /// of all if none has.
    pub fn with_limit(self, most: usize) -> ScanRecords {
        ScanRecords { most, ..self }
    }

    /// All records, in the order in which the scans began to be saved.
    pub fn list(&self) -> Vec<ScanRecord> {
        let mut records: Vec<_> = self.scans().named.values().cloned().collect();
        records.sort_by_key(|record| record.began().unwrap_or(record.created()));
        records
    }

    /// The record of the last scan that has this name.
    pub fn find(&self, name: &str) -> Option<ScanRecord> {
        self.scans().named.get(name).cloned()
    }

    /// How many scans are being saved, or will be.
    pub fn running(&self) -> usize {
        let scans = self.scans();
        let all = scans.named.values().chain(&scans.replaced);
        all.filter(|record| record.is_running()).count()
    }

    /// Forgets the scans that ended at least so long ago.
    pub fn purge(&self, older_than: Duration) {
        self.locked().purge(older_than);
    }

    /// Tells of changes from now on: of the number of records that run, of their states, and of the
    /// state of the session.
    pub fn watch(&self) -> ChangeReceiver {
        self.changes.watch()
    }

    /// A new scan, which takes the place of an older one of the same name.
    pub(crate) fn add(&self, writer: NexusScanWriter) -> ScanRecord {
        let changes = self.changes.clone();
        writer.subscriber().observe(move || changes.notify());
        let record = ScanRecord::new(writer);
        self.scans().add(record.clone(), self.most);
        self.changes.notify();
        record
    }

    /// Something has changed.
    pub(crate) fn notify(&self) {
        self.changes.notify();
    }

    fn scans(&self) -> MutexGuard<'_, RecordList> {
        let mut scans = self.locked();
        scans.purge(self.kept);
        scans
    }

    /// No code runs under the lock that could leave the records half changed.
    fn locked(&self) -> MutexGuard<'_, RecordList> {
        self.scans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecordList {
    fn add(&mut self, record: ScanRecord, most: usize) {
        self.replaced.retain(ScanRecord::is_running);
        let old = self.named.shift_remove(record.name());
        self.replaced.extend(old.filter(ScanRecord::is_running));
        if self.named.len() >= most {
            let ended = self.named.values().position(|old| !old.is_running());
            let old = self.named.shift_remove_index(ended.unwrap_or(0));
            let old = old.map(|(_, record)| record);
            self.replaced.extend(old.filter(ScanRecord::is_running));
        }
        self.named.insert(record.name().to_owned(), record);
    }

    fn purge(&mut self, older_than: Duration) {
        self.named
            .retain(|_, record| !record.ended_before(older_than));
    }
}
