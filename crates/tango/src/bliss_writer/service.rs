//! Saves scans on request. Lives on the hub of the main thread, and longer than its device.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blissdata::store::{DataStore, ScanKey};
use blissdata::url::RedisUrl;
use hub::{Budget, GreenletError, Launcher};
use tracing::{error, info};
use writer::checks;
use writer::options::SaveOptions;
use writer::report::{Outcome, figures};
use writer::scan::About;
use writer::subscriber::with_causes;
use writer::{NexusScanWriter, Workshop};

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
    pub workshop: Arc<Workshop>,
    /// How scans are saved.
    pub save: SaveOptions,
}

/// The scans of one device.
pub struct Service {
    means: Means,
    store: Mutex<Option<DataStore>>,
    records: Records,
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

impl Service {
    pub fn new(means: Means) -> Service {
        Service {
            means,
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

    /// Takes scans from another store, if it answers, and forgets those that have ended. From plain
    /// threads.
    pub fn open(&self, url: RedisUrl) -> Result<(), DevFailed> {
        let connected = self.on_hub(move || async move {
            let store = DataStore::new(&url);
            let checked = hub::timeout(CONNECT, store.check()).await;
            match checked {
                Ok(Ok(())) => Ok(store),
                Ok(Err(error)) => Err(with_causes(&error)),
                Err(_) => Err(format!("{url} does not answer")),
            }
        })?;
        let store =
            connected.map_err(|text| DevFailed::python("ConnectionError", text, "BlissWriter"))?;
        info!("scans are taken from {}", store.url());
        *self.store.lock().unwrap_or_else(PoisonError::into_inner) = Some(store);
        self.records.forget();
        Ok(())
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
            let about = match hub::timeout(LOOK_UP, About::load(&store, &key)).await {
                Ok(Ok(about)) => about,
                Ok(Err(error)) => {
                    error!("cannot load a scan: {error}");
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
            if let Some(record) = service.records.begin(&key) {
                hub::spawn(service.save(record, store, about)).detach();
            }
            true
        })
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

    /// Waits until no scan is being saved.
    pub async fn idle(&self) {
        for record in self.records.running() {
            record.ended().await;
        }
    }

    /// Saves a scan when its turn comes.
    async fn save(self: Arc<Self>, record: Arc<Record>, store: DataStore, about: About) {
        let _place = self.places.reserve(1).await;
        let key = about.key.clone();
        if let Some(path) = &about.path
            && let Err(reason) = self.check(path).await
        {
            error!(scan = %key, "{reason}");
            return record.fail(reason);
        }
        if self.stopping.load(Ordering::Relaxed) {
            return record.fail("the writer was stopped before the scan was begun".to_owned());
        }
        let save = self.means.save.clone();
        let started = NexusScanWriter::start(&self.means.workshop, &store, about, None, save);
        let writer = match started {
            Ok(writer) => writer,
            Err(error) => return record.fail(error.to_string()),
        };
        record.save(writer.clone());
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
        record.end(report);
    }

    /// Whether the file can be written: known long before the scan is prepared. A file system that
    /// hangs must not hold the scan up here.
    async fn check(&self, path: &Path) -> Result<(), String> {
        let required = self.means.save.space.required;
        match checks::prepare_path_soon(path, required).await {
            Some(Err(error)) => Err(with_causes(&error)),
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
