//! Starts the scan writers of a session, and waits for their ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hub::Event;
use tokio::time::{Instant, interval_at};
use tracing::{Span, debug, info, warn};

use super::listener::FeedItem;
use super::watch::{ScanDirectories, watch_group};
use super::{Notice, NoticeSender};
use crate::options::{DataWriterFilter, SaveOptions};
use crate::records::ScanRecords;
use crate::report::{ScanOutcome, ScanProgress, ScanReport, figures, one_line};
use crate::scan::NexusScanWriter;
use crate::source::{
    AckHandle, Assignment, FeedMembership, ScanId, ScanStore, ScanSummary, SourceError, SpooledScan,
};
use crate::subscriber::{Consumer, Fault, Subscriber, with_causes};
use crate::writer_thread::WriterThread;

/// Time between two log lines about the progress of a scan, as with the Python writer.
const PROGRESS_PERIOD: Duration = Duration::from_secs(5);

/// How long to wait for the files of a scan that is continued, before the next one is started.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(2);

/// How soon a scan is handed out again whose session cannot be looked up.
const LOOKUP_PAUSE: Duration = Duration::from_secs(2);

/// How long the server may take to note that we leave.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Starts a scan writer for each new scan of a session.
pub struct SessionConsumer {
    pub writer_thread: Arc<WriterThread>,
    pub store: Arc<dyn ScanStore>,
    pub session: Option<String>,
    pub writer: DataWriterFilter,
    pub save: SaveOptions,
    pub running: Arc<Mutex<HashMap<ScanId, RunningScan>>>,
    /// Sent when the session writer shall stop: no scan is begun any more.
    pub stop_requested: Event,
    /// Sent when the session writer is about to end, which interrupts its scans.
    pub stopping: Event,
    /// Our membership of the group that shares the scans, once we have received one. It is ended at the end.
    pub membership: Option<Arc<dyn FeedMembership>>,
    /// Receives the directories of scans.
    pub directories: Arc<ScanDirectories>,
    /// The session writer itself.
    pub subscriber: Subscriber,
    pub records: ScanRecords,
    pub notices: NoticeSender,
}

/// Acknowledges a scan that the feed has not handed out.
struct NoAck;

impl AckHandle for NoAck {
    fn acknowledge(&self) {}

    fn hand_back(&self, _: Duration) {}
}

/// A scan that is being saved.
#[derive(Clone)]
pub struct RunningScan {
    writer: NexusScanWriter,
    /// Sent when the end of the scan is recorded and acknowledged.
    recorded: Event,
}

impl Consumer for SessionConsumer {
    type Event = FeedItem;

    /// Starts to save a scan. A scan that cannot be started fails alone: the session goes on.
    async fn consume(&mut self, item: FeedItem) -> Result<(), Fault> {
        match item {
            FeedItem::Joined(membership) => {
                let observation = self.writer_thread.observation().clone();
                let watching =
                    watch_group(membership.clone(), observation, self.subscriber.clone());
                hub::spawn(watching).detach();
                self.membership = Some(membership);
            }
            FeedItem::Scan(assignment) => self.begin(assignment).await,
            FeedItem::Spooled(scan) => self.begin_spooled(scan).await,
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
            scan.recorded.wait().await;
        }
        if let Some(membership) = &self.membership {
            leave(&**membership).await;
        }
        end
    }
}

/// Leaves the group of writers, if the server answers in time.
async fn leave(membership: &dyn FeedMembership) {
    let reason = match hub::timeout(LEAVE_TIMEOUT, membership.leave()).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => with_causes(&error),
        Err(_) => "the server does not answer".to_owned(),
    };
    warn!("cannot leave the group of writers, others take over after a minute: {reason}");
}

impl SessionConsumer {
    /// Starts to save a scan that was handed out, when there is a place for it.
    async fn begin(&mut self, assignment: Assignment) {
        let Assignment {
            scan,
            repeated,
            ack,
        } = assignment;
        if self.running().contains_key(&scan) {
            // It is being finished from its spool.
            return ack.hand_back(LOOKUP_PAUSE);
        }
        let summary = match self.find_summary(&scan).await {
            Ok(Some(summary)) => summary,
            Ok(None) => return ack.acknowledge(),
            Err(error) => {
                let error = with_causes(&error);
                warn!(%scan, "cannot look up to which session the scan belongs: {error}");
                return ack.hand_back(LOOKUP_PAUSE);
            }
        };
        if repeated {
            info!(%scan, "continuing the scan: its last writer ended before it was saved");
        }
        self.start(summary, ack, repeated).await;
    }

