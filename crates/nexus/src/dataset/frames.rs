//! Datasets for frames that a detector saves in its own files.
//!
//! There are four kinds, see [`FrameStorage`]: a virtual dataset over HDF5 files, a dataset whose bytes
//! lie in EDF files, a list of the names of the files, or a copy. [`FrameDataset`] implements all of
//! them. The detector publishes which frames it has saved. Where the writer has to read the files of the
//! detector, it waits at the end of the scan, for a limited time, for frames that it cannot find yet.

mod copier;
mod edf;
mod external;
mod grid;
mod link;
mod mapping;
mod problem;
mod storage;

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use observation::{Hdf5Stage, Observation};

use super::{Error, StoreQueue, WritePolicy};
use crate::h5::{self, Group, ObjectKind};
use crate::tree::{ElementType, StreamStorage};
use copier::FrameCopier;
use external::ExternalFrames;

pub use link::link_frames;
pub use problem::FrameError;
pub use storage::{FrameOptions, FrameStorage, choose_frame_storage};

/// The ratio of the time for which a dataset is not replaced to the time that its creation took.
const REST_RATIO: u32 = 20;

/// The number of attempts to find missing frames at the end, and the pause between them. The count
/// starts again with each frame that is found.
const MAX_TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Successive frames in one file of a detector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameRange {
    /// The absolute path of the file.
    pub file: String,
    /// The path of the dataset in the file. It is empty for formats without datasets.
    pub dataset: String,
    /// The index of the first frame in that dataset or file.
    pub first: u64,
    /// The number of frames.
    pub count: u64,
}

/// The position of a dataset of frames in a file, and the type and shape of the frames.
pub struct FrameTarget {
    /// The group to which the path is relative.
    pub parent: Rc<Group>,
    /// The path of the dataset.
    pub path: String,
    /// The HDF5 file that holds the dataset.
    pub file: PathBuf,
    /// The type of a pixel.
    pub element: ElementType,
    /// The shape of a frame.
    pub frame: Vec<u64>,
    /// The storage of the dataset. If it is declared, the dataset has the extent of the scan, and all
    /// dimensions can grow, as in the files of blisswriter 2.0.0. Otherwise the dataset is a list of
    /// frames.
    pub storage: StreamStorage,
}

/// The dataset for the frames of a detector.
///
/// Only a copy can grow. The other kinds of dataset are replaced when there are more frames. The
/// dataset must refer only to frames that are saved, because HDF5 returns the fill value for missing
/// frames without any error.
pub struct FrameDataset {
    target: FrameTarget,
    content: Content,
    /// The number of frames that readers see.
    visible: u64,
    /// `true` if the file has a dataset that an earlier writer left.
    has_earlier: bool,
    rests_until: Option<Instant>,
    observation: Arc<Observation>,
}

enum Content {
    Virtual,
    External(ExternalFrames),
    Names,
    Copy(Box<FrameCopier>),
}

impl FrameDataset {
    /// Returns a dataset that will be created when there are frames. `policy` and `store_queue` are used
    /// only for a copy.
    ///
    /// # Errors
    /// If a copy of such frames cannot be stored, see [`StreamDataset::new`](super::StreamDataset).
    pub fn new(
        form: FrameStorage,
        target: FrameTarget,
        policy: WritePolicy,
        store_queue: &StoreQueue,
    ) -> Result<FrameDataset, Error> {
        let content = match form {
            FrameStorage::Virtual => Content::Virtual,
            FrameStorage::External => Content::External(ExternalFrames::default()),
            FrameStorage::Names => Content::Names,
            FrameStorage::Copy => Content::Copy(Box::new(FrameCopier::new(
                &target,
                policy,
                store_queue.clone(),
            )?)),
        };
        Ok(FrameDataset {
            target,
            content,
            visible: 0,
            has_earlier: false,
            rests_until: None,
            observation: store_queue.observation().clone(),
        })
    }

