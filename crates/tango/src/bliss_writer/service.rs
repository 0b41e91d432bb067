//! Saves scans on request. Lives on the hub of the main thread, and longer than its device.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blissdata::store::{DataStore, ScanKey, StoreError};
use hub::{Budget, GreenletError, Launcher};
use redis_client::RedisUrl;
use tracing::{error, info};
use writer::filesystem::{self, PathError};
use writer::options::SaveOptions;
use writer::report::{Outcome, figures};
use writer::source::blissdata::scan_store;
use writer::source::{ScanId, ScanSummary};
use writer::subscriber::with_causes;
use writer::{NexusScanWriter, WriterThread};

use super::pledges::Pledges;
use super::record::{Record, Records};
use crate::failure::DevFailed;

/// Scans that are saved at the same time, as with `blisswriter` 3.0.0.
const TOGETHER: usize = 32;

/// How long a client waits for us: more than BLISS does, so that it hears of its own impatience first.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long Redis may take to tell what a scan is: less than BLISS waits.
const LOOK_UP: Duration = Duration::from_millis(2500);

/// How long Redis may take to answer at the start.
const CONNECT: Duration = Duration::from_secs(5);

/// What the services of a process share.
#[derive(Clone)]
pub struct Means {
    /// The hub of the listeners.
    pub launcher: Launcher,
    /// The thread of the consumers.
    pub writer_thread: Arc<WriterThread>,
    /// How scans are saved.
    pub save: SaveOptions,
}

/// The scans of one device.
pub struct Service {
    means: Means,
    store: Mutex<Option<DataStore>>,
    records: Records,
    pledges: Pledges,
    places: Budget,
    stopping: AtomicBool,
}

/// Why the hub did not do what it was asked.
#[derive(Debug)]
pub enum Unserved {
    /// It is busy, or hangs.
    Late,
    /// It has ended.
    Ended,
    /// What it was asked to do panicked.
    Panicked(String),
}

impl From<Unserved> for DevFailed {
    fn from(unserved: Unserved) -> DevFailed {
        match unserved {
            Unserved::Late => DevFailed::unanswered(),
            Unserved::Ended => {
                DevFailed::python("RuntimeError", "the writer is ending", "BlissWriter")
            }
            Unserved::Panicked(text) => DevFailed::python("RuntimeError", text, "BlissWriter"),
        }
    }
}

/// Why scans cannot be taken from a data store.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    /// The data store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Redis is silent.
    #[error("{0} does not answer")]
    NoAnswer(RedisUrl),
}

impl Service {
    /// The service of a device.
    pub fn new(device: &str, means: Means) -> Service {
        Service {
            means,
            pledges: Pledges::of(device),
            store: Mutex::default(),
            records: Records::default(),
            places: Budget::new(TOGETHER),
            stopping: AtomicBool::new(false),
        }
    }

