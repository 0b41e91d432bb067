//! Looks for the frames of all detectors at the end of a scan.

use futures_util::future::join_all;

use super::ScanOutput;
use crate::scan::diagnostics::Diagnostics;

impl ScanOutput {
    /// Looks for the frames of all detectors at the same time, because missing ones are waited for.
    pub(super) async fn find_frames(&mut self, diagnostics: &mut Diagnostics) {
        let (files, context) = (&self.files, &self.context);
        let searches = self
            .datasets
            .iter_mut()
            .map(|dataset| dataset.find_frames(&files[dataset.file], context));
        for (index, found) in join_all(searches).await.into_iter().enumerate() {
            match found {
                Ok(None) => {}
                Ok(Some(hole)) => {
                    self.expect_holes(&[index], hole, diagnostics);
                    self.datasets[index]
                        .copy_frames_after_hole(diagnostics)
                        .await;
                }
                Err(problem) => self.datasets[index].fail(problem, diagnostics),
            }
        }
    }
}