    /// Returns a dataset that continues the one that an earlier writer created with the same arguments.
    /// A copy continues after the frames that [are copied](FrameDataset::taken). The other kinds are
    /// replaced when there are frames.
    ///
    /// # Errors
    /// As for a new dataset, and if the existing dataset of copies has another type, shape or storage.
    pub fn resume(
        form: FrameStorage,
        target: FrameTarget,
        policy: WritePolicy,
        store_queue: &StoreQueue,
    ) -> Result<FrameDataset, Error> {
        if form == FrameStorage::Copy {
            let copies = FrameCopier::resume(&target, policy, store_queue.clone())?;
            return Ok(FrameDataset {
                visible: copies.visible(),
                content: Content::Copy(Box::new(copies)),
                target,
                has_earlier: false,
                rests_until: None,
                observation: store_queue.observation().clone(),
            });
        }
        let has_earlier = match target.parent.has_link(&target.path) {
            Ok(true) => target
                .parent
                .kind(&target.path)
                .map(|kind| kind == Some(ObjectKind::Dataset)),
            Ok(false) => Ok(false),
            Err(error) => Err(error),
        };
        let has_earlier =
            has_earlier.map_err(|source| target.failure("find the dataset", source))?;
        let mut dataset = FrameDataset::new(form, target, policy, store_queue)?;
        dataset.has_earlier = has_earlier;
        Ok(dataset)
    }

    /// Returns the path of the dataset, as given.
    pub fn path(&self) -> &str {
        &self.target.path
    }

    /// Returns how the dataset represents the frames.
    pub fn form(&self) -> FrameStorage {
        match &self.content {
            Content::Virtual => FrameStorage::Virtual,
            Content::External(_) => FrameStorage::External,
            Content::Names => FrameStorage::Names,
            Content::Copy(_) => FrameStorage::Copy,
        }
    }

    /// Returns the number of frames that readers see after the next flush of the file.
    pub fn visible(&self) -> u64 {
        self.visible
    }

    /// Returns the number of frames that need not be passed to [`take`](FrameDataset::take) any more.
    pub fn taken(&self) -> u64 {
        match &self.content {
            Content::Copy(copies) => copies.taken(),
            _ => u64::MAX,
        }
    }

    /// Returns `true` if the dataset should not be replaced yet, because its creation took long compared
    /// to the time since then. The creation of a dataset over very many files is slow.
    pub fn is_resting(&self) -> bool {
        self.rests_until.is_some_and(|until| Instant::now() < until)
    }

