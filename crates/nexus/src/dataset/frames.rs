//! Frames of a detector that are saved by the detector itself.
//!
//! What the HDF5 file holds of them is stored in one of four ways, see [`FrameStorage`]: a virtual
//! dataset over HDF5 files, a dataset whose bytes are those of EDF files, a list of the files' names,
//! or a copy. All of them are filled through [`FrameDataset`]. The detector knows when a frame is
//! saved; where the writer has to look into the detector's files, it waits at the end, for a limited
//! time, for a frame that is not there yet.

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

/// How many times longer a dataset is left as it is than it took to make it.
const REST: u32 = 20;

/// How often frames that cannot be found are looked for at the end, and how long to wait before.
/// Each frame that turns up starts the count again.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Frames that follow one another in one file of a detector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameRange {
    /// Absolute path of the file.
    pub file: String,
    /// Path of the dataset in the file; empty for formats without datasets.
    pub dataset: String,
    /// Index of the first frame in that dataset or file.
    pub first: u64,
    /// Number of frames.
    pub count: u64,
}

/// Where frames go and what they are.
pub struct FrameTarget {
    /// Group that the path starts from.
    pub parent: Rc<Group>,
    /// Path of the dataset.
    pub path: String,
    /// The HDF5 file that gets the dataset.
    pub file: PathBuf,
    /// Type of a pixel.
    pub element: ElementType,
    /// Shape of a frame.
    pub frame: Vec<u64>,
    /// How the dataset is stored. A declared one has the scan's extent, and all its dimensions can
    /// grow as in the files of blisswriter 2.0.0; otherwise it is a list of frames.
    pub storage: StreamStorage,
}

/// The dataset for the frames of a detector.
///
/// None of the forms but a copy can grow, so the dataset is made anew when there are more frames.
/// It shall only name frames that are saved: what is missing reads as the fill value without any
/// error.
pub struct FrameDataset {
    site: FrameTarget,
    content: Content,
    /// Frames that readers see.
    visible: u64,
    /// There is a dataset of an earlier writer.
    old: bool,
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
    /// A dataset of this form, to be made when there are frames. A copy is stored by `policy`
    /// through the line of `store_queue`; to the other forms these do not matter.
    ///
    /// # Errors
    /// If a copy of such frames cannot be stored, see [`StreamDataset::new`](super::StreamDataset).
    pub fn new(
        form: FrameStorage,
        site: FrameTarget,
        policy: WritePolicy,
        store_queue: &StoreQueue,
    ) -> Result<FrameDataset, Error> {
        let content = match form {
            FrameStorage::Virtual => Content::Virtual,
            FrameStorage::External => Content::External(ExternalFrames::default()),
            FrameStorage::Names => Content::Names,
            FrameStorage::Copy => Content::Copy(Box::new(FrameCopier::new(
                &site,
                policy,
                store_queue.clone(),
            )?)),
        };
        Ok(FrameDataset {
            site,
            content,
            visible: 0,
            old: false,
            rests_until: None,
            observation: store_queue.observation().clone(),
        })
    }

    /// The dataset that an earlier writer has begun with the same arguments. A copy continues behind
    /// the frames that [were taken](FrameDataset::taken), the other forms are made anew when there
    /// are frames.
    ///
    /// # Errors
    /// As for a new dataset, and if there is something else than such a dataset.
    pub fn resume(
        form: FrameStorage,
        site: FrameTarget,
        policy: WritePolicy,
        store_queue: &StoreQueue,
    ) -> Result<FrameDataset, Error> {
        if form == FrameStorage::Copy {
            let copies = FrameCopier::resume(&site, policy, store_queue.clone())?;
            return Ok(FrameDataset {
                visible: copies.visible(),
                content: Content::Copy(Box::new(copies)),
                site,
                old: false,
                rests_until: None,
                observation: store_queue.observation().clone(),
            });
        }
        let old = match site.parent.has_link(&site.path) {
            Ok(true) => site
                .parent
                .kind(&site.path)
                .map(|kind| kind == Some(ObjectKind::Dataset)),
            Ok(false) => Ok(false),
            Err(error) => Err(error),
        };
        let old = old.map_err(|source| site.failure("find the dataset", source))?;
        let mut dataset = FrameDataset::new(form, site, policy, store_queue)?;
        dataset.old = old;
        Ok(dataset)
    }

    /// Path of the dataset, as given.
    pub fn path(&self) -> &str {
        &self.site.path
    }

    /// What the dataset holds of the frames.
    pub fn form(&self) -> FrameStorage {
        match &self.content {
            Content::Virtual => FrameStorage::Virtual,
            Content::External(_) => FrameStorage::External,
            Content::Names => FrameStorage::Names,
            Content::Copy(_) => FrameStorage::Copy,
        }
    }

    /// Number of frames that readers see after the next flush of the file.
    pub fn visible(&self) -> u64 {
        self.visible
    }

    /// Number of frames that need not be given to [`take`](FrameDataset::take) any more.
    pub fn taken(&self) -> u64 {
        match &self.content {
            Content::Copy(copies) => copies.taken(),
            _ => u64::MAX,
        }
    }

