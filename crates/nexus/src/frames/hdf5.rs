//! Frames in a dataset of an HDF5 file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::error::unopened;
use super::find::FoundFrames;
use super::{ExpectedFrames, FrameBatch, FrameError, FrameRange};
use crate::chunk::point_size;
use crate::h5::{self, Dataset, DatasetInfo, DatasetStorage, File, VirtualPart};
use crate::tree::ElementType;

/// The filters that the library always has.
const OWN_FILTERS: [&str; 3] = ["deflate", "shuffle", "fletcher32"];

/// A dataset of a detector, open for reading.
pub(super) struct Hdf5Frames {
    dataset: Dataset,
    /// The type of the pixels, or `None` if they are not numbers.
    element: Option<ElementType>,
    /// The extent of the dataset.
    extent: Vec<u64>,
    // The file must stay open as long as the dataset, and is dropped after it.
    _file: File,
}

/// Finds out how many frames the dataset has.
pub(super) fn find(
    range: &FrameRange,
    expected: &ExpectedFrames,
    found: &mut FoundFrames,
) -> Result<(), FrameError> {
    let frames = Hdf5Frames::open(range)?;
    let shape = frames.frame_shape().to_vec();
    expected.check(frames.element.as_ref(), &shape)?;
    found.present = frames.available(range.first).min(range.count);
    found.element = frames.element.clone();
    found.shape = Some(shape);
    let info = frames.dataset.info().map_err(unopened)?;
    if let DatasetStorage::Virtual(parts) = info.storage {
        // The detector has several files, and this one only refers to them.
        check_parts(Path::new(&range.file), &parts).inspect_err(|_| found.present = 0)?;
    }
    match found.present == range.count {
        true => Ok(()),
        false => Err(FrameError::Short),
    }
}

impl Hdf5Frames {
    pub fn open(range: &FrameRange) -> Result<Hdf5Frames, FrameError> {
        if range.dataset.is_empty() {
            return Err(FrameError::NoDataset);
        }
        let file = File::open_read(range.file.as_ref()).map_err(unopened)?;
        let dataset = file
            .root()
            .and_then(|root| root.open_dataset(&range.dataset))
            .map_err(unopened)?;
        Ok(Hdf5Frames {
            element: dataset.number_type().map_err(unopened)?,
            extent: dataset.shape().map_err(unopened)?,
            dataset,
            _file: file,
        })
    }

    /// Returns the type of the pixels, or `None` if they are not numbers.
    pub fn element(&self) -> Option<&ElementType> {
        self.element.as_ref()
    }

    /// Returns the shape of one frame.
    pub fn frame_shape(&self) -> &[u64] {
        self.extent.get(1..).unwrap_or_default()
    }

    /// Returns the number of frames from this one on.
    fn available(&self, first: u64) -> u64 {
        let rows = self.extent.first();
        rows.map_or(0, |rows| rows.saturating_sub(first))
    }

    /// Reads at least one and at most `max_count` frames, of about `batch` bytes, as pixels of this type.
    pub fn read(
        &self,
        first: u64,
        max_count: u64,
        batch: u64,
        element: &ElementType,
    ) -> Result<FrameBatch, FrameError> {
        let available = self.available(first).min(max_count);
        if available == 0 {
            return Err(FrameError::Short);
        }
        let item = element.size().unwrap_or(1);
        let size = point_size(self.frame_shape(), item);
        let count = (batch / size.max(1)).clamp(1, available);
        let mut start = vec![0; self.extent.len()];
        start[0] = first;
        let mut block = self.extent.clone();
        block[0] = count;
        let read = self.dataset.read_block_as(&start, &block, element);
        Ok(FrameBatch {
            frames: count,
            bytes: read.map_err(|error| self.unreadable(error))?,
        })
    }

    /// Returns the error for frames that the library cannot read. The error of the library does not name the
    /// filters that it lacks, so this function does.
    fn unreadable(&self, error: h5::Error) -> FrameError {
        let Ok(DatasetInfo {
            storage: DatasetStorage::Chunked { filters, .. },
            ..
        }) = self.dataset.info()
        else {
            return FrameError::Hdf5(error.to_string());
        };
        let is_own = |filter: &String| OWN_FILTERS.iter().any(|own| filter.starts_with(own));
        let foreign: Vec<String> = filters
            .into_iter()
            .filter(|filter| !is_own(filter))
            .collect();
        match foreign.is_empty() {
            true => FrameError::Hdf5(error.to_string()),
            false => FrameError::Filters(foreign.join(", ")),
        }
    }
}

/// Checks that the datasets exist of which a virtual dataset consists, and that they are large enough. Readers get
/// the fill value for what is not there, without an error.
fn check_parts(file: &Path, parts: &[VirtualPart]) -> Result<(), FrameError> {
    let directory = file.parent().unwrap_or(Path::new(""));
    let mut extents: HashMap<(PathBuf, &str), Option<Vec<u64>>> = HashMap::new();
    for part in parts {
        let source = match part.file.as_str() {
            "." => file.to_owned(),
            name => directory.join(name),
        };
        let missing = || FrameError::PartMissing(format!("{} in {}", part.path, source.display()));
        let extent = extents
            .entry((source.clone(), &part.path))
            .or_insert_with(|| extent(&source, &part.path).ok());
        let Some(extent) = extent else {
            return Err(missing());
        };
        let needed = part.needed.as_deref().unwrap_or_default();
        if needed
            .iter()
            .zip(extent.iter())
            .any(|(needed, present)| needed > present)
        {
            return Err(missing());
        }
    }
    Ok(())
}

fn extent(file: &Path, path: &str) -> h5::Result<Vec<u64>> {
    File::open_read(file)?.root()?.open_dataset(path)?.shape()
}
