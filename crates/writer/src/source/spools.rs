//! The spools of the scans of a server, for all data models.

mod held;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use observation::with_causes;
use spool::{SpoolDirectory, SpoolError};
use tracing::{debug, warn};

use crate::options::SpoolOptions;
use crate::source::{ScanSpool, SpooledScan, UnreadStream};
pub use held::SpoolHeldError;

/// How long the disk may take to show which spools there are. New scans wait meanwhile.
const LIST_TIME: Duration = Duration::from_secs(2);

/// How long the disk may take to read or remove the spool of a scan, which may have gigabytes. The scan waits
/// meanwhile, and is saved without a spool then.
const SCAN_TIME: Duration = Duration::from_secs(60);

/// Largest number of threads that wait for the disk.
const MAX_PENDING: usize = 4;

/// What a data model knows about the spools of its scans, each of which has the name of a scan.
#[async_trait(?Send)]
pub trait SpoolingModel: fmt::Debug + Send + Sync + 'static {
    /// What sources of a scan note for the recorder of the scan.
    type Notes: fmt::Debug + Default + Send + Sync + 'static;

    /// Returns where the server of the scans is, as a recorder writes it into spools.
    fn server(&self) -> String;

    /// Returns what is recorded about a scan, or `None` if it is not of this data model.
    fn describe(&self, spooled: &spool::SpooledScan) -> Option<SpooledScan>;

    /// Returns `true` if the server has the scan.
    async fn has(&self, scan: &str) -> bool;

    /// Records what `unread` lists, and asks it again and again. Never returns.
    async fn record(
        &self,
        spool: &Arc<spool::ScanSpool>,
        notes: Arc<Self::Notes>,
        unread: Box<dyn Fn() -> Vec<UnreadStream>>,
    );

    /// Lets other hosts know that a scan is no longer spooled here.
    async fn unmark(&self, scan: &str);
}

/// The spools of the scans of a server, on this host.
#[derive(Debug)]
pub struct Spools<M: SpoolingModel> {
    model: M,
    /// Whether scans are left alone whose unread points are on another host.
    respects_marks: bool,
    /// `None` if nothing is spooled.
    directory: Option<SpoolDirectory>,
    /// The spools that this process has.
    taken: Mutex<HashMap<String, Taken<M::Notes>>>,
    /// The scans that had a spool, or got one, while this process had it.
    used: Mutex<HashSet<String>>,
    is_unusable: AtomicBool,
    /// The number of threads that wait for the disk.
    pending: Arc<AtomicUsize>,
}

/// What belongs to a spool that this process has, or had.
#[derive(Debug)]
struct Taken<N> {
    spool: Weak<spool::ScanSpool>,
    notes: Arc<N>,
}

/// A spool that this process has.
struct TakenSpool<M: SpoolingModel> {
    spool: Arc<spool::ScanSpool>,
    notes: Arc<M::Notes>,
    all: Arc<Spools<M>>,
}

impl<M: SpoolingModel> Spools<M> {
    /// Names the spools of a server whose scans are saved.
    pub fn new(model: M, options: &SpoolOptions) -> Spools<M> {
        let directory = options.directory();
        if directory.is_none() && options.size > 0 {
            warn!("points that Redis drops unread will be lost: there is no directory for them");
        }
        Spools {
            respects_marks: true,
            directory: directory.map(|path| SpoolDirectory::new(path, options.size)),
            ..Spools::ignored(model)
        }
    }

    /// Returns no spools, for scans that are only read.
    pub fn ignored(model: M) -> Spools<M> {
        Spools {
            model,
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
    pub async fn take(&self, scan: &str) -> Result<Option<Arc<spool::ScanSpool>>, SpoolHeldError> {
        let name = scan.to_owned();
        let spool = match self
            .blocking(SCAN_TIME, move |directory| directory.take(&name))
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
            self.used().insert(scan.to_owned());
        }
        let mut all = self.taken();
        all.retain(|_, taken| taken.spool.strong_count() > 0);
        let taken = Taken {
            spool: Arc::downgrade(&spool),
            notes: Arc::default(),
        };
        all.insert(scan.to_owned(), taken);
        Ok(Some(spool))
    }

    /// Returns the spool of a scan to record what is unread, if this process has it.
    pub fn recording(self: &Arc<Self>, scan: &str) -> Option<Box<dyn ScanSpool>> {
        Some(Box::new(TakenSpool {
            spool: self.find(scan)?,
            notes: self.notes(scan)?,
            all: self.clone(),
        }))
    }

    /// Returns the spool of a scan, if this process has it.
    pub fn find(&self, scan: &str) -> Option<Arc<spool::ScanSpool>> {
        self.taken().get(scan)?.spool.upgrade()
    }

    /// Returns the notes for the recorder of a scan, if this process has its spool.
    pub fn notes(&self, scan: &str) -> Option<Arc<M::Notes>> {
        self.taken().get(scan).map(|taken| taken.notes.clone())
    }

    /// Removes the spool of a scan that this process has saved, if there is one.
    pub async fn discard(&self, scan: &str) {
        if !self.used().remove(scan) {
            return;
        }
        let (name, taken) = (scan.to_owned(), self.find(scan));
        let removed = self.blocking(SCAN_TIME, move |directory| {
            if !directory.has(&name) {
                return Ok(false);
            }
            match taken {
                Some(spool) => spool.remove(),
                None => directory.take(&name)?.remove(),
            }
            .map(|()| true)
        });
        match removed.await {
            Some(Ok(true)) => self.model.unmark(scan).await,
            Some(Ok(false)) | None => {}
            // It is found again, and removed then.
            Some(Err(error)) => debug!("a spool is not removed: {}", with_causes(&error)),
        }
    }

    /// Returns what is recorded about a scan.
    pub async fn spooled(&self, scan: &str) -> Option<SpooledScan> {
        let name = scan.to_owned();
        let spooled = self.blocking(SCAN_TIME, move |directory| directory.spooled(&name));
        self.model.describe(&spooled.await??)
    }

    /// Returns the scans of this server whose spools no process has.
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
        let server = self.model.server();
        let mut own = Vec::new();
        for scan in all {
            let Some(described) = self.model.describe(&scan) else {
                continue;
            };
            let is_here = scan.about.get("server").and_then(|url| url.as_str()) == Some(&server);
            if is_here || self.model.has(&scan.scan).await {
                own.push(described);
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

    fn used(&self) -> MutexGuard<'_, HashSet<String>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No code runs under the locks that could leave the spools half changed.
    fn taken(&self) -> MutexGuard<'_, HashMap<String, Taken<M::Notes>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait(?Send)]
impl<M: SpoolingModel> ScanSpool for TakenSpool<M> {
    async fn record(&self, unread: Box<dyn Fn() -> Vec<UnreadStream>>) {
        self.all.used().insert(self.spool.scan().to_owned());
        let notes = self.notes.clone();
        self.all.model.record(&self.spool, notes, unread).await;
    }

    fn place(&self) -> String {
        self.spool.folder().display().to_string()
    }
}
