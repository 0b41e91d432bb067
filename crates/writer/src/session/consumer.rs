//! The scans of a session that are being saved.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hub::Event;
use tokio::time::{Instant, interval_at};
use tracing::{Span, debug, info, warn};

use super::listener::FeedItem;
use super::{Notice, NoticeSender};
use crate::options::{DataWriter, SaveOptions};
use crate::records::Records;
use crate::report::{Outcome, Progress, ScanReport, figures, one_line};
use crate::scan::NexusScanWriter;
use crate::source::{
    AckHandle, Assignment, FeedMembership, ScanId, ScanStore, ScanSummary, SourceError,
};
use crate::subscriber::{Consumer, Fault, with_causes};
use crate::writer_thread::WriterThread;

/// How often people hear how far a scan is, as with the Python writer.
const PROGRESS_PERIOD: Duration = Duration::from_secs(5);

/// How long to wait for the files of a scan that is continued, before the next one is begun.
const ORDER: Duration = Duration::from_secs(2);

/// Scans that are saved at once. BLISS never has so many; a writer that was away may have missed more.
const MAX_RUNNING: usize = 100;

/// The scans of a session that are being saved.
pub struct SessionConsumer {
    pub writer_thread: Arc<WriterThread>,
    pub store: Arc<dyn ScanStore>,
    pub session: Option<String>,
    pub writer: DataWriter,
    pub save: SaveOptions,
    pub running: Arc<Mutex<HashMap<ScanId, RunningScan>>>,
    /// Sent when the saving of a scan has ended.
    pub ended: Event,
    /// Sent when the session is about to end: scans are not given the time to end first.
    pub stopping: Event,
    /// To be ended when we are gone, once we had scans.
    pub membership: Option<Arc<dyn FeedMembership>>,
    pub records: Records,
    pub notices: NoticeSender,
}

/// A scan that is being saved.
#[derive(Clone)]
pub struct RunningScan {
    writer: NexusScanWriter,
    /// Sent when all is noted that is to be noted of its end.
    noted: Event,
}

impl Consumer for SessionConsumer {
    type Event = FeedItem;

    /// A scan that cannot be begun costs that scan, not the session.
    async fn consume(&mut self, item: FeedItem) -> Result<(), Fault> {
        self.membership = Some(item.membership);
        let Assignment {
            scan,
            repeated,
            ack,
        } = item.assignment;
        let summary = match self.look(&scan).await {
            Ok(Some(summary)) => summary,
            Ok(None) => {
                acknowledge(&*ack).await;
                return Ok(());
            }
            Err(error) => {
                let error = with_causes(&error);
                warn!(%scan, "cannot tell whose scan it is: {error}");
                ack.hand_back();
                return Ok(());
            }
        };
        self.wait_for_room().await;
        if repeated {
            info!(%scan, "taken up again: a writer ended before it was saved");
        }
        let begin = match repeated {
            true => NexusScanWriter::resume,
            false => NexusScanWriter::start,
        };
        let (writer, save) = (Some(self.writer.clone()), self.save.clone());
        match begin(&self.writer_thread, &self.store, summary, writer, save) {
            Ok(writer) => {
                self.watch(scan, writer.clone(), ack).await;
                if repeated {
                    // Scans of one file are continued in their order. A scan that is not even
                    // prepared must not keep the others.
                    let begun = hub::timeout(ORDER, writer.begun()).await;
                    debug!(in_order = begun.is_ok(), "a scan is continued");
                }
            }
            Err(error) => warn!(%scan, "cannot be saved: {error}"),
        }
        Ok(())
    }

    async fn finish(self, end: Result<(), Fault>) -> Result<(), Fault> {
        self.stopping.send();
        let running: Vec<_> = self.running().values().cloned().collect();
        for scan in &running {
            match &end {
                Ok(()) => scan.writer.subscriber().stop(),
                Err(fault) => scan.writer.subscriber().kill(fault),
            }
        }
        for scan in &running {
            scan.noted.wait().await;
        }
        if let Some(membership) = &self.membership
            && let Err(error) = membership.leave().await
        {
            let error = with_causes(&error);
            warn!("others will wait for a minute before they take over: {error}");
        }
        end
    }
}

/// Nothing is left to do for the scan.
async fn acknowledge(ack: &dyn AckHandle) {
    if let Err(error) = ack.acknowledge().await {
        let error = with_causes(&error);
        warn!("a scan may be looked at again after a restart: {error}");
    }
}

impl SessionConsumer {
    /// What identifies a scan, if it is ours.
    async fn look(&self, scan: &ScanId) -> Result<Option<ScanSummary>, SourceError> {
        match (self.store.summary(scan).await, &self.session) {
            (Ok(summary), None) => Ok(Some(summary)),
            (Ok(summary), session) => Ok((summary.session == *session).then_some(summary)),
            (Err(error), Some(_)) if error.is_missing() => Ok(None),
            (Err(error), Some(_)) => Err(error),
            // It is ours in any case, and its writer tells in its report what is wrong.
            (Err(_), None) => Ok(Some(scan.clone().into())),
        }
    }

    async fn wait_for_room(&self) {
        while self.running().len() >= MAX_RUNNING {
            // Those that were missed end by themselves, and soon.
            let ended = self.ended.clone();
            ended.clear();
            if self.running().len() >= MAX_RUNNING {
                ended.wait().await;
            }
        }
    }

    /// Remembers the scan until its saving has ended.
    async fn watch(&mut self, id: ScanId, writer: NexusScanWriter, ack: Box<dyn AckHandle>) {
        let scan = RunningScan {
            writer: writer.clone(),
            noted: Event::new(),
        };
        self.running().insert(id.clone(), scan.clone());
        let record = self.records.add(writer.clone());
        let span = Span::current();
        span.record("state", "RUNNING");
        self.notices.send(Notice::Started(writer.clone())).await;
        let (running, notices) = (self.running.clone(), self.notices.clone());
        let (stopping, ended) = (self.stopping.clone(), self.ended.clone());
        hub::spawn(async move {
            let report = follow(&writer).await;
            writer
                .subscriber()
                .span()
                .in_scope(|| log(&report, writer.progress()));
            record.end();
            // A scan that is cut short by our end goes on with the next writer.
            if !stopping.is_set() || report.outcome <= Outcome::Complete {
                acknowledge(&*ack).await;
            }
            scan.noted.send();
            notices.send(Notice::Ended(report)).await;
            let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
            running.remove(&id);
            ended.send();
            if running.is_empty() {
                span.record("state", "ON");
            }
        })
        .detach();
    }

    fn running(&self) -> MutexGuard<'_, HashMap<ScanId, RunningScan>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells now and then how far a scan is, until it has ended.
async fn follow(writer: &NexusScanWriter) -> ScanReport {
    let mut clock = interval_at(Instant::now() + PROGRESS_PERIOD, PROGRESS_PERIOD);
    let scan = writer.id();
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
    let files = files.join("', '");
    let (scan, reason) = (&report.scan, one_line(&report.reason));
    match report.outcome {
        Outcome::Skipped => info!(%scan, "{reason}"),
        Outcome::Complete => {
            let duration = figures::duration(report.duration);
            info!(%scan, "Finished writing to '{files}' ({progress} {duration})");
        }
        outcome if files.is_empty() => warn!(%scan, "{}: {reason}", outcome.name()),
        outcome => warn!(%scan, "{} in '{files}': {reason}", outcome.name()),
    }
}
