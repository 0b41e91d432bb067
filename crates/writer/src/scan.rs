//! [`NexusScanWriter`]: saves one scan.

mod attempt;
mod consumer;
mod dataset_writer;
mod diagnostics;
mod entry_links;
mod figures;
mod file;
mod file_claims;
pub(crate) mod frame_writer;
mod large_points;
mod listener;
mod live;
mod margin;
mod outline;
mod output;
mod partial_scan;
mod problem;
mod record;
mod references;
mod space_watch;
mod tally;
mod update;

use std::sync::{Arc, OnceLock};

use hub::Reservation;

use crate::options::{DataWriterFilter, SaveOptions};
use crate::report::{ScanOutcome, ScanProgress, ScanReport, Warnings};
use crate::source::{ScanId, ScanStore, ScanSummary};
use crate::subscriber::{IllegalTransition, Mode, Subscriber};
use crate::writer_thread::WriterThread;
use consumer::{ScanConsumer, ScanMilestones};
use diagnostics::Diagnostics;
use figures::ScanFigures;
use file_claims::FileClaims;
use listener::ScanListener;
use live::{LiveStreams, ScanFiguresView, live_report};
use margin::{MarginSubject, MarginWatch};
pub use problem::{Interruption, ScanProblem, StreamProblem};

/// A subscriber in parallel mode: the listener reads one scan on this thread's hub, the consumer
/// writes its files in the writer thread. Clones are the same writer.
#[derive(Clone)]
pub struct NexusScanWriter {
    summary: Arc<ScanSummary>,
    subscriber: Subscriber,
    milestones: ScanMilestones,
    progress: Arc<ScanProgress>,
    warnings: Warnings,
    report: Arc<OnceLock<ScanReport>>,
}

impl NexusScanWriter {
    /// Starts to save a scan of `store` with the options `save`. The scan is skipped if it does not ask
    /// for the writer `filter`, and fails if its disk has too little room. A bare [`ScanId`] is enough as
    /// `scan`.
    ///
    /// # Errors
    /// Never for a new subscriber; the type is that of [`Subscriber::start`].
    pub fn start(
        writer_thread: &WriterThread,
        store: &Arc<dyn ScanStore>,
        scan: impl Into<ScanSummary>,
        filter: Option<DataWriterFilter>,
        save: SaveOptions,
    ) -> Result<NexusScanWriter, IllegalTransition> {
        NexusScanWriter::begin(writer_thread, store, scan.into(), filter, save, false, None)
    }

    /// Starts to save a scan that an earlier writer may have begun to save. Continues its files, so that
    /// they become as if one writer had written them. Does not touch the files of a scan that is already
    /// complete, and starts a scan that no writer has begun.
    ///
    /// # Errors
    /// Never for a new subscriber; the type is that of [`Subscriber::start`].
    pub fn resume(
        writer_thread: &WriterThread,
        store: &Arc<dyn ScanStore>,
        scan: impl Into<ScanSummary>,
        filter: Option<DataWriterFilter>,
        save: SaveOptions,
    ) -> Result<NexusScanWriter, IllegalTransition> {
        NexusScanWriter::begin(writer_thread, store, scan.into(), filter, save, true, None)
    }

    /// Starts to save a scan, with the place that it has among the scans that are saved at the same time.
    pub(crate) fn begin(
        writer_thread: &WriterThread,
        store: &Arc<dyn ScanStore>,
        summary: ScanSummary,
        filter: Option<DataWriterFilter>,
        save: SaveOptions,
        resumed: bool,
        place: Option<Reservation>,
    ) -> Result<NexusScanWriter, IllegalTransition> {
        let id = summary.id.clone();
        let writer = NexusScanWriter {
            subscriber: Subscriber::new(id.as_str()),
            milestones: ScanMilestones::default(),
            progress: Arc::default(),
            warnings: Warnings::default(),
            report: Arc::default(),
            summary: Arc::new(summary),
        };
        let figures = ScanFigures::new(writer_thread.observation(), &writer.summary);
        let view = ScanFiguresView {
            subscriber: writer.subscriber.clone(),
            progress: writer.progress.clone(),
            warnings: writer.warnings.clone(),
        };
        let live = live_report(writer_thread.observation(), &writer.summary, view);
        let (milestones, progress) = (writer.milestones.clone(), writer.progress.clone());
        let (warnings, report) = (writer.warnings.clone(), writer.report.clone());
        let listener = ScanListener {
            store: store.clone(),
            id: id.clone(),
            writer: filter,
            save: save.clone(),
            resumed,
            progress: progress.clone(),
            figures: figures.clone(),
            budget: writer_thread.budget().clone(),
            reply_memory: writer_thread.reply_memory().clone(),
            memory: writer_thread.memory(),
            places: writer_thread.places().clone(),
            place,
            claims: FileClaims::default(),
            margin: MarginWatch::new(MarginSubject {
                id: id.clone(),
                name: writer.summary.name.clone(),
                store: store.clone(),
                progress: progress.clone(),
                figures: figures.clone(),
                warnings: warnings.clone(),
            }),
            live: LiveStreams::new(live.clone()),
        };
        let memory = writer_thread.memory();
        let mode = Mode::Parallel(writer_thread.thread(), writer_thread.budget().clone());
        let running = figures.running(live);
        writer.subscriber.start(mode, listener, move || {
            let diagnostics = Diagnostics::new(id, warnings, figures);
            ScanConsumer::new(
                memory,
                save.space,
                milestones,
                progress,
                diagnostics,
                report,
                running,
            )
        })?;
        Ok(writer)
    }

    /// Returns the identifier of the scan.
    pub fn id(&self) -> &ScanId {
        &self.summary.id
    }

    /// Returns what was known of the scan when its saving started.
    pub fn summary(&self) -> &ScanSummary {
        &self.summary
    }

    /// Returns the subscriber, which has the state of the writer and can stop it.
    pub fn subscriber(&self) -> &Subscriber {
        &self.subscriber
    }

    /// Waits until the files of the scan are open, or until it is certain that there will be none.
    ///
    /// A caller that waits before it starts the next scan determines the order of the scans in a shared
    /// file.
    pub async fn begun(&self) {
        tokio::select! {
            () = self.milestones.begun.wait() => {}
            _ = self.subscriber.join(None) => {}
        }
    }

    /// Waits until everything is written, or until nothing more will be. The scan has ended when its files are closed,
    /// which may have to wait for the disk.
    pub async fn written(&self) {
        tokio::select! {
            () = self.milestones.written.wait() => {}
            _ = self.subscriber.join(None) => {}
        }
    }

    /// Returns `true` if everything is written that will be.
    pub fn is_written(&self) -> bool {
        self.milestones.written.is_set() || self.report.get().is_some()
    }

    /// Returns how far the saving is.
    pub fn progress(&self) -> &ScanProgress {
        &self.progress
    }

    /// Returns the warnings so far.
    pub fn warnings(&self) -> &Warnings {
        &self.warnings
    }

    /// Waits until the saving has ended, and returns the report.
    pub async fn report(&self) -> ScanReport {
        self.subscriber.join(None).await;
        match self.report.get() {
            Some(report) => report.clone(),
            // The consumer panicked, or was never created.
            None => ScanReport {
                scan: self.summary.id.clone(),
                outcome: ScanOutcome::Failed,
                reason: self.subscriber.info(),
                files: Vec::new(),
                points: 0,
                bytes: 0,
                duration: self.subscriber.duration().unwrap_or_default(),
                warnings: self.warnings.list(),
            },
        }
    }
}
