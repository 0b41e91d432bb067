//! Finds out whether the pixels of a dataset are stored, wherever they are: in its file, in raw files, or in other
//! datasets.
//!
//! HDF5 returns the fill value for what is not there, mostly without an error. It does not notice either when a
//! virtual dataset is, in the end, a part of itself; reading it overflows the stack.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::FrameError;
use super::error::unopened;
use crate::h5::{self, Dataset, DatasetInfo, DatasetStorage, File, VirtualPart};

/// The most virtual datasets one behind the other. More are a circle.
const MAX_DEPTH: u32 = 8;

/// Looks for the pixels of datasets, for each source once.
#[derive(Default)]
pub(super) struct StorageSearch {
    known: HashMap<(PathBuf, String), Result<Vec<u64>, String>>,
    depth: u32,
    /// The pixels are not only in the file of the dataset.
    pub is_elsewhere: bool,
}

impl StorageSearch {
    /// Returns the number of these frames, from the first one on, whose pixels are stored.
    ///
    /// # Errors
    /// If a part of the dataset is missing that is in another file.
    pub fn stored_frames(
        &mut self,
        file: &Path,
        dataset: &Dataset,
        frames: Range<u64>,
    ) -> Result<u64, FrameError> {
        let DatasetInfo { storage, shape, .. } = dataset.info().map_err(unopened)?;
        let count = frames.end.saturating_sub(frames.start);
        match storage {
            DatasetStorage::Virtual(parts) => {
                let elements = shape.unwrap_or_default().iter().product();
                self.check_parts(file, &parts, elements)?;
                Ok(count)
            }
            DatasetStorage::External(files) => {
                self.is_elsewhere = true;
                check_raw_files(file, &files)?;
                Ok(count)
            }
            _ => dataset.stored_rows(frames).map_err(unopened),
        }
    }

    fn check_parts(
        &mut self,
        file: &Path,
        parts: &[VirtualPart],
        elements: u64,
    ) -> Result<(), FrameError> {
        self.is_elsewhere = true;
        let mapped = parts.iter().map(|part| part.elements);
        let mapped = mapped.fold(0u64, u64::saturating_add);
        if mapped < elements {
            let text = format!("only {mapped} of {elements} elements have a source");
            return Err(FrameError::PartMissing(text));
        }
        for part in parts {
            let (name, path) = &part.first_source;
            let source = match name.as_str() {
                "." => file.to_owned(),
                name => directory(file).join(name),
            };
            let missing = |problem: &str| {
                let text = format!("{path} in {}: {problem}", source.display());
                FrameError::PartMissing(text)
            };
            let extent = self.source_extent(&source, path);
            let extent = extent.map_err(|problem| missing(&problem))?;
            let needed = part.needed.as_deref().unwrap_or_default();
            if needed
                .iter()
                .zip(&extent)
                .any(|(needed, present)| needed > present)
            {
                return Err(missing("it is too small"));
            }
        }
        Ok(())
    }

    /// Returns the extent of a source, all of whose elements are stored, or what is wrong with it.
    fn source_extent(&mut self, file: &Path, path: &str) -> Result<Vec<u64>, String> {
        let key = (file.to_owned(), path.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        if self.depth >= MAX_DEPTH {
            return Err("it is a part of itself".to_owned());
        }
        self.depth += 1;
        let extent = self.look_at_source(file, path);
        self.depth -= 1;
        self.known.insert(key, extent.clone());
        extent
    }

    fn look_at_source(&mut self, file: &Path, path: &str) -> Result<Vec<u64>, String> {
        let text = |error: h5::Error| error.to_string();
        let opened = File::open_read(file).map_err(text)?;
        let dataset = opened.root().and_then(|root| root.open_dataset(path));
        let dataset = dataset.map_err(text)?;
        if dataset.number_type().map_err(text)?.is_none() {
            return Err("its elements are not numbers".to_owned());
        }
        let extent = dataset.shape().map_err(text)?;
        let rows = extent.first().copied().unwrap_or_default();
        match self.stored_frames(file, &dataset, 0..rows) {
            Ok(stored) if stored == rows => Ok(extent),
            Ok(_) => Err("it was not written".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Checks that raw files are large enough to have the pixels of a dataset.
fn check_raw_files(file: &Path, files: &[(String, u64, Option<u64>)]) -> Result<(), FrameError> {
    for (name, offset, size) in files {
        let raw = directory(file).join(name);
        let length = std::fs::metadata(&raw).map(|found| found.len());
        let missing =
            |problem: String| FrameError::PartMissing(format!("{}: {problem}", raw.display()));
        let length = length.map_err(|error| missing(error.to_string()))?;
        let needed = offset.saturating_add(size.unwrap_or(0));
        if length < needed {
            return Err(missing(format!("{length} bytes where {needed} are needed")));
        }
    }
    Ok(())
}

fn directory(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}
