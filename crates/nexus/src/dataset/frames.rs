//! Frames of a detector that are saved by the detector itself.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use super::Error;
use crate::h5::{self, Group, Virtual};
use crate::tree::{ElementType, Selection, VirtualSource};

/// How many times longer a dataset is left as it is than it took to make it.
const REST: u32 = 20;

/// Frames that follow one another in one file of a detector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frames {
    /// Absolute path of the file.
    pub file: String,
    /// Path of the dataset in the file.
    pub dataset: String,
    /// Index of the first frame in that dataset.
    pub first: u64,
    /// Number of frames.
    pub count: u64,
}

/// A virtual dataset over the files of a detector.
///
/// A virtual dataset cannot grow, so it is made anew when there are more frames. It shall only
/// name frames that are saved: what is missing reads as zeros without any error.
pub struct FrameDataset {
    parent: Rc<Group>,
    path: String,
    /// Directory of the HDF5 file.
    directory: PathBuf,
    element: ElementType,
    frame: Vec<u64>,
    shown: Vec<Frames>,
    rests_until: Option<Instant>,
}

impl FrameDataset {
    /// A dataset to be made at `path`, relative to `parent`, for frames of this type and shape.
    /// `file` is the HDF5 file that gets it.
    pub fn new(
        parent: Rc<Group>,
        path: &str,
        file: &Path,
        element: ElementType,
        frame: Vec<u64>,
    ) -> FrameDataset {
        FrameDataset {
            parent,
            path: path.to_owned(),
            directory: file.parent().unwrap_or(Path::new("")).to_owned(),
            element,
            frame,
            shown: Vec::new(),
            rests_until: None,
        }
    }

    /// Path of the dataset, as given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Number of frames that readers see after the next flush of the file.
    pub fn visible(&self) -> u64 {
        self.shown.iter().map(|frames| frames.count).sum()
    }

    /// Whether the dataset was made so recently, for the time it took, that it should be left as it
    /// is while the scan goes on: one over very many files takes its time to make.
    pub fn is_resting(&self) -> bool {
        self.rests_until.is_some_and(|until| Instant::now() < until)
    }

    /// Lets the dataset consist of these frames, which are all of the scan up to now; readers see
    /// them from the next flush of the file on. Does nothing if there are no others than before;
    /// without frames there is no dataset.
    ///
    /// # Errors
    /// When the dataset cannot be written. The one that was there before may be gone then.
    pub fn show(&mut self, frames: &[Frames]) -> Result<(), Error> {
        let frames: Vec<Frames> = frames.iter().filter(|f| f.count > 0).cloned().collect();
        if frames.is_empty() || frames == self.shown {
            return Ok(());
        }
        let start = Instant::now();
        self.replace(&frames).map_err(|source| Error::Hdf5 {
            path: self.path.clone(),
            action: "create the virtual dataset",
            source,
        })?;
        self.shown = frames;
        self.rests_until = Instant::now().checked_add(start.elapsed() * REST);
        Ok(())
    }

    fn replace(&mut self, frames: &[Frames]) -> h5::Result<()> {
        if !self.shown.is_empty() {
            self.parent.unlink(&self.path)?;
            self.shown.clear();
        }
        let rows = frames.iter().map(|frames| frames.count).sum();
        let sources: Vec<VirtualSource> = frames
            .iter()
            .scan(0, |row, frames| {
                let source = VirtualSource {
                    target: self.rows(*row, frames.count),
                    file: stored_name(&frames.file, &self.directory),
                    dataset: frames.dataset.clone(),
                    selection: self.rows(frames.first, frames.count),
                };
                *row += frames.count;
                Some(source)
            })
            .collect();
        let shape: Vec<u64> = std::iter::once(rows)
            .chain(self.frame.iter().copied())
            .collect();
        let max_shape: Vec<Option<u64>> = std::iter::once(None)
            .chain(self.frame.iter().copied().map(Some))
            .collect();
        let options = Virtual {
            element: &self.element,
            shape: &shape,
            max_shape: &max_shape,
            sources: &sources,
        };
        self.parent.create_virtual(&self.path, &options).map(drop)
    }

    /// One block of whole frames.
    fn rows(&self, first: u64, count: u64) -> Selection {
        let mut start = vec![0; self.frame.len() + 1];
        start[0] = first;
        Selection {
            start,
            stride: None,
            count: std::iter::once(count)
                .chain(self.frame.iter().copied())
                .collect(),
            block: None,
        }
    }
}

/// Links `path`, relative to `parent`, to the dataset of a detector's own master file, as Lima 2
/// writes it; `file` is the HDF5 file that gets the link.
///
/// # Errors
/// When the link cannot be made, for example because the name exists.
pub fn link_frames(
    parent: &Group,
    path: &str,
    file: &Path,
    master: &str,
    dataset: &str,
) -> Result<(), Error> {
    let directory = file.parent().unwrap_or(Path::new(""));
    let master = stored_name(master, directory);
    parent
        .external_link(path, Path::new(&master), dataset)
        .map_err(|source| Error::Hdf5 {
            path: path.to_owned(),
            action: "create the link",
            source,
        })
}

/// Relative to `directory` if the file lies below it, so that both can be moved together.
///
/// Never with `./` in front: readers without locks fail on that.
fn stored_name(file: &str, directory: &Path) -> String {
    let below = Path::new(file).strip_prefix(directory).ok();
    let below: Option<PathBuf> = below.map(|below| below.components().collect());
    let below = below.as_deref().and_then(Path::to_str);
    below
        .filter(|name| !name.is_empty())
        .unwrap_or(file)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below_the_directory_are_relative() {
        let name = |file| stored_name(file, Path::new("/data/visit"));
        assert_eq!(name("/data/visit/scan0001/e_0000.h5"), "scan0001/e_0000.h5");
        assert_eq!(name("/data/visit//scan0001/./e.h5"), "scan0001/e.h5");
        assert_eq!(name("/data/visitor/e.h5"), "/data/visitor/e.h5");
        assert_eq!(name("/elsewhere/e.h5"), "/elsewhere/e.h5");
        assert_eq!(name("raw/e.h5"), "raw/e.h5");
    }
}
