//! [`NexusScanWriter`]: saves one scan.

mod consumer;
mod dataset_writer;
mod diagnostics;
mod entry_links;
mod figures;
mod file;
mod frame_writer;
mod listener;
mod output;
mod partial_scan;
mod problem;
mod record;
mod references;
mod space_watch;
mod tally;
mod update;

use std::sync::{Arc, OnceLock};

use hub::Event;

use crate::options::{DataWriter, SaveOptions};
use crate::report::{Outcome, Progress, ScanReport, Warnings};
use crate::source::{ScanId, ScanStore, ScanSummary};
use crate::subscriber::{IllegalTransition, Mode, Subscriber};
use crate::writer_thread::WriterThread;
use consumer::ScanConsumer;
use diagnostics::Diagnostics;
use figures::ScanFigures;
use listener::ScanListener;
pub use problem::{Interruption, ScanProblem, StreamProblem};

/// A subscriber in parallel mode: the listener reads one scan on this thread's hub, the consumer
/// writes its files in the writer thread. Clones are the same writer.
#[derive(Clone)]
pub struct NexusScanWriter {
    summary: Arc<ScanSummary>,
    subscriber: Subscriber,
    begun: Event,
    progress: Arc<Progress>,
    warnings: Warnings,
    report: Arc<OnceLock<ScanReport>>,
}

impl NexusScanWriter {
    /// Starts to save a scan of `store` as `save` tells, if its disk has room and if it asks for this
    /// writer, should one be given. Its key is enough to know about it.
    pub fn start(
        writer_thread: &WriterThread,
        store: &Arc<dyn ScanStore>,
        scan: impl Into<ScanSummary>,
        asked: Option<DataWriter>,
        save: SaveOptions,
    ) -> Result<NexusScanWriter, IllegalTransition> {
        NexusScanWriter::begin(writer_thread, store, scan.into(), asked, save, false)
    }

    /// The same for a scan that an earlier writer may have begun to save: what that has left is
    /// continued, so that the files become what they would have been. A scan that is saved as a whole
    /// is left alone; one that was never begun is begun.
    pub fn resume(
        writer_thread: &WriterThread,
        store: &Arc<dyn ScanStore>,
        scan: impl Into<ScanSummary>,
        asked: Option<DataWriter>,
        save: SaveOptions,
    ) -> Result<NexusScanWriter, IllegalTransition> {
        NexusScanWriter::begin(writer_thread, store, scan.into(), asked, save, true)
    }

    fn begin(
        writer_thread: &WriterThread,
        store: &Arc<dyn ScanStore>,
        summary: ScanSummary,
        asked: Option<DataWriter>,
        save: SaveOptions,
        resumed: bool,
    ) -> Result<NexusScanWriter, IllegalTransition> {
        let id = summary.id.clone();
        let writer = NexusScanWriter {
            subscriber: Subscriber::new(id.as_str()),
            begun: Event::new(),
            progress: Arc::default(),
            warnings: Warnings::default(),
            report: Arc::default(),
            summary: Arc::new(summary),
        };
        let figures = ScanFigures::new(writer_thread.observation(), &writer.summary);
        let (begun, progress) = (writer.begun.clone(), writer.progress.clone());
        let (warnings, report) = (writer.warnings.clone(), writer.report.clone());
        let listener = ScanListener {
            store: store.clone(),
            id: id.clone(),
            writer: asked,
            save: save.clone(),
            resumed,
            progress: progress.clone(),
            figures: figures.clone(),
            budget: writer_thread.budget().clone(),
        };
        let mode = Mode::Parallel(writer_thread.thread(), writer_thread.budget().clone());
        let running = figures.running();
        writer.subscriber.start(mode, listener, move || {
            let diagnostics = Diagnostics::new(id, warnings, figures);
            ScanConsumer::new(save.space, begun, progress, diagnostics, report, running)
        })?;
        Ok(writer)
    }

    /// The scan.
    pub fn id(&self) -> &ScanId {
        &self.summary.id
    }

    /// What was known of the scan from the start.
    pub fn summary(&self) -> &ScanSummary {
        &self.summary
    }

    /// The subscriber: its state, and the means to stop it.
    pub fn subscriber(&self) -> &Subscriber {
        &self.subscriber
    }

    /// Waits until the scan has its files, or is known to get none.
    ///
    /// Whoever begins scans one after the other finds them in this order in their file.
    pub async fn begun(&self) {
        tokio::select! {
            () = self.begun.wait() => {}
            _ = self.subscriber.join(None) => {}
        }
    }

    /// Figures of the saving so far.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// What went wrong so far.
    pub fn warnings(&self) -> &Warnings {
        &self.warnings
    }

    /// Waits for the end of the saving and tells what became of the scan.
    pub async fn report(&self) -> ScanReport {
        self.subscriber.join(None).await;
        match self.report.get() {
            Some(report) => report.clone(),
            // The consumer did not live to tell.
            None => ScanReport {
                scan: self.summary.id.clone(),
                outcome: Outcome::Failed,
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