    /// Copies these frames, which are those of the scan from [`taken`](FrameDataset::taken) on, up to
    /// the first one that cannot be found yet. Waits for free memory. Does nothing if the dataset is not
    /// a copy.
    ///
    /// # Errors
    /// If a frame cannot be copied now or later, or cannot be stored.
    pub async fn take(&mut self, frames: &[FrameRange]) -> Result<(), Error> {
        match &mut self.content {
            Content::Copy(copies) => copies.take(&self.target, frames).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Waits until all full chunks of a copy are stored.
    pub async fn drain(&self) {
        if let Content::Copy(copies) = &self.content {
            copies.drain().await;
        }
    }

    /// Makes these frames, which are all frames of the scan so far, visible to readers after the next
    /// flush of the file. Does nothing if there are no more frames than before; without frames the
    /// dataset does not exist. Frames that cannot be found yet are left out. A copy shows the frames that
    /// are copied.
    ///
    /// # Errors
    /// If the dataset can refer to a frame neither now nor later, and if the dataset cannot be written.
    /// In that case the previous dataset may have been removed.
    pub fn show(&mut self, frames: &[FrameRange]) -> Result<(), Error> {
        if let Content::Copy(copies) = &mut self.content {
            self.visible = copies.expose()?;
            return Ok(());
        }
        let frames = non_empty(frames);
        if let Content::External(external) = &mut self.content {
            external.locate(&self.target, &frames)?;
        }
        // HDF5 does not reuse the space of deleted texts, so the list is not replaced for few frames.
        let rare = matches!(self.content, Content::Names);
        if rare && count(&frames) < self.visible.saturating_mul(2) {
            return Ok(());
        }
        self.make(&frames)
    }

    /// Completes the dataset with these frames, which are all frames of the scan. Waits some seconds for
    /// frames that cannot be found.
    ///
    /// # Errors
    /// If frames are not found, if the dataset cannot refer to them, and if the dataset cannot be
    /// written. The frames found before the error are [visible](FrameDataset::visible) nevertheless.
    pub async fn close(&mut self, frames: &[FrameRange]) -> Result<(), Error> {
        let frames = non_empty(frames);
        let found = self.find(&frames).await;
        let made = match &mut self.content {
            Content::Copy(copies) => copies.close().await.map(|points| self.visible = points),
            _ => self.make(&frames),
        };
        found.and(made)
    }

    /// Reads the files of the detector until all frames are found or there is no attempt left.
    async fn find(&mut self, frames: &[FrameRange]) -> Result<(), Error> {
        let mut tries = MAX_TRIES;
        loop {
            let (before, after, missing) = match &mut self.content {
                Content::Virtual | Content::Names => return Ok(()),
                Content::External(external) => {
                    let before = external.located();
                    let missing = external.locate(&self.target, frames)?;
                    (before, external.located(), missing)
                }
                Content::Copy(copies) => {
                    let before = copies.taken();
                    let remaining = skip_frames(frames, before);
                    let missing = copies.take(&self.target, &remaining).await?;
                    (before, copies.taken(), missing)
                }
            };
            match missing {
                None => return Ok(()),
                Some(error) if tries == 0 => return Err(error),
                Some(_) if after > before => tries = MAX_TRIES,
                Some(_) => tries -= 1,
            }
            hub::sleep(PAUSE).await;
        }
    }

    /// Replaces the dataset if there are more frames than it shows.
    fn make(&mut self, frames: &[FrameRange]) -> Result<(), Error> {
        let count = match &self.content {
            Content::External(external) => external.located(),
            Content::Names | Content::Virtual => count(frames),
            // A copy grows and is never replaced.
            Content::Copy(_) => return Ok(()),
        };
        if count <= self.visible {
            return Ok(());
        }
        let start = Instant::now();
        let stopwatch = self.observation.stopwatch();
        if self.visible > 0 || self.has_earlier {
            let unlinked = self.target.parent.unlink(&self.target.path);
            unlinked.map_err(|source| self.target.failure("replace the dataset", source))?;
            self.visible = 0;
            self.has_earlier = false;
        }
        match &self.content {
            Content::External(external) => external.make(&self.target)?,
            Content::Names => link::create_name_list(&self.target, frames)?,
            Content::Virtual => mapping::make(&self.target, frames)?,
            Content::Copy(_) => {}
        }
        self.observation.hdf5.finished(Hdf5Stage::Build, stopwatch);
        self.visible = count;
        self.rests_until = Instant::now().checked_add(start.elapsed() * REST_RATIO);
        Ok(())
    }
}

impl FrameTarget {
    fn failure(&self, action: &'static str, source: h5::Error) -> Error {
        Error::Hdf5 {
            path: self.path.clone(),
            action,
            source,
        }
    }

    fn problem(&self, frame: u64, file: &str, source: FrameError) -> Error {
        Error::Frame {
            path: self.path.clone(),
            frame,
            file: file.to_owned(),
            source,
        }
    }
}

fn non_empty(frames: &[FrameRange]) -> Vec<FrameRange> {
    frames.iter().filter(|f| f.count > 0).cloned().collect()
}

fn count(frames: &[FrameRange]) -> u64 {
    frames.iter().map(|frames| frames.count).sum()
}

/// Returns `frames` without the first `skipped` ones.
fn skip_frames(frames: &[FrameRange], mut skipped: u64) -> Vec<FrameRange> {
    let remaining = frames.iter().map(|frames| {
        let skip = skipped.min(frames.count);
        skipped -= skip;
        FrameRange {
            first: frames.first + skip,
            count: frames.count - skip,
            ..frames.clone()
        }
    });
    remaining.filter(|frames| frames.count > 0).collect()
}
