//! Makes what was received visible to readers, again and again.

use std::time::{Duration, Instant};

use nexus::dataset::WriteMode;

use super::ScanOutput;
use super::stored::FlushedPoints;
use crate::scan::dataset_writer::DatasetWriter;
use crate::scan::diagnostics::Diagnostics;

/// Time between two flushes of a scan that nobody sees grow.
const BACKLOG_PERIOD: Duration = Duration::from_secs(5);

impl ScanOutput {
    /// Makes received data visible to readers.
    pub async fn commit(&mut self, diagnostics: &mut Diagnostics) {
        if self.closed {
            return;
        }
        if let Some(problem) = self.obstacle() {
            self.stop(problem, diagnostics);
            return;
        }
        if self.policy.mode == WriteMode::Backlog {
            self.commit_backlog(diagnostics);
            return;
        }
        for dataset in &mut self.datasets {
            dataset.look_for_frames(diagnostics).await;
        }
        // Plots want all streams at the same point, so chunks that are being encoded must not be missing.
        for dataset in &self.datasets {
            dataset.drain().await;
        }
        // A flush can begin when the one before is written. From here on no points are added, so all files are flushed
        // with the same ones.
        for file in &self.files {
            file.session.committed().await;
        }
        self.report_committed(diagnostics);
        for dataset in &mut self.datasets {
            dataset.expose(&self.files[dataset.file], diagnostics);
        }
        if self.mark_stored() {
            self.update_files(diagnostics);
        }
        self.list_losses(diagnostics);
        // Scans that write the same file have waited for the same flush. They show their points first, so that the next
        // one has those of all: a flush for each of them in turn would let points wait for as many as there are scans.
        tokio::task::yield_now().await;
        for file in &mut self.files {
            file.retry_links(diagnostics);
            file.flush(diagnostics);
        }
        self.report_written(diagnostics);
        self.flushed = Some(FlushedPoints {
            points: self.stored_points(),
            since: self.unflushed_since.take(),
        });
        self.report_committed(diagnostics);
    }

    /// Lets a killed writer of a scan without readers lose some seconds.
    fn commit_backlog(&mut self, diagnostics: &mut Diagnostics) {
        // The reader may wait for the memory of points that are to be stored, and nothing else comes then.
        self.context.store_queue.advance();
        if self.flushed_at.elapsed() >= BACKLOG_PERIOD {
            self.flushed_at = Instant::now();
            for file in &mut self.files {
                file.flush(diagnostics);
            }
        }
    }

    /// Counts the points that were written since the last call.
    pub(super) fn report_written(&mut self, diagnostics: &Diagnostics) {
        let written = self
            .datasets
            .iter()
            .map(DatasetWriter::written)
            .sum::<u64>();
        diagnostics
            .figures()
            .written(written.saturating_sub(self.written));
        self.written = written.max(self.written);
    }
}
