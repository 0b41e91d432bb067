//! Reports lost points of streams, and lists them in the record of the files.
//!
//! A writer that continues a scan reads in the record which points are missing. So the record has to be in the
//! file before any row of a hole is: it lists all points from the hole on as missing, until it can list the holes.

use std::time::{Duration, Instant};

use super::ScanOutput;
use crate::scan::diagnostics::Diagnostics;
use crate::scan::problem::ScanProblem;
use crate::scan::record::running_record;
use crate::source::SourceEvent;

/// Shortest time between two lists of holes. Each makes the file some kilobytes larger.
const LIST_PERIOD: Duration = Duration::from_secs(5);

impl ScanOutput {
    /// Lets the record in the files list all points of these datasets from `first` on as missing.
    pub(super) fn expect_holes(
        &mut self,
        datasets: &[usize],
        first: u64,
        diagnostics: &mut Diagnostics,
    ) {
        let mut is_new = false;
        for &index in datasets {
            is_new |= self.datasets[index].tally.expect_holes(first);
        }
        if is_new {
            self.write_running_record(diagnostics);
            // The library may write the rows of a hole into the file at any time, and before the record.
            for file in &mut self.files {
                file.flush(diagnostics);
            }
        }
    }

    /// Lets the record list the holes, if it does not, but not too often.
    pub(super) fn list_losses(&mut self, diagnostics: &mut Diagnostics) {
        let mut datasets = self.datasets.iter();
        let is_listed = datasets.all(|dataset| dataset.tally.lists_holes());
        let last = self.losses_listed_at;
        if is_listed || last.is_some_and(|at| at.elapsed() < LIST_PERIOD) {
            return;
        }
        self.losses_listed_at = Some(Instant::now());
        for dataset in &mut self.datasets {
            dataset.tally.list_holes();
        }
        self.write_running_record(diagnostics);
    }

    fn write_running_record(&mut self, diagnostics: &mut Diagnostics) {
        self.facts.record = running_record(&self.datasets, &self.file_names(), diagnostics);
        self.apply_trees(diagnostics);
    }
}

/// Reports and counts the loss that an event means, if any: once per stream, not per dataset.
pub fn report(stream: &str, event: &SourceEvent, diagnostics: &mut Diagnostics) {
    let stream = stream.to_owned();
    if let SourceEvent::Lost { count, reason, .. } = event {
        diagnostics.figures().lost(reason, *count);
    }
    match event {
        SourceEvent::Lost {
            first,
            count: 0,
            reason,
            ..
        } => diagnostics.problem(ScanProblem::StreamDamaged {
            stream,
            point: *first,
            source: reason.clone(),
        }),
        SourceEvent::Lost {
            first,
            count,
            reason,
            ..
        } => diagnostics.problem(ScanProblem::PointsLost {
            stream,
            first: *first,
            end: first + count,
            source: reason.clone(),
        }),
        SourceEvent::End {
            total,
            sealed: false,
            ..
        } => diagnostics.problem(ScanProblem::StreamNotSealed {
            stream,
            points: *total,
        }),
        _ => {}
    }
}
