//! Connects the streams of a scan with the datasets that they fill.

use super::stored::report_stored;
use super::{FollowedDatasets, ScanOutput};
use crate::scan::diagnostics::Diagnostics;
use crate::scan::problem::{ScanProblem, StreamProblem};
use crate::scan::update::FollowedStream;
use crate::source::StreamContent;

impl ScanOutput {
    /// Prepares the datasets of these streams for their data.
    pub fn follow(&mut self, streams: Vec<FollowedStream>, diagnostics: &mut Diagnostics) {
        for FollowedStream { name, id, content } in streams {
            let mut own = Vec::new();
            for (index, dataset) in self.datasets.iter_mut().enumerate() {
                if dataset.stream != name {
                    continue;
                }
                match &content {
                    Ok(content) => {
                        let file = &self.files[dataset.file];
                        dataset.begin(content, file, &self.context, self.policy, diagnostics);
                    }
                    Err(reason) => {
                        let problem = StreamProblem::NotSaveable(reason.clone());
                        dataset.fail(problem, diagnostics);
                    }
                }
                own.push(index);
            }
            if let (Err(reason), true) = (&content, own.is_empty()) {
                diagnostics.problem(ScanProblem::StreamUnusable {
                    stream: name.clone(),
                    reason: reason.clone(),
                });
            }
            if let Some(id) = id {
                let has_points = content.as_ref().is_ok_and(StreamContent::has_points);
                let followed = FollowedDatasets {
                    figures: has_points.then(|| self.progress.stream(&name)),
                    name,
                    datasets: own,
                };
                self.followed.insert(id, followed);
            }
        }
        // What an earlier writer has left is stored.
        report_stored(self.stored_points(), diagnostics);
    }
}
