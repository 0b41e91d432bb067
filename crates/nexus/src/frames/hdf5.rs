//! Frames in a dataset of an HDF5 file.

use std::path::Path;

use super::error::unopened;
use super::find::FoundFrames;
use super::storage::StorageSearch;
use super::{ExpectedFrames, FrameBatch, FrameError, FrameRange};
use crate::chunk::point_size;
use crate::h5::{self, Dataset, DatasetInfo, DatasetStorage, File};
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
    let there = range.first..range.first + found.present;
    let mut search = StorageSearch::default();
    let stored = search.stored_frames(Path::new(&range.file), &frames.dataset, there);
    // A change of these is not a change of the file.
    if search.is_elsewhere || frames.dataset.file_name().map_err(unopened)? != range.file {
        found.stamp = None;
    }
    let available = std::mem::replace(&mut found.present, *stored.as_ref().unwrap_or(&0));
    if stored? < available {
        return Err(FrameError::Unwritten);
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
        let file = File::open_source(range.file.as_ref()).map_err(unopened)?;
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

    /// Returns `true` if the dataset has a frame of this index.
    pub fn has(&self, index: u64) -> bool {
        self.available(index) > 0
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
        let mut read = self.dataset.read_block_as(&start, &block, element);
        if read.is_err() && count > 1 {
            // The frames before the one that cannot be read are copied.
            block[0] = 1;
            read = self.dataset.read_block_as(&start, &block, element);
        }
        Ok(FrameBatch {
            frames: block[0],
            bytes: read.map_err(|error| self.unreadable(error))?,
        })
    }

    /// Returns an error if pixels of these frames are not stored.
    pub fn check_storage(&self, range: &FrameRange) -> Result<u64, FrameError> {
        let present = self.available(range.first).min(range.count);
        let there = range.first..range.first + present;
        StorageSearch::default().stored_frames(Path::new(&range.file), &self.dataset, there)
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
