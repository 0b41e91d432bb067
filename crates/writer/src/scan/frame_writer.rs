//! Writes the dataset of frames that a detector saves in its own files.
//!
//! What the detector announces is not believed: a frame counts as written when it was found in its file. The files
//! are looked at by another process (see [`inspection`](crate::inspection)) when the detector has closed them, and
//! all of them again at the end of the scan.

mod copies;
mod missing;
mod places;
mod search;
mod wait;

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acquisition::{DetectorFiles, FrameSource};
use nexus::dataset::{
    FrameDataset, FrameOptions, FrameReference, FrameStorage, FrameTarget, StoreQueue, WritePolicy,
    choose_frame_storage,
};
use nexus::frames::{ExpectedFrames, FrameFormat};
use nexus::tree::StreamStorage;

use super::problem::StreamProblem;
use crate::inspection::Inspector;
use crate::report::{DatasetCounter, ScanProgress};
use crate::writer_thread::WriterContext;
use copies::FrameCopies;
use search::FrameSearch;
use wait::{Pause, RUNNING_LIMIT};

pub use missing::MissingFrames;
pub use places::{FramePlace, FramePlaces, first_frames};

/// How long frames are copied while other streams of the scan wait.
const COPY_TIME: Duration = Duration::from_secs(1);

/// Writes the dataset of a detector's frames, and counts them.
pub struct FrameWriter {
    places: FramePlaces,
    /// The format of the files, if it is one to which a virtual dataset cannot refer.
    other_format: Option<String>,
    inspector: Rc<Inspector>,
    content: FrameContent,
    pause: Pause,
    acquired: u64,
    saved: u64,
    /// The stream has ended: all files are closed.
    has_ended: bool,
}

enum FrameContent {
    Reference {
        search: FrameSearch,
        dataset: FrameDataset,
    },
    Copy(FrameCopies),
}

impl FrameWriter {
    /// Creates the writer. Returns `None` if the detector saves no frames.
    ///
    /// A layout that does not declare the storage gets virtual datasets only: other formats, and
    /// detectors that save nothing, are then errors as soon as there are frames.
    ///
    /// The files are noted in `progress`. Set `is_resumed` if an earlier writer may have begun the dataset.
    ///
    /// # Errors
    /// If such frames cannot be stored.
    pub fn new(
        files: Arc<dyn DetectorFiles>,
        options: FrameOptions,
        target: FrameTarget,
        policy: WritePolicy,
        (context, store_queue): (&WriterContext, StoreQueue),
        progress: &Arc<ScanProgress>,
        is_resumed: bool,
    ) -> Result<Option<FrameWriter>, StreamProblem> {
        let format = files.format().map(str::to_owned);
        let storage = match target.storage {
            StreamStorage::Automatic => Some(FrameStorage::Reference(FrameReference::Virtual)),
            StreamStorage::Declared(_) => choose_frame_storage(format.as_deref(), options),
        };
        let Some(storage) = storage else {
            return Ok(None);
        };
        let is_virtual = storage == FrameStorage::Reference(FrameReference::Virtual);
        let has_type = storage != FrameStorage::Reference(FrameReference::Names);
        let expected = ExpectedFrames {
            format: frame_format(format.as_deref()),
            element: None,
            shape: has_type.then(|| files.frame().shape.clone()),
            // The library converts between byte orders when it reads from an HDF5 file.
            is_swappable: is_virtual || storage == FrameStorage::Copy,
        };
        let places = FramePlaces::new(files, &target.file).noted_in(progress.clone());
        let content = match storage {
            FrameStorage::Copy => FrameContent::Copy(FrameCopies::new(
                target,
                expected,
                policy,
                store_queue,
                is_resumed,
            )?),
            FrameStorage::Reference(reference) => {
                let observation = store_queue.observation().clone();
                let search = match has_type {
                    true => FrameSearch::with_type(expected, target.element.clone()),
                    false => FrameSearch::new(expected),
                };
                let dataset = match is_resumed {
                    true => FrameDataset::resume(reference, target, observation)?,
                    false => FrameDataset::new(reference, target, observation),
                };
                FrameContent::Reference { search, dataset }
            }
        };
        Ok(Some(FrameWriter {
            other_format: format
                .filter(|format| is_virtual && !format.eq_ignore_ascii_case("hdf5")),
            places,
            inspector: context.inspector(),
            content,
            pause: Pause::default(),
            acquired: 0,
            saved: 0,
            has_ended: false,
        }))
    }