    /// What became of the scans.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// The data store of the scans to come, or of those before.
    pub fn store(&self) -> Option<DataStore> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.clone()
    }

    /// Takes scans from another store, if it answers, and forgets those that have ended. Scans that a
    /// writer of this device left there when it died or was stopped are taken up. From plain threads.
    pub fn open(self: &Arc<Self>, url: RedisUrl) -> Result<(), DevFailed> {
        let service = self.clone();
        let opened = self.on_hub(move || async move {
            let store = DataStore::new(&url);
            match hub::timeout(CONNECT, store.check()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => return Err(OpenError::NoAnswer(url)),
            }
            service.records.forget();
            if hub::timeout(CONNECT, service.take_up(&store))
                .await
                .is_err()
            {
                return Err(OpenError::NoAnswer(url));
            }
            info!("scans are taken from {url}");
            *service.store.lock().unwrap_or_else(PoisonError::into_inner) = Some(store);
            Ok(())
        })?;
        opened.map_err(|error| {
            DevFailed::python("ConnectionError", with_causes(&error), "BlissWriter")
        })
    }

    /// Tells whether the scan is, or was, saved from now on. From plain threads.
    pub fn request(self: &Arc<Self>, key: &str) -> Result<bool, Unserved> {
        if self.records.find(key).is_some() {
            return Ok(true);
        }
        let Some(store) = self.store() else {
            return Ok(false);
        };
        let key = match ScanKey::new(key) {
            Ok(key) => key,
            Err(error) => {
                error!("cannot load a scan: {error}");
                return Ok(false);
            }
        };
        let service = self.clone();
        self.on_hub(move || async move {
            let (scans, id) = (scan_store(&store), ScanId::from(&key));
            let summary = match hub::timeout(LOOK_UP, scans.summary(&id)).await {
                Ok(Ok(summary)) => summary,
                Ok(Err(error)) => {
                    error!("cannot load a scan: {}", with_causes(&error));
                    return false;
                }
                Err(_) => {
                    error!("cannot load scan {key}: {} does not answer", store.url());
                    return false;
                }
            };
            if service.stopping.load(Ordering::Relaxed) {
                return false;
            }
            service.pledges.add(&store, &key).await;
            service.begin(&store, key, summary);
            true
        })
    }

    /// Goes on with what was promised and not kept.
    async fn take_up(self: &Arc<Self>, store: &DataStore) {
        for key in self.pledges.open(store).await {
            if self.records.find(key.as_str()).is_some() {
                continue;
            }
            match scan_store(store).summary(&ScanId::from(&key)).await {
                Ok(summary) => {
                    info!(scan = %key, "taken up again: a writer ended before it was saved");
                    self.begin(store, key, summary);
                }
                Err(error) if error.is_missing() => self.pledges.done(store, &key).await,
                Err(error) => error!("cannot take up a scan again: {}", with_causes(&error)),
            }
        }
    }

    fn begin(self: &Arc<Self>, store: &DataStore, key: ScanKey, summary: ScanSummary) {
        if let Some(record) = self.records.begin(&key) {
            hub::spawn(self.clone().save(record, store.clone(), summary)).detach();
        }
    }

    /// Accepts no scan any more; what Redis has of the others is saved.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        for record in self.records.running() {
            if let Some(writer) = record.writer() {
                writer.subscriber().stop();
            }
        }
    }

    /// Gives up the scans that are being saved.
    pub fn kill(&self, reason: &str) {
        for record in self.records.running() {
            if let Some(writer) = record.writer() {
                writer.subscriber().kill(reason);
            }
        }
    }

    /// Waits until no scan is being saved, and that is noted.
    pub async fn idle(&self) {
        self.records.told().await;
    }

    /// Saves a scan when its turn comes.
    async fn save(self: Arc<Self>, record: Arc<Record>, store: DataStore, summary: ScanSummary) {
        let _place = self.places.reserve(1).await;
        let is_kept = self.write(&record, &store, summary).await;
        // A scan that is cut short by our end goes on with the next writer.
        if is_kept || !self.stopping.load(Ordering::Relaxed) {
            self.pledges.done(&store, record.key()).await;
        }
        record.tell();
    }

    /// Tells whether nothing is left to do for the scan.
    async fn write(&self, record: &Record, store: &DataStore, summary: ScanSummary) -> bool {
        let key = record.key();
        if let Some(path) = &summary.path
            && let Err(error) = self.check(path).await
        {
            let reason = with_causes(&error);
            error!(scan = %key, "{reason}");
            record.fail(reason);
            return true;
        }
        if self.stopping.load(Ordering::Relaxed) {
            record.fail("the writer was stopped before the scan was begun".to_owned());
            return false;
        }
        // An earlier writer may have begun with it, whoever asks now.
        let save = self.means.save.clone();
        let started = NexusScanWriter::resume(
            &self.means.writer_thread,
            &scan_store(store),
            summary,
            None,
            save,
        );
        let writer = match started {
            Ok(writer) => writer,
            Err(error) => {
                record.fail(error.to_string());
                return true;
            }
        };
        record.save(writer.clone());
        if self.stopping.load(Ordering::Relaxed) {
            writer.subscriber().stop();
        }
        let report = writer.report().await;
        writer
            .subscriber()
            .span()
            .in_scope(|| match report.outcome {
                Outcome::Skipped => info!(scan = %key, "not to be saved, skip"),
                Outcome::Complete => {
                    let duration = figures::duration(report.duration);
                    info!(scan = %key, "saving complete ({} {duration})", writer.progress());
                }
                outcome => error!(scan = %key, "{}: {}", outcome.name(), report.reason),
            });
        let is_kept = report.outcome <= Outcome::Complete;
        record.end(report);
        is_kept
    }

    /// Whether the file can be written: known long before the scan is prepared. A file system that
    /// hangs must not hold the scan up here.
    async fn check(&self, path: &Path) -> Result<(), Arc<PathError>> {
        let required = self.means.save.space.required;
        match filesystem::prepare_path_soon(path, required).await {
            Some(Err(error)) => Err(error),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    /// Runs a greenlet in the hub and waits for what it returns.
    fn on_hub<F, W>(&self, work: F) -> Result<W::Output, Unserved>
    where
        F: FnOnce() -> W + Send + 'static,
        W: Future + 'static,
        W::Output: Send + 'static,
    {
        let greenlet = self.means.launcher.spawn(work);
        let mut greenlet = greenlet.map_err(|_| Unserved::Ended)?;
        match greenlet.join_blocking(Some(PATIENCE)) {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(GreenletError::Panicked(panic))) => Err(Unserved::Panicked(panic.to_string())),
            Ok(Err(_)) => Err(Unserved::Ended),
            Err(_) => Err(Unserved::Late),
        }
    }
}
