//! The spools of the scans of a data store.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use blissdata::document::ScanDocument;
use blissdata::spool::{self, Recorder, SpoolDirectory, SpoolError};
use blissdata::store::{DataStore, ScanKey};
use observation::with_causes;
use redis_client::Command;
use tracing::{debug, warn};

use super::error::SpoolHeldError;
use super::summary::client_name;
use crate::source::{ScanId, ScanSpool, ScanSummary, SpooledScan, UnreadStream, parse_time};

/// How long the disk may take to show which spools there are. New scans wait meanwhile.
const LIST_TIME: Duration = Duration::from_secs(2);

/// How long the disk may take to read or remove the spool of a scan, which may have gigabytes. The scan waits
/// meanwhile, and is saved without a spool then.
const SCAN_TIME: Duration = Duration::from_secs(60);

/// Largest number of threads that wait for the disk.
const MAX_PENDING: usize = 4;

/// The spools of the scans of a data store, on this host.
#[derive(Debug)]
pub struct Spools {
    store: DataStore,
    /// Whether scans are left alone whose unread points are on another host.
    respects_marks: bool,
    /// `None` if nothing is spooled.
    directory: Option<SpoolDirectory>,
    /// The spools that this process has.
    taken: Mutex<HashMap<ScanKey, Weak<spool::ScanSpool>>>,
    /// The scans that had a spool, or got one, while this process had it.
    used: Mutex<HashSet<ScanKey>>,
    is_unusable: AtomicBool,
    /// The number of threads that wait for the disk.
    pending: Arc<AtomicUsize>,
}

/// A spool that this process has.
struct TakenSpool {
    spool: Arc<spool::ScanSpool>,
    all: Arc<Spools>,
}

impl Spools {
    /// Names the spools of a data store whose scans are saved.
    pub fn new(store: &DataStore, directory: Option<SpoolDirectory>) -> Spools {
        Spools {
            respects_marks: true,
            directory,
            ..Spools::ignored(store)
        }
    }

    /// Returns no spools, for scans that are only read.
    pub fn ignored(store: &DataStore) -> Spools {
        Spools {
            store: store.clone(),
            respects_marks: false,
            directory: None,
            taken: Mutex::default(),
            used: Mutex::default(),
            is_unusable: AtomicBool::new(false),
            pending: Arc::default(),
        }
    }

    /// Returns `true` if scans are left alone whose unread points are on another host.
    pub fn respects_marks(&self) -> bool {
        self.respects_marks
    }

    /// Takes the spool of a scan, which may be empty. Returns `None` if nothing can be spooled.
    ///
    /// # Errors
    /// If another process has it.
    pub async fn take(
        &self,
        scan: &ScanKey,
    ) -> Result<Option<Arc<spool::ScanSpool>>, SpoolHeldError> {
        let key = scan.clone();
        let spool = match self
            .blocking(SCAN_TIME, move |directory| directory.take(&key))
            .await
        {
            Some(Ok(spool)) => Arc::new(spool),
            Some(Err(SpoolError::Held { folder })) => {
                return Err(SpoolHeldError::ByProcess { folder });
            }
            Some(Err(error)) => {
                self.report_unusable(&with_causes(&error));
                return Ok(None);
            }
            None => return Ok(None),
        };
        if spool.exists() {
            self.used().insert(scan.clone());
        }
        let mut all = self.taken();
        all.retain(|_, spool| spool.strong_count() > 0);
        all.insert(scan.clone(), Arc::downgrade(&spool));
        Ok(Some(spool))
    }

    /// Returns the spool of a scan to record what is unread, if this process has it.
    pub fn recording(self: &Arc<Self>, scan: &ScanKey) -> Option<Box<dyn ScanSpool>> {
        Some(Box::new(TakenSpool {
            spool: self.find(scan)?,
            all: self.clone(),
        }))
    }

    /// Returns the spool of a scan, if this process has it.
    pub fn find(&self, scan: &ScanKey) -> Option<Arc<spool::ScanSpool>> {
        self.taken().get(scan).and_then(Weak::upgrade)
    }

