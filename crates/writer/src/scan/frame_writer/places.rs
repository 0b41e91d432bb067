//! Where the frames of a scan are, as the detector has announced it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acquisition::{DetectorFiles, FrameSource, local_path};
use nexus::frames::{FrameError, FrameRange};

use crate::report::ScanProgress;
use crate::scan::problem::StreamProblem;

/// Computes where frames are.
pub struct FramePlaces {
    files: Arc<dyn DetectorFiles>,
    /// The directory from which relative names lead to files: that of the file that refers to them.
    directory: PathBuf,
    /// Where the files are noted, if anywhere.
    progress: Option<Arc<ScanProgress>>,
}

/// Successive frames in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FramePlace {
    /// The frames.
    pub range: FrameRange,
    /// Why there can be no such file on this host.
    pub unusable: Option<FrameError>,
}

impl FramePlaces {
    /// Creates the places of a detector, for datasets in this file.
    pub fn new(files: Arc<dyn DetectorFiles>, file: &Path) -> FramePlaces {
        FramePlaces {
            files,
            directory: file.parent().unwrap_or(Path::new("")).to_owned(),
            progress: None,
        }
    }

    /// Has all files noted as files to which the scan refers.
    pub fn noted_in(self, progress: Arc<ScanProgress>) -> FramePlaces {
        FramePlaces {
            progress: Some(progress),
            ..self
        }
    }

    /// Returns the number of frames in files that the detector has closed, when it has saved `saved` frames.
    pub fn readable(&self, saved: u64) -> u64 {
        self.files.readable(saved)
    }

    /// Returns the places of these frames of the scan, in order.
    ///
    /// # Errors
    /// If the detector does not save its frames, or its files cannot be named.
    pub fn of(&self, frames: Range<u64>) -> Result<Vec<FramePlace>, StreamProblem> {
        let sources = self.files.sources(frames)?;
        let places = sources.into_iter().filter(|source| source.frames > 0);
        let places: Vec<_> = places
            .map(|source| place(&self.directory, source))
            .collect();
        if let Some(progress) = &self.progress {
            let usable = places.iter().filter(|place| place.unusable.is_none());
            usable.for_each(|place| progress.add_detector_file(Path::new(&place.range.file)));
        }
        Ok(places)
    }
}

/// Returns the place of frames. Relative names lead from `directory` to a file.
pub fn place(directory: &Path, source: FrameSource) -> FramePlace {
    let path = local_path(&source.file);
    let unusable = path.is_none().then_some(FrameError::ForeignName);
    let path = path.map(|path| directory.join(path));
    let file = path.as_deref().and_then(Path::to_str);
    FramePlace {
        range: FrameRange {
            file: file.map_or(source.file.clone(), str::to_owned),
            dataset: source.dataset,
            first: source.first_row,
            count: source.frames,
        },
        unusable,
    }
}

/// Returns the places without the first `skipped` frames.
pub fn skip_frames(places: &[FramePlace], mut skipped: u64) -> Vec<FramePlace> {
    let remaining = places.iter().map(|place| {
        let range = &place.range;
        let skip = skipped.min(range.count);
        skipped -= skip;
        FramePlace {
            range: FrameRange {
                first: range.first + skip,
                count: range.count - skip,
                ..range.clone()
            },
            unusable: place.unusable.clone(),
        }
    });
    remaining.filter(|place| place.range.count > 0).collect()
}

/// Returns the places of the first `count` frames.
pub fn first_frames(places: &[FramePlace], mut count: u64) -> Vec<FramePlace> {
    let first = places.iter().map(|place| {
        let kept = count.min(place.range.count);
        count -= kept;
        let mut place = place.clone();
        place.range.count = kept;
        place
    });
    first.filter(|place| place.range.count > 0).collect()
}