    /// Returns the number of frames that readers can see.
    pub fn visible(&self) -> u64 {
        match &self.content {
            FrameContent::Reference { dataset, .. } => dataset.visible(),
            FrameContent::Copy(copies) => copies.visible(),
        }
    }

    /// Returns `true` if the dataset has copies of the frames.
    pub fn is_copy(&self) -> bool {
        matches!(self.content, FrameContent::Copy(_))
    }

    /// Handles a report of the detector.
    ///
    /// # Errors
    /// If such frames cannot be stored.
    pub fn take(
        &mut self,
        acquired: u64,
        saved: u64,
        counter: &DatasetCounter,
    ) -> Result<(), StreamProblem> {
        counter.add(acquired.saturating_sub(self.acquired), 0);
        self.acquired = self.acquired.max(acquired);
        self.saved = self.saved.max(saved);
        match &self.other_format {
            Some(format) if self.acquired > 0 => Err(StreamProblem::FrameFormat(format.clone())),
            _ => Ok(()),
        }
    }

    /// Notes that the stream has ended.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// Looks for the frames in files that the detector has closed, and copies them if the dataset has copies. Waits
    /// about a second at most.
    ///
    /// # Errors
    /// If the frames cannot be stored.
    pub async fn look(&mut self) -> Result<(), StreamProblem> {
        let readable = match self.has_ended {
            true => self.acquired,
            false => self.places.readable(self.saved),
        };
        let inspector = &self.inspector;
        match &mut self.content {
            _ if self.pause.is_on() => {}
            FrameContent::Reference { search, dataset } => {
                if readable <= dataset.visible() || dataset.is_resting() {
                    return Ok(());
                }
                if search.frames() < readable {
                    search.extend(self.places.of(search.frames()..readable)?);
                }
                let error = search.look(inspector, RUNNING_LIMIT).await;
                self.pause.begin(error.as_ref());
            }
            FrameContent::Copy(copies) => {
                if readable <= copies.taken() {
                    return Ok(());
                }
                let places = self.places.of(0..readable)?;
                let deadline = Instant::now().checked_add(COPY_TIME);
                let error = copies
                    .copy(&places, inspector, RUNNING_LIMIT, deadline)
                    .await?;
                self.pause.begin(error.as_ref());
            }
        }
        Ok(())
    }

    /// Waits until full chunks are in the file.
    pub async fn drain(&self) {
        if let FrameContent::Copy(copies) = &self.content {
            copies.drain().await;
        }
    }

    /// Makes the frames that were found visible to readers. Returns the number of visible frames.
    ///
    /// # Errors
    /// If the dataset cannot be written.
    pub fn expose(&mut self) -> Result<u64, StreamProblem> {
        match &mut self.content {
            FrameContent::Copy(copies) => copies.expose()?,
            FrameContent::Reference { search, dataset }
                if search.found_frames() > dataset.visible() && !dataset.is_resting() =>
            {
                set_type(dataset, search);
                dataset.show(&search.found_so_far())?;
            }
            FrameContent::Reference { .. } => {}
        }
        Ok(self.visible())
    }

