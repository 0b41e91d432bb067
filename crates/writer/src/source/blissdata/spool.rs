//! The spools of the scans of a data store.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

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
        let spool = match self.blocking(move |directory| directory.take(&key)).await {
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
        let removed = self.blocking(move |directory| {
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
        let spooled = self.blocking(move |directory| directory.spooled(&key));
        Some(summary(&spooled.await??.document))
    }

    /// Returns the scans of this data store whose spools no process has.
    pub async fn abandoned(&self) -> Vec<SpooledScan> {
        // Users learn at the start that nothing can be spooled, and not when it is needed.
        let looked = self.blocking(|directory| {
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

    /// Uses the directory in a thread that may wait for the disk. Returns `None` if nothing is spooled.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(SpoolDirectory) -> T + Send + 'static,
    ) -> Option<T> {
        let directory = self.directory.clone()?;
        let done = tokio::task::spawn_blocking(move || work(directory)).await;
        done.ok()
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
