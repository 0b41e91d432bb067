//! Writes the dataset of frames that a detector saves in its own files.

use std::ops::Range;
use std::sync::Arc;

use acquisition::DetectorFiles;
use nexus::dataset::{
    FrameDataset, FrameOptions, FrameRange, FrameStorage, FrameTarget, StoreQueue, WritePolicy,
    choose_frame_storage,
};
use nexus::tree::StreamStorage;

use super::diagnostics::Diagnostics;
use super::problem::{ScanProblem, StreamProblem};
use crate::report::DatasetCounter;

/// Writes the dataset of a detector's frames, and counts them.
pub struct FrameWriter {
    files: Arc<dyn DetectorFiles>,
    dataset: FrameDataset,
    acquired: u64,
    saved: u64,
}

impl FrameWriter {
    /// Creates the writer. Returns `None` if the detector saves no frames.
    ///
    /// A layout that does not declare the storage gets virtual datasets only: other formats, and
    /// detectors that save nothing, are then errors as soon as there are frames.
    ///
    /// Set `resumed` if an earlier writer may have begun the dataset.
    ///
    /// # Errors
    /// If such frames cannot be stored.
    pub fn new(
        files: Arc<dyn DetectorFiles>,
        options: FrameOptions,
        site: FrameTarget,
        policy: WritePolicy,
        store_queue: &StoreQueue,
        resumed: bool,
    ) -> Result<Option<FrameWriter>, StreamProblem> {
        let form = match site.storage {
            StreamStorage::Automatic => Some(FrameStorage::Virtual),
            StreamStorage::Declared(_) => choose_frame_storage(files.format(), options),
        };
        let Some(form) = form else {
            return Ok(None);
        };
        let dataset = match resumed {
            true => FrameDataset::resume(form, site, policy, store_queue),
            false => FrameDataset::new(form, site, policy, store_queue),
        };
        Ok(Some(FrameWriter {
            files,
            dataset: dataset?,
            acquired: 0,
            saved: 0,
        }))
    }

    /// Returns the number of frames that readers can see.
    pub fn visible(&self) -> u64 {
        self.dataset.visible()
    }

    /// Returns `true` if more frames need a new dataset in place of the existing one.
    pub fn replaces_dataset(&self) -> bool {
        self.dataset.form() != FrameStorage::Copy
    }

    /// Handles a report of the detector, and copies the saved frames if the dataset is a copy.
    pub async fn take(
        &mut self,
        acquired: u64,
        saved: u64,
        counter: &DatasetCounter,
    ) -> Result<(), StreamProblem> {
        counter.add(acquired.saturating_sub(self.acquired), 0);
        self.acquired = self.acquired.max(acquired);
        self.saved = self.saved.max(saved);
        let (taken, readable) = (self.dataset.taken(), self.files.readable(self.saved));
        if taken >= readable {
            return Ok(());
        }
        let frames = self.frames(taken..readable)?;
        Ok(self.dataset.take(&frames).await?)
    }

    /// Waits until full chunks are in the file.
    pub async fn drain(&self) {
        self.dataset.drain().await;
    }

    /// Makes the frames in files that the detector has closed visible to readers. Returns the number of
    /// visible frames.
    pub fn expose(&mut self) -> Result<u64, StreamProblem> {
        let readable = self.files.readable(self.saved);
        if readable > self.dataset.visible() && !self.dataset.is_resting() {
            let frames = self.frames(0..readable)?;
            self.dataset.show(&frames)?;
        }
        Ok(self.dataset.visible())
    }

    /// Writes the rest and closes the dataset. Every acquired frame gets a row, saved or not, so that rows
    /// of all datasets belong to the same points.
    pub async fn finish(
        &mut self,
        stream: &str,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), StreamProblem> {
        if self.acquired == 0 {
            return Ok(());
        }
        if self.saved < self.acquired {
            diagnostics.problem(ScanProblem::FramesNotSaved {
                stream: stream.to_owned(),
                acquired: self.acquired,
                saved: self.saved,
            });
        }
        let frames = self.frames(0..self.acquired)?;
        Ok(self.dataset.close(&frames).await?)
    }

    /// Returns where the frames of this range are.
    fn frames(&self, range: Range<u64>) -> Result<Vec<FrameRange>, StreamProblem> {
        let format = self.files.format();
        let other = format.filter(|format| !format.eq_ignore_ascii_case("hdf5"));
        if let (Some(format), FrameStorage::Virtual) = (other, self.dataset.form()) {
            return Err(StreamProblem::FrameFormat(format.to_owned()));
        }
        let sources = self.files.sources(range)?;
        Ok(sources
            .into_iter()
            .map(|source| FrameRange {
                file: source.file,
                dataset: source.dataset,
                first: source.first_row,
                count: source.frames,
            })
            .collect())
    }
}
