//! Datasets of frames in files of a detector: what is there, and what is missing.

use acquisition::FrameSource;

use super::{DatasetContent, DatasetWriter};
use crate::scan::diagnostics::Diagnostics;
use crate::scan::file::ScanFile;
use crate::scan::frame_writer::{FrameWriter, MissingFrames, look_at_master_file};
use crate::scan::problem::{ScanProblem, StreamProblem};
use crate::writer_thread::WriterContext;

impl DatasetWriter {
    /// Looks for frames in files that the detector has closed.
    pub async fn look_for_frames(&mut self, diagnostics: &mut Diagnostics) {
        if self.stopped {
            return;
        }
        if let DatasetContent::Frames(frames) = &mut self.content
            && let Err(problem) = frames.look().await
        {
            self.fail(problem, diagnostics);
        }
    }

    /// Looks for all frames at the end of the scan. Returns the index of the first frame of a hole that the dataset
    /// will have, or why frames cannot be stored.
    pub async fn find_frames(
        &mut self,
        file: &ScanFile,
        context: &WriterContext,
    ) -> Result<Option<u64>, StreamProblem> {
        match &mut self.content {
            DatasetContent::Frames(frames) if !self.stopped => frames.find_rest().await,
            DatasetContent::MasterFile {
                file: master,
                dataset,
                announced: true,
                missing,
            } => {
                let source = FrameSource {
                    file: master.clone(),
                    dataset: dataset.clone(),
                    first_row: 0,
                    frames: self.tally.received,
                };
                let inspector = context.inspector();
                let (path, progress) = (file.session.path(), self.counter.progress());
                *missing = look_at_master_file(&inspector, path, source, progress).await;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Copies frames after a hole, which the record in the file has to list before.
    pub async fn copy_frames_after_hole(&mut self, diagnostics: &mut Diagnostics) {
        if let DatasetContent::Frames(frames) = &mut self.content
            && let Err(problem) = frames.copy_rest().await
        {
            self.fail(problem, diagnostics);
        }
    }

    /// Reports the frames that are not in the files of the detector.
    pub(super) fn report_frames(&mut self, frames: &FrameWriter, diagnostics: &mut Diagnostics) {
        if let Some(difference) = frames.type_difference() {
            diagnostics.warning(format_args!("stream {:?}: {difference}", self.stream));
        }
        let missing = frames.missing();
        // What is in their place may be anything, for example what an earlier scan has left.
        if let Some((acquired, saved)) = frames.unsaved() {
            diagnostics.problem(ScanProblem::FramesNotSaved {
                stream: self.stream.clone(),
                acquired,
                saved,
            });
        }
        self.report_missing(missing, diagnostics);
    }

    pub(super) fn report_missing(
        &mut self,
        missing: Vec<MissingFrames>,
        diagnostics: &mut Diagnostics,
    ) {
        for MissingFrames {
            first,
            end,
            file,
            error,
        } in missing
        {
            self.tally.add_hole(first, end - first);
            diagnostics.problem(ScanProblem::FramesMissing {
                stream: self.stream.clone(),
                first,
                end,
                file: file.into(),
                source: error,
            });
        }
    }
}