    /// Whether the dataset was made so recently, for the time it took, that it should be left as it
    /// is while the scan runs: one over very many files takes its time to make.
    pub fn is_resting(&self) -> bool {
        self.rests_until.is_some_and(|until| Instant::now() < until)
    }

    /// Copies these frames, those of the scan from [`taken`](FrameDataset::taken) on, as far as
    /// they can be found; waits for memory. Does nothing in the other forms.
    ///
    /// # Errors
    /// If frames cannot be copied for a reason that time does not heal, or not be stored.
    pub async fn take(&mut self, frames: &[FrameRange]) -> Result<(), Error> {
        match &mut self.content {
            Content::Copy(copies) => copies.take(&self.site, frames).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Waits until the copies that fill chunks are stored.
    pub async fn drain(&self) {
        if let Content::Copy(copies) = &self.content {
            copies.drain().await;
        }
    }

    /// Lets readers see these frames, which are all of the scan up to now, from the next flush of
    /// the file on. Does nothing if there are no more than before; without frames there is no
    /// dataset. Frames that cannot be found yet are left out, and a copy shows what was taken.
    ///
    /// # Errors
    /// If frames cannot be shown for a reason that time does not heal, and when the dataset cannot
    /// be written. The one that was there before may be gone then.
    pub fn show(&mut self, frames: &[FrameRange]) -> Result<(), Error> {
        if let Content::Copy(copies) = &mut self.content {
            self.visible = copies.expose()?;
            return Ok(());
        }
        let frames = some(frames);
        if let Content::External(raw) = &mut self.content {
            raw.locate(&self.site, &frames)?;
        }
        // Texts that were deleted leave their room in the file unused: not too often.
        let rare = matches!(self.content, Content::Names);
        if rare && count(&frames) < self.visible.saturating_mul(2) {
            return Ok(());
        }
        self.make(&frames)
    }

    /// Ends the dataset with these frames, which are all of the scan. Those that cannot be found
    /// are tried again for some seconds.
    ///
    /// # Errors
    /// If frames are not found, or cannot be shown, and when the dataset cannot be written. What
    /// was found before the failure is [visible](FrameDataset::visible) still.
    pub async fn close(&mut self, frames: &[FrameRange]) -> Result<(), Error> {
        let frames = some(frames);
        let existing = self.find(&frames).await;
        let made = match &mut self.content {
            Content::Copy(copies) => copies.close().await.map(|points| self.visible = points),
            _ => self.make(&frames),
        };
        existing.and(made)
    }

    /// Looks into the detector's files until all frames are found.
    async fn find(&mut self, frames: &[FrameRange]) -> Result<(), Error> {
        let mut tries = TRIES;
        loop {
            let (before, after, missing) = match &mut self.content {
                Content::Virtual | Content::Names => return Ok(()),
                Content::External(raw) => {
                    let before = raw.located();
                    let missing = raw.locate(&self.site, frames)?;
                    (before, raw.located(), missing)
                }
                Content::Copy(copies) => {
                    let before = copies.taken();
                    let rest = after(frames, before);
                    let missing = copies.take(&self.site, &rest).await?;
                    (before, copies.taken(), missing)
                }
            };
            match missing {
                None => return Ok(()),
                Some(error) if tries == 0 => return Err(error),
                Some(_) if after > before => tries = TRIES,
                Some(_) => tries -= 1,
            }
            hub::sleep(PAUSE).await;
        }
    }

    /// Makes the dataset anew if there is more to show.
    fn make(&mut self, frames: &[FrameRange]) -> Result<(), Error> {
        let count = match &self.content {
            Content::External(raw) => raw.located(),
            Content::Names | Content::Virtual => count(frames),
            // This one does grow.
            Content::Copy(_) => return Ok(()),
        };
        if count <= self.visible {
            return Ok(());
        }
        let start = Instant::now();
        let stopwatch = self.observation.stopwatch();
        if self.visible > 0 || self.old {
            let unlinked = self.site.parent.unlink(&self.site.path);
            unlinked.map_err(|source| self.site.failure("replace the dataset", source))?;
            self.visible = 0;
            self.old = false;
        }
        match &self.content {
            Content::External(raw) => raw.make(&self.site)?,
            Content::Names => link::create_name_list(&self.site, frames)?,
            Content::Virtual => mapping::make(&self.site, frames)?,
            Content::Copy(_) => {}
        }
        self.observation.hdf5.finished(Hdf5Stage::Build, stopwatch);
        self.visible = count;
        self.rests_until = Instant::now().checked_add(start.elapsed() * REST);
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

fn some(frames: &[FrameRange]) -> Vec<FrameRange> {
    frames.iter().filter(|f| f.count > 0).cloned().collect()
}

fn count(frames: &[FrameRange]) -> u64 {
    frames.iter().map(|frames| frames.count).sum()
}

/// Without the first `skipped` frames.
fn after(frames: &[FrameRange], mut skipped: u64) -> Vec<FrameRange> {
    let rest = frames.iter().map(|frames| {
        let skip = skipped.min(frames.count);
        skipped -= skip;
        FrameRange {
            first: frames.first + skip,
            count: frames.count - skip,
            ..frames.clone()
        }
    });
    rest.filter(|frames| frames.count > 0).collect()
}
