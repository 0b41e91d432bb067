//! Saves scans on request. A service works on the hub of the main thread, and outlives its device.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blissdata::store::{DataStore, ScanKey, StoreError};
use hub::{GreenletError, Launcher};
use redis_client::RedisUrl;
use tracing::{error, info};
use writer::filesystem::{self, PathError};
use writer::options::{SaveOptions, SpoolOptions};
use writer::report::{ScanOutcome, figures};
use writer::source::blissdata::spooling_scan_store;
use writer::source::{ScanId, ScanStore, ScanSummary};
use writer::subscriber::with_causes;
use writer::{NexusScanWriter, WriterThread};

use super::pending_requests::PendingRequests;
use super::requested_scans::{RequestedScan, RequestedScans};
use crate::failure::DevFailed;

/// How long the thread of a client waits for the hub: longer than BLISS waits, so that the client reports its
/// own timeout.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long Redis may take to return the summary of a scan: less than BLISS waits.
const SUMMARY_TIMEOUT: Duration = Duration::from_millis(2500);

/// How long Redis may take to answer at the start.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What the services of a process share.
#[derive(Clone)]
pub struct ServiceContext {
    /// The hub of the listeners.
    pub launcher: Launcher,
    /// The thread of the consumers.
    pub writer_thread: Arc<WriterThread>,
    /// How scans are saved.
    pub save: SaveOptions,
    /// Where unread points are kept that Redis is about to drop.
    pub spool: SpoolOptions,
}

/// Saves the scans of one device.
pub struct RequestService {
    context: ServiceContext,
    store: Mutex<Option<DataStore>>,
    scans: RequestedScans,
    pending_requests: PendingRequests,
    stopping: AtomicBool,
}

/// Why a call to the hub has no result.
#[derive(Debug)]
pub enum HubCallError {
    /// The hub is busy, or hangs.
    Late,
    /// The hub has ended.
    Ended,
    /// The call panicked.
    Panicked(String),
}

impl From<HubCallError> for DevFailed {
    fn from(error: HubCallError) -> DevFailed {
        match error {
            HubCallError::Late => DevFailed::unanswered(),
            HubCallError::Ended => {
                DevFailed::python("RuntimeError", "the writer is ending", "BlissWriter")
            }
            HubCallError::Panicked(text) => DevFailed::python("RuntimeError", text, "BlissWriter"),
        }
    }
}

/// Why scans cannot be taken from a data store.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    /// The data store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Redis does not answer.
    #[error("{0} does not answer")]
    NoAnswer(RedisUrl),
}

impl RequestService {
    /// Creates the service of a device.
    pub fn new(device: &str, context: ServiceContext) -> RequestService {
        RequestService {
            context,
            pending_requests: PendingRequests::of_device(device),
            store: Mutex::default(),
            scans: RequestedScans::default(),
            stopping: AtomicBool::new(false),
        }
    }

    /// Returns the scans that were requested.
    pub fn scans(&self) -> &RequestedScans {
        &self.scans
    }

