//! Records of scans: what clients of a writer can read at any time, in any thread.
//!
//! Every scan of a session has a record as soon as it appears in Redis, whether it is to be saved
//! or not. Reading a record waits neither for Redis nor for a disk.

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

/// How long records are kept after the end of their scan, as in `blisswriter` 2.0.0.
const RETENTION: Duration = Duration::from_secs(300);

/// The most records: as many as an attribute of the Python writer's device can have.
const LIMIT: usize = 10_000;

/// The records of a session. Clones share the records.
#[derive(Clone)]
pub struct ScanRecords {
    retention: Duration,
    limit: usize,
    scans: Arc<Mutex<RecordList>>,
    changes: ChangeSender,
}

#[derive(Default)]
struct RecordList {
    /// The last scan of each name, in the order of their arrival.
    named: IndexMap<String, ScanRecord>,
    /// Scans that still run, although a newer one has their name.
    replaced: Vec<ScanRecord>,
}

/// Records are kept for 300 s after the end of their scan.
impl Default for ScanRecords {
    fn default() -> ScanRecords {
        ScanRecords::with_retention(RETENTION)
    }
}

impl ScanRecords {
    /// Creates an empty collection that keeps records for `retention` after the end of their scan.
    pub fn with_retention(retention: Duration) -> ScanRecords {
        ScanRecords {
            retention,
            limit: LIMIT,
            scans: Arc::default(),
            changes: ChangeSender::new(),
        }
    }

    /// Limits the number of records. A new record replaces the oldest one whose scan has ended, or
    /// the oldest one of all if none has.
    pub fn with_limit(self, limit: usize) -> ScanRecords {
        ScanRecords { limit, ..self }
    }

    /// Returns all records, in the order in which the scans appeared.
    pub fn list(&self) -> Vec<ScanRecord> {
        self.scans().named.values().cloned().collect()
    }

    /// Returns the record of the last scan that has this name.
    pub fn find(&self, name: &str) -> Option<ScanRecord> {
        self.scans().named.get(name).cloned()
    }

    /// Returns the number of scans that are being saved or will be.
    pub fn running(&self) -> usize {
        let scans = self.scans();
        let all = scans.named.values().chain(&scans.replaced);
        all.filter(|record| record.is_running()).count()
    }

    /// Removes the records of scans that ended at least `older_than` ago.
    pub fn purge(&self, older_than: Duration) {
        self.locked().purge(older_than);
    }

    /// Returns a receiver of all changes from now on: of the number of running scans, of their
    /// states, and of the state of the session.
    pub fn watch(&self) -> ChangeReceiver {
        self.changes.watch()
    }

    /// Adds the record of a new scan, which replaces that of an older scan with the same name.
    pub(crate) fn add(&self, writer: NexusScanWriter) -> ScanRecord {
        let changes = self.changes.clone();
        writer.subscriber().observe(move || changes.notify());
        let record = ScanRecord::new(writer);
        self.scans().add(record.clone(), self.limit);
        self.changes.notify();
        record
    }

    /// Notifies all receivers of a change.
    pub(crate) fn notify(&self) {
        self.changes.notify();
    }

    fn scans(&self) -> MutexGuard<'_, RecordList> {
        let mut scans = self.locked();
        scans.purge(self.retention);
        scans
    }

    /// A panic cannot poison the records: no code that runs under the lock could leave them
    /// inconsistent.
    fn locked(&self) -> MutexGuard<'_, RecordList> {
        self.scans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecordList {
    fn add(&mut self, record: ScanRecord, limit: usize) {
        self.replaced.retain(ScanRecord::is_running);
        let old = self.named.shift_remove(record.name());
        self.replaced.extend(old.filter(ScanRecord::is_running));
        if self.named.len() >= limit {
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
