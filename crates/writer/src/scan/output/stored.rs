//! Reports which points of each stream are safe in the files.

use super::ScanOutput;
use crate::scan::dataset_writer::StoredPoints;
use crate::scan::diagnostics::Diagnostics;

impl ScanOutput {
    /// Reports how far each stream is stored. Must be called right after a flush, because nothing else is safe.
    ///
    /// A problem that may pass says nothing about what will be stored: the next attempt does.
    pub(super) fn report_stored(&self, diagnostics: &Diagnostics) {
        if diagnostics.temporary_problem().is_some() {
            return;
        }
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
            match least {
                Some(points) => figures.set_stored(points.visible, points.continued),
                None => figures.abandon(),
            }
        }
    }
}