    /// Returns the data store that scans are read from, once there is one.
    pub fn store(&self) -> Option<DataStore> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.clone()
    }

    /// Reads scans from another store from now on, if the store answers, and forgets scans that have ended.
    /// Resumes the scans that an earlier writer of this device has left there. For plain threads.
    pub fn set_store(self: &Arc<Self>, url: RedisUrl) -> Result<(), DevFailed> {
        let service = self.clone();
        let opened = self.run_on_hub(move || async move {
            let store = DataStore::observed(&url, service.context.writer_thread.observation());
            match hub::timeout(CONNECT_TIMEOUT, store.check()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => return Err(OpenError::NoAnswer(url)),
            }
            service.scans.remove_ended();
            if hub::timeout(CONNECT_TIMEOUT, service.resume_pending(&store))
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

    /// Requests that a scan is saved. Returns `true` if it was accepted, now or before. For plain threads.
    pub fn request(self: &Arc<Self>, key: &str) -> Result<bool, HubCallError> {
        if self.scans.find(key).is_some() {
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
        self.run_on_hub(move || async move {
            let (scans, id) = (service.scan_store(&store), ScanId::from(&key));
            let summary = match hub::timeout(SUMMARY_TIMEOUT, scans.summary(&id)).await {
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
            service.pending_requests.add(&store, &key).await;
            service.start_saving(&store, key, summary);
            true
        })
    }

    /// Resumes the scans that an earlier writer accepted and did not save.
    async fn resume_pending(self: &Arc<Self>, store: &DataStore) {
        for key in self.pending_requests.list(store).await {
            if self.scans.find(key.as_str()).is_some() {
                continue;
            }
            match self.scan_store(store).summary(&ScanId::from(&key)).await {
                Ok(summary) => {
                    info!(scan = %key, "taken up again: a writer ended before it was saved");
                    self.start_saving(store, key, summary);
                }
                Err(error) if error.is_missing() => self.pending_requests.remove(store, &key).await,
                Err(error) => error!("cannot take up a scan again: {}", with_causes(&error)),
            }
        }
    }

    fn start_saving(self: &Arc<Self>, store: &DataStore, key: ScanKey, summary: ScanSummary) {
        if let Some(scan) = self.scans.add(&key) {
            hub::spawn(self.clone().save(scan, store.clone(), summary)).detach();
        }
    }

    /// Accepts no more scans, and has what Redis holds of the accepted ones saved.
    pub fn request_stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        for scan in self.scans.running() {
            if let Some(writer) = scan.writer() {
                writer.subscriber().stop();
            }
        }
    }

    /// Aborts the scans that are being saved.
    pub fn abort(&self, reason: &str) {
        for scan in self.scans.running() {
            if let Some(writer) = scan.writer() {
                writer.subscriber().kill(reason);
            }
        }
    }

    /// Waits until no scan is being saved and all are settled.
    pub async fn wait_idle(&self) {
        self.scans.wait_settled().await;
    }

    /// Saves a scan, and forgets that it was requested.
    async fn save(
        self: Arc<Self>,
        scan: Arc<RequestedScan>,
        store: DataStore,
        summary: ScanSummary,
    ) {
        let is_done = self.write(&scan, &store, summary).await;
        // The next writer continues a scan that the end of this one cuts short.
        if is_done || !self.stopping.load(Ordering::Relaxed) {
            self.pending_requests.remove(&store, scan.key()).await;
        }
        scan.set_settled();
    }

    /// Saves a scan. Returns `true` if nothing is left to do for it.
    async fn write(&self, scan: &RequestedScan, store: &DataStore, summary: ScanSummary) -> bool {
        let key = scan.key();
        if let Some(path) = &summary.path
            && let Err(error) = self.check(path).await
        {
            let reason = with_causes(&error);
            error!(scan = %key, "{reason}");
            scan.set_failed(reason);
            return true;
        }
        if self.stopping.load(Ordering::Relaxed) {
            scan.set_failed("the writer was stopped before the scan was begun".to_owned());
            return false;
        }
        // An earlier writer may have begun the scan, so it is always resumed.
        let save = self.context.save.clone();
        let scans = self.scan_store(store);
        let started =
            NexusScanWriter::resume(&self.context.writer_thread, &scans, summary, None, save);
        let writer = match started {
            Ok(writer) => writer,
            Err(error) => {
                scan.set_failed(error.to_string());
                return true;
            }
        };
        scan.set_saving(writer.clone());
        if self.stopping.load(Ordering::Relaxed) {
            writer.subscriber().stop();
        }
        let report = writer.report().await;
        writer
            .subscriber()
            .span()
            .in_scope(|| match report.outcome {
                ScanOutcome::Skipped => info!(scan = %key, "not to be saved, skip"),
                ScanOutcome::Complete => {
                    let duration = figures::duration(report.duration);
                    info!(scan = %key, "saving complete ({} {duration})", writer.progress());
                }
                outcome => error!(scan = %key, "{}: {}", outcome.name(), report.reason),
            });
        let is_done = report.outcome <= ScanOutcome::Complete;
        if is_done || !self.stopping.load(Ordering::Relaxed) {
            scans.discard_spool(&report.scan).await;
        }
        scan.set_ended(report);
        is_done
    }

    /// Returns an error if the file cannot be written, long before the scan is prepared. A file system that
    /// hangs must not delay the scan here.
    async fn check(&self, path: &Path) -> Result<(), Arc<PathError>> {
        let required = self.context.save.space.required;
        match filesystem::prepare_path_soon(path, required).await {
            Some(Err(error)) => Err(error),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    fn scan_store(&self, store: &DataStore) -> Arc<dyn ScanStore> {
        spooling_scan_store(store, &self.context.spool)
    }

    /// Runs a greenlet in the hub and waits for what it returns.
    fn run_on_hub<F, W>(&self, work: F) -> Result<W::Output, HubCallError>
    where
        F: FnOnce() -> W + Send + 'static,
        W: Future + 'static,
        W::Output: Send + 'static,
    {
        let greenlet = self.context.launcher.spawn(work);
        let mut greenlet = greenlet.map_err(|_| HubCallError::Ended)?;
        match greenlet.join_blocking(Some(CLIENT_TIMEOUT)) {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(GreenletError::Panicked(panic))) => {
                Err(HubCallError::Panicked(panic.to_string()))
            }
            Ok(Err(_)) => Err(HubCallError::Ended),
            Err(_) => Err(HubCallError::Late),
        }
    }
}