    /// Looks for all frames at the end of the scan, and waits some seconds for those that are missing. Copies those
    /// before the first missing one. Returns the index of the missing one, if the copies need a hole there.
    ///
    /// # Errors
    /// If the frames cannot be stored.
    pub async fn find_rest(&mut self) -> Result<Option<u64>, StreamProblem> {
        if self.acquired == 0 {
            return Ok(None);
        }
        match &mut self.content {
            FrameContent::Reference { search, .. } => {
                let known = search.frames();
                search.extend(self.places.of(known..self.acquired.max(known))?);
                search.look_at_all(&self.inspector).await;
                Ok(None)
            }
            FrameContent::Copy(copies) => {
                let places = self.places.of(0..self.acquired)?;
                let is_whole = copies.copy_to_gap(&places, &self.inspector).await?;
                Ok((!is_whole).then(|| copies.taken()))
            }
        }
    }

    /// Copies the frames after missing ones. The record in the file must list all of them as missing before.
    ///
    /// # Errors
    /// If the frames cannot be stored.
    pub async fn copy_rest(&mut self) -> Result<(), StreamProblem> {
        if let FrameContent::Copy(copies) = &mut self.content {
            let places = self.places.of(0..self.acquired)?;
            copies.copy_rest(&places, &self.inspector).await?;
        }
        Ok(())
    }

    /// Writes the rest and closes the dataset, after all frames [were looked for](FrameWriter::find_rest). Every
    /// acquired frame gets a row, saved or not, so that rows of all datasets belong to the same points.
    ///
    /// # Errors
    /// If the dataset cannot be written.
    pub async fn finish(&mut self) -> Result<(), StreamProblem> {
        match &mut self.content {
            FrameContent::Copy(copies) => copies.close().await,
            FrameContent::Reference { search, dataset } => {
                let is_shape_known = search.frame_type().is_some() || search.is_shape_known();
                if search.frames() > 0 && !is_shape_known {
                    return Err(StreamProblem::FrameShapeUnknown);
                }
                set_type(dataset, search);
                Ok(dataset.close(&search.located())?)
            }
        }
    }

    /// Returns the frames that are not there, after all were looked for.
    pub fn missing(&self) -> Vec<MissingFrames> {
        let missing = match &self.content {
            FrameContent::Copy(copies) => copies.missing(),
            FrameContent::Reference { search, dataset } => {
                search.missing(dataset.reference() == FrameReference::External)
            }
        };
        missing::shorten(missing)
    }

    /// Returns the numbers of frames that the detector has acquired and saved, if it has not saved all.
    pub fn unsaved(&self) -> Option<(u64, u64)> {
        (self.saved < self.acquired).then_some((self.acquired, self.saved))
    }

    /// Returns a text that says how the type of the frames differs from what was announced, if it does.
    pub fn type_difference(&self) -> Option<String> {
        match &self.content {
            FrameContent::Copy(copies) => copies.type_difference(),
            FrameContent::Reference { search, .. } => search.type_difference(),
        }
    }
}

/// Looks for the frames in the master file of a detector, which refers to all others. Returns the missing ones.
pub async fn look_at_master_file(
    inspector: &Inspector,
    file: &std::path::Path,
    master: FrameSource,
    progress: &ScanProgress,
) -> Vec<MissingFrames> {
    let expected = ExpectedFrames {
        format: FrameFormat::Hdf5,
        element: None,
        shape: None,
        is_swappable: false,
    };
    let directory = file.parent().unwrap_or(std::path::Path::new(""));
    let mut search = FrameSearch::new(expected);
    let place = places::place(directory, master);
    progress.add_detector_file(std::path::Path::new(&place.range.file));
    search.extend(vec![place]);
    search.look_at_all(inspector).await;
    search.missing(false)
}

fn set_type(dataset: &mut FrameDataset, search: &FrameSearch) {
    if let Some((element, shape)) = search.frame_type() {
        dataset.set_frame_type(element.clone(), shape.clone());
    }
}

/// Returns the format of files that a detector calls so.
pub fn frame_format(format: Option<&str>) -> FrameFormat {
    match format.map(str::to_ascii_lowercase).as_deref() {
        Some("hdf5") => FrameFormat::Hdf5,
        Some("edf") => FrameFormat::Edf,
        _ => FrameFormat::Other,
    }
}