    /// Removes the spool of a scan that this process has saved, if there is one.
    pub async fn discard(&self, scan: &ScanKey) {
        if !self.used().remove(scan) {
            return;
        }
        let (key, taken) = (scan.clone(), self.find(scan));
        let removed = self.blocking(SCAN_TIME, move |directory| {
            if !directory.has(&key) {
                return Ok(false);
            }
            match taken {
                Some(spool) => spool.remove(),
                None => directory.take(&key)?.remove(),
            }
            .map(|()| true)
        });
        match removed.await {
            Some(Ok(true)) => {
                if let Err(error) = self.store.unmark_spooled(scan).await {
                    debug!("the mark of the scan runs out: {}", with_causes(&error));
                }
            }
            Some(Ok(false)) | None => {}
            // It is found again, and removed then.
            Some(Err(error)) => debug!("a spool is not removed: {}", with_causes(&error)),
        }
    }

    /// Returns what is recorded about a scan.
    pub async fn summary(&self, scan: &ScanKey) -> Option<ScanSummary> {
        let key = scan.clone();
        let spooled = self.blocking(SCAN_TIME, move |directory| directory.spooled(&key));
        Some(summary(&spooled.await??.document))
    }

    /// Returns the scans of this data store whose spools no process has.
    pub async fn abandoned(&self) -> Vec<SpooledScan> {
        // Users learn at the start that nothing can be spooled, and not when it is needed.
        let looked = self.blocking(LIST_TIME, |directory| {
            let prepared = directory.prepare();
            let unusable = prepared.map_err(|error| (directory.path().to_owned(), error));
            (unusable, directory.abandoned())
        });
        let (usable, all) = looked.await.unwrap_or((Ok(()), Vec::new()));
        if let Err((path, error)) = usable {
            self.report_unusable(&format!("cannot write into {}: {error}", path.display()));
        }
        let mut own = Vec::new();
        for scan in all {
            if scan.server == self.store.url().to_string() || self.has(&scan.document.key).await {
                own.push(SpooledScan {
                    summary: summary(&scan.document),
                    info: scan.document.info,
                });
            }
        }
        own
    }

    /// Warns that nothing can be spooled, once.
    fn report_unusable(&self, reason: &str) {
        if !self.is_unusable.swap(true, Ordering::Relaxed) {
            warn!("points that Redis drops unread will be lost: {reason}");
        }
    }

    async fn has(&self, scan: &ScanKey) -> bool {
        let exists = Command::new("EXISTS").arg(scan.as_str());
        let reply = self.store.call_once(&exists).await;
        reply.is_ok_and(|reply| reply.as_int() == Some(1))
    }

    /// Uses the directory in a thread that may wait for the disk. Returns `None` if nothing is spooled,
    /// or if the disk takes longer than `limit`.
    async fn blocking<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce(SpoolDirectory) -> T + Send + 'static,
    ) -> Option<T> {
        let directory = self.directory.clone()?;
        let pending = self.pending.clone();
        // A disk that does not answer keeps its threads.
        if pending.fetch_add(1, Ordering::Relaxed) >= MAX_PENDING {
            pending.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let done = tokio::task::spawn_blocking(move || {
            let result = work(directory);
            pending.fetch_sub(1, Ordering::Relaxed);
            result
        });
        match hub::timeout(limit, done).await {
            Ok(done) => done.ok(),
            Err(_) => {
                self.report_unusable("the disk of the spool does not answer");
                None
            }
        }
    }

    fn used(&self) -> MutexGuard<'_, HashSet<ScanKey>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No code runs under the locks that could leave the spools half changed.
    fn taken(&self) -> MutexGuard<'_, HashMap<ScanKey, Weak<spool::ScanSpool>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait(?Send)]
impl ScanSpool for TakenSpool {
    async fn record(&self, unread: Box<dyn Fn() -> Vec<UnreadStream>>) {
        self.all.used().insert(self.spool.scan().clone());
        let recorder = Recorder::new(&self.all.store, &self.spool);
        let converted = |stream: UnreadStream| spool::UnreadStream {
            name: stream.name,
            from: stream.from,
            is_points: stream.is_points,
        };
        recorder
            .run(|| unread().into_iter().map(converted).collect())
            .await;
    }

    fn place(&self) -> String {
        self.spool.folder().display().to_string()
    }
}

fn summary(document: &ScanDocument) -> ScanSummary {
    let id = &document.id;
    ScanSummary {
        id: ScanId::from(&document.key),
        name: client_name(id, document.info.get("save")),
        number: Some(id.number),
        command: Some(id.name.clone()),
        session: id.session.clone(),
        path: id.path.clone().map(PathBuf::from),
        start_time: document.info.get("start_time").and_then(parse_time),
    }
}
