//! Reports which points of each stream are safe in the files.

use std::sync::Arc;

use observation::Stopwatch;
use tracing::debug;

use super::ScanOutput;
use crate::report::StreamFigures;
use crate::scan::dataset_writer::StoredPoints;
use crate::scan::diagnostics::Diagnostics;

/// The points of each stream that a flush has; none for a stream of which nothing more will be stored.
type PointsOfStreams = Vec<(Arc<StreamFigures>, Option<StoredPoints>)>;

/// What a flush has. It is safe when the flush is written.
pub(super) struct FlushedPoints {
    pub points: PointsOfStreams,
    /// Measures how long the oldest points have waited.
    pub since: Option<Stopwatch>,
}

impl ScanOutput {
    /// Returns how far each stream is written at present.
    pub(super) fn stored_points(&self) -> PointsOfStreams {
        let mut points = Vec::new();
        for followed in self.followed.values() {
            let Some(figures) = &followed.figures else {
                continue;
            };
            let datasets = followed.datasets.iter();
            let stored = datasets.filter_map(|index| self.datasets[*index].stored_until());
            let least = stored.reduce(|one, other| StoredPoints {
                visible: one.visible.min(other.visible),
                continued: one.continued.min(other.continued),
            });
            points.push((figures.clone(), least));
        }
        points
    }

    /// Reports how far each stream is stored, if the last flush is written.
    pub(super) fn report_committed(&mut self, diagnostics: &Diagnostics) {
        if !self.files.iter().all(|file| file.session.is_committed()) {
            return;
        }
        let Some(flushed) = self.flushed.take() else {
            return;
        };
        report_stored(flushed.points, diagnostics);
        debug!(scan = %diagnostics.scan(), "readers see what was flushed");
        if let Some(since) = flushed.since {
            let hdf5 = &diagnostics.figures().observation().hdf5;
            hdf5.commit_delay.record(since);
        }
    }
}

/// Reports how far each stream is stored.
///
/// A problem that may pass says nothing about what will be stored: the next attempt does.
pub(super) fn report_stored(points: PointsOfStreams, diagnostics: &Diagnostics) {
    if diagnostics.temporary_problem().is_some() {
        return;
    }
    for (figures, stored) in points {
        match stored {
            Some(points) => figures.set_stored(points.visible, points.continued),
            None => figures.abandon(),
        }
    }
}
