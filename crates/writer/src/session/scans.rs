//! The scans of a session that are being saved.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blissdata::store::{DataStore, ScanKey};
use tokio::time::{Instant, interval_at};
use tracing::{Span, info, warn};

use super::Notice;
use super::announcer::Announcer;
use crate::options::{DataWriter, SaveOptions};
use crate::records::Records;
use crate::report::{Outcome, Progress, ScanReport, figures, one_line};
use crate::scan::{About, AboutError, NexusScanWriter};
use crate::subscriber::{Consumer, Fault};
use crate::workshop::Workshop;

/// How often people hear how far a scan is, as with the Python writer.
const PROGRESS: Duration = Duration::from_secs(5);

/// The scans of a session that are being saved.
pub struct SessionScans {
    pub workshop: Arc<Workshop>,
    pub store: DataStore,
    pub session: Option<String>,
    pub writer: DataWriter,
    pub save: SaveOptions,
    pub running: Arc<Mutex<HashMap<ScanKey, NexusScanWriter>>>,
    pub records: Records,
    pub announcer: Announcer,
}

impl Consumer for SessionScans {
    type Event = ScanKey;

    /// A scan that cannot be begun costs that scan, not the session.
    async fn consume(&mut self, key: ScanKey) -> Result<(), Fault> {
        let about = match self.look(&key).await {
            Ok(Some(about)) => about,
            Ok(None) => return Ok(()),
            Err(error) => {
                warn!(scan = %key, "cannot tell whose scan it is: {error}");
                return Ok(());
            }
        };
        let (writer, save) = (Some(self.writer.clone()), self.save.clone());
        match NexusScanWriter::start(&self.workshop, &self.store, about, writer, save) {
            Ok(writer) => self.watch(key, writer).await,
            Err(error) => warn!(scan = %key, "cannot be saved: {error}"),
        }
        Ok(())
    }

    async fn finish(self, end: Result<(), Fault>) -> Result<(), Fault> {
        let running: Vec<_> = self.running().values().cloned().collect();
        for writer in &running {
            match &end {
                Ok(()) => writer.subscriber().stop(),
                Err(fault) => writer.subscriber().kill(fault),
            }
        }
        for writer in &running {
            writer.subscriber().join(None).await;
        }
        end
    }
}

impl SessionScans {
    /// What a scan is about, if it is ours.
    async fn look(&self, key: &ScanKey) -> Result<Option<About>, AboutError> {
        match (About::load(&self.store, key).await, &self.session) {
            (Ok(about), None) => Ok(Some(about)),
            (Ok(about), session) => Ok((about.session == *session).then_some(about)),
            (Err(AboutError::Missing(_)), Some(_)) => Ok(None),
            (Err(error), Some(_)) => Err(error),
            // It is ours in any case, and its writer tells in its report what is wrong.
            (Err(_), None) => Ok(Some(key.clone().into())),
        }
    }

    /// Remembers the scan until its saving has ended.
    async fn watch(&mut self, key: ScanKey, writer: NexusScanWriter) {
        self.running().insert(key.clone(), writer.clone());
        let record = self.records.add(writer.clone());
        let span = Span::current();
        span.record("state", "RUNNING");
        self.announcer.tell(Notice::Started(writer.clone())).await;
        let (running, announcer) = (self.running.clone(), self.announcer.clone());
        hub::spawn(async move {
            let report = follow(&writer).await;
            writer
                .subscriber()
                .span()
                .in_scope(|| log(&report, writer.progress()));
            record.end();
            announcer.tell(Notice::Ended(report)).await;
            let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
            running.remove(&key);
            if running.is_empty() {
                span.record("state", "ON");
            }
        })
        .detach();
    }

    fn running(&self) -> MutexGuard<'_, HashMap<ScanKey, NexusScanWriter>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells now and then how far a scan is, until it has ended.
async fn follow(writer: &NexusScanWriter) -> ScanReport {
    let mut clock = interval_at(Instant::now() + PROGRESS, PROGRESS);
    let scan = writer.key();
    loop {
        tokio::select! {
            report = writer.report() => return report,
            _ = clock.tick() => writer.subscriber().span().in_scope(|| {
                let duration = writer.subscriber().duration().unwrap_or_default();
                let duration = figures::duration(duration);
                info!(%scan, "{} {duration}", writer.progress());
            }),
        }
    }
}

/// The one line of a scan that everybody wants to see.
fn log(report: &ScanReport, progress: &Progress) {
    let files: Vec<_> = report
        .files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let (scan, reason) = (&report.key, one_line(&report.reason));
    match report.outcome {
        Outcome::Skipped => info!(%scan, "{reason}"),
        Outcome::Complete => {
            let duration = figures::duration(report.duration);
            let files = files.join("', '");
            info!(%scan, "Finished writing to '{files}' ({progress} {duration})");
        }
        outcome => warn!(%scan, "{} in {}: {reason}", outcome.name(), files.join(", ")),
    }
}
