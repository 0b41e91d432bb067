//! Datasets that refer to the frames that a detector saves in its own files.
//!
//! There are three kinds, see [`FrameReference`]: a virtual dataset over HDF5 files, a dataset whose bytes lie in
//! EDF files, and a list of the names of the files. [`FrameDataset`] implements all of them. Copies of frames are
//! the points of a [`StreamDataset`](super::StreamDataset).
//!
//! HDF5 returns the fill value for frames that are not in their file, without any error. Therefore a program looks
//! [whether they are there](crate::frames::find) before it calls a dataset of them complete.

mod external;
mod grid;
mod link;
mod mapping;
mod storage;

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use observation::{Hdf5Stage, Observation};

use super::Error;
use crate::frames::{FramePiece, FrameRange};
use crate::h5::{self, Group, ObjectKind};
use crate::tree::{ElementType, StreamStorage};

pub use external::MAX_FRAME_PIECES;
pub use link::link_frames;
pub use storage::{FrameOptions, FrameReference, FrameStorage, choose_frame_storage};

/// The ratio of the time for which a dataset is not replaced to the time that its creation took.
const REST_RATIO: u32 = 20;

/// Successive frames, and where a dataset finds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedFrames {
    /// Where the detector saves the frames.
    pub range: FrameRange,
    /// `false` if the file has something else there. Then the dataset does not refer to it, and has the fill value
    /// for these frames.
    pub is_usable: bool,
    /// The bytes of each frame, for a dataset over EDF files.
    pub pieces: Vec<FramePiece>,
}

/// The position of a dataset of frames in a file, and the type and shape of the frames.
#[derive(Debug, Clone)]
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

/// A dataset that refers to the frames of a detector. It is replaced when there are more frames.
pub struct FrameDataset {
    target: FrameTarget,
    reference: FrameReference,
    /// The frames that the dataset refers to, and their type and shape.
    shown: Vec<LocatedFrames>,
    shown_type: Option<(ElementType, Vec<u64>)>,
    /// The number of frames that readers see.
    visible: u64,
    /// `true` if the file has a dataset that an earlier writer left.
    has_earlier: bool,
    rests_until: Option<Instant>,
    observation: Arc<Observation>,
}

impl FrameDataset {
    /// Returns a dataset that will be created when there are frames.
    pub fn new(
        reference: FrameReference,
        target: FrameTarget,
        observation: Arc<Observation>,
    ) -> FrameDataset {
        FrameDataset {
            target,
            reference,
            shown: Vec::new(),
            shown_type: None,
            visible: 0,
            has_earlier: false,
            rests_until: None,
            observation,
        }
    }

    /// Returns a dataset that replaces the one that an earlier writer may have created, when there are frames.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn resume(
        reference: FrameReference,
        target: FrameTarget,
        observation: Arc<Observation>,
    ) -> Result<FrameDataset, Error> {
        let has_earlier = match target.parent.has_link(&target.path) {
            Ok(true) => target
                .parent
                .kind(&target.path)
                .map(|kind| kind == Some(ObjectKind::Dataset)),
            found => found,
        };
        let has_earlier =
            has_earlier.map_err(|source| target.failure("find the dataset", source))?;
        Ok(FrameDataset {
            has_earlier,
            ..FrameDataset::new(reference, target, observation)
        })
    }

    /// Returns how the dataset refers to the frames.
    pub fn reference(&self) -> FrameReference {
        self.reference
    }

    /// Sets the type and shape of the frames as they are in the files. The dataset gets them when it is next
    /// replaced.
    pub fn set_frame_type(&mut self, element: ElementType, shape: Vec<u64>) {
        self.target.element = element;
        self.target.frame = shape;
    }

    /// Returns the number of frames that readers see after the next flush of the file.
    pub fn visible(&self) -> u64 {
        self.visible
    }

    /// Returns `true` if the dataset should not be replaced yet, because its creation took long compared
    /// to the time since then. The creation of a dataset over very many files is slow.
    pub fn is_resting(&self) -> bool {
        self.rests_until.is_some_and(|until| Instant::now() < until)
    }

    /// Makes these frames, which are all frames of the scan so far, visible to readers after the next flush of
    /// the file. Does nothing if there are no more frames than before; without frames the dataset does not exist.
    ///
    /// # Errors
    /// If the dataset cannot be written. In that case the previous dataset may have been removed.
    pub fn show(&mut self, frames: &[LocatedFrames]) -> Result<(), Error> {
        let count = self.count(frames);
        // HDF5 does not reuse the space of deleted texts, so the list is not replaced for few frames.
        let is_rare = self.reference == FrameReference::Names;
        if count <= self.visible || is_rare && count < self.visible.saturating_mul(2) {
            return Ok(());
        }
        self.make(frames, count)
    }

    /// Completes the dataset with these frames, which are all frames of the scan. Replaces it if they differ from
    /// those that it refers to.
    ///
    /// # Errors
    /// If the dataset cannot be written.
    pub fn close(&mut self, frames: &[LocatedFrames]) -> Result<(), Error> {
        let count = self.count(frames);
        let has_type = self.shown_type.as_ref().is_some_and(|(element, shape)| {
            *element == self.target.element && *shape == self.target.frame
        });
        if count == 0 || has_type && self.shown == frames {
            return Ok(());
        }
        self.make(frames, count)
    }

    /// Returns the number of frames of a dataset that refers to these.
    fn count(&self, frames: &[LocatedFrames]) -> u64 {
        match self.reference {
            FrameReference::External => external::count(frames),
            FrameReference::Virtual | FrameReference::Names => {
                frames.iter().map(|frames| frames.range.count).sum()
            }
        }
    }

    /// Replaces the dataset.
    fn make(&mut self, frames: &[LocatedFrames], count: u64) -> Result<(), Error> {
        let start = Instant::now();
        let stopwatch = self.observation.stopwatch();
        if self.visible > 0 || self.has_earlier {
            let unlinked = self.target.parent.unlink(&self.target.path);
            unlinked.map_err(|source| self.target.failure("replace the dataset", source))?;
            self.visible = 0;
            self.has_earlier = false;
        }
        match self.reference {
            FrameReference::External => external::make(&self.target, frames)?,
            FrameReference::Names => link::create_name_list(&self.target, frames)?,
            FrameReference::Virtual => mapping::make(&self.target, frames)?,
        }
        self.observation.hdf5.finished(Hdf5Stage::Build, stopwatch);
        self.visible = count;
        self.shown = frames.to_vec();
        self.shown_type = Some((self.target.element.clone(), self.target.frame.clone()));
        let rest: Duration = start.elapsed() * REST_RATIO;
        self.rests_until = Instant::now().checked_add(rest);
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
}