    /// Starts to finish a scan whose unread points a dead process on this host has left in a spool. Redis need not
    /// have the scan any more, nor its place in the history.
    async fn begin_spooled(&mut self, spooled: SpooledScan) {
        let SpooledScan { summary, info } = spooled;
        let is_own = self.session.is_none() || summary.session == self.session;
        if !is_own || !self.writer.accepts(&info) || self.running().contains_key(&summary.id) {
            return;
        }
        info!(scan = %summary.id, "continuing the scan: its last writer left unread points in a spool");
        self.start(summary, Box::new(NoAck), true).await;
    }

    /// Starts to save a scan, when there is a place for it.
    async fn start(&mut self, summary: ScanSummary, ack: Box<dyn AckHandle>, repeated: bool) {
        let scan = summary.id.clone();
        if let Some(file) = &summary.path {
            self.directories.note(file);
        }
        let place = tokio::select! {
            biased;
            // A scan that is not begun is handed out to the next member of the group.
            () = self.stop_requested.wait() => return,
            place = self.writer_thread.places().reserve(1) => place,
        };
        // An earlier writer may have saved the scan on request, or without being able to acknowledge it.
        let begun = NexusScanWriter::begin(
            &self.writer_thread,
            &self.store,
            summary,
            Some(self.writer.clone()),
            self.save.clone(),
            true,
            Some(place),
        );
        match begun {
            Ok(writer) => {
                self.track(scan, writer.clone(), ack).await;
                if repeated {
                    // Scans of one file are continued in their order. A scan that is not even
                    // prepared must not block the others.
                    let begun = hub::timeout(BEGIN_TIMEOUT, writer.begun()).await;
                    debug!(in_order = begun.is_ok(), "a scan is continued");
                }
            }
            Err(error) => warn!(%scan, "cannot be saved: {error}"),
        }
    }

    /// Looks up the summary of a scan. Returns `None` if the scan belongs to another session, or does not
    /// exist.
    async fn find_summary(&self, scan: &ScanId) -> Result<Option<ScanSummary>, SourceError> {
        match (self.store.summary(scan).await, &self.session) {
            (Ok(summary), None) => Ok(Some(summary)),
            (Ok(summary), session) => Ok((summary.session == *session).then_some(summary)),
            (Err(error), Some(_)) if error.is_missing() => Ok(None),
            (Err(error), Some(_)) => Err(error),
            // Without a session the scan is ours in any case, and its report will say what is wrong.
            (Err(_), None) => Ok(Some(scan.clone().into())),
        }
    }

    /// Keeps the scan among the running ones until its saving has ended, then acknowledges it.
    async fn track(&mut self, id: ScanId, writer: NexusScanWriter, ack: Box<dyn AckHandle>) {
        let scan = RunningScan {
            writer: writer.clone(),
            recorded: Event::new(),
        };
        self.running().insert(id.clone(), scan.clone());
        let record = self.records.add(writer.clone());
        let span = Span::current();
        span.record("state", "RUNNING");
        self.notices.send(Notice::Started(writer.clone())).await;
        let (running, notices) = (self.running.clone(), self.notices.clone());
        let (stopping, store) = (self.stopping.clone(), self.store.clone());
        hub::spawn(async move {
            let report = log_progress(&writer).await;
            writer
                .subscriber()
                .span()
                .in_scope(|| log_report(&report, writer.progress()));
            record.end();
            // The next writer continues a scan that was interrupted by our end.
            if !stopping.is_set() || report.outcome <= ScanOutcome::Complete {
                ack.acknowledge();
                store.discard_spool(&id).await;
            }
            scan.recorded.send();
            notices.send(Notice::Ended(report)).await;
            let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
            running.remove(&id);
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

/// Logs the progress of a scan periodically until it has ended. Returns its report.
async fn log_progress(writer: &NexusScanWriter) -> ScanReport {
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

/// Logs the result of a scan in one line.
fn log_report(report: &ScanReport, progress: &ScanProgress) {
    let files: Vec<_> = report
        .files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let files = files.join("', '");
    let (scan, reason) = (&report.scan, one_line(&report.reason));
    match report.outcome {
        ScanOutcome::Skipped => info!(%scan, "{reason}"),
        ScanOutcome::Complete => {
            let duration = figures::duration(report.duration);
            info!(%scan, "Finished writing to '{files}' ({progress} {duration})");
        }
        outcome if files.is_empty() => warn!(%scan, "{}: {reason}", outcome.name()),
        outcome => warn!(%scan, "{} in '{files}': {reason}", outcome.name()),
    }
}
