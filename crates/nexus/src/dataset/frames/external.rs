//! A dataset whose bytes are those of EDF files.

use std::path::PathBuf;

use super::{FrameTarget, LocatedFrames};
use crate::chunk::FillValue;
use crate::dataset::Error;
use crate::h5::ExternalOptions;
use crate::tree::ExternalFile;

/// The largest number of pieces of files to which a dataset can refer. A message in its header lists
/// them, with 24 bytes for each, and messages have less than 64 KiB (HDF5 file format, *Data Storage -
/// External Data Files*).
pub const MAX_FRAME_PIECES: u64 = 2700;

/// Returns the number of frames to which a dataset can refer: those before the first one that was not found,
/// because its bytes are one after the other.
pub(super) fn count(frames: &[LocatedFrames]) -> u64 {
    let mut count = 0;
    for frames in frames {
        let found = frames.pieces.len() as u64;
        count += found;
        if found < frames.range.count {
            break;
        }
    }
    count.min(MAX_FRAME_PIECES)
}

/// Creates the dataset.
pub(super) fn make(target: &FrameTarget, frames: &[LocatedFrames]) -> Result<(), Error> {
    let count = count(frames);
    let shape: Vec<u64> = std::iter::once(count)
        .chain(target.frame.iter().copied())
        .collect();
    let pieces = frames.iter().flat_map(|frames| {
        frames.pieces.iter().map(|piece| ExternalFile {
            name: PathBuf::from(&frames.range.file),
            offset: piece.offset,
            size: Some(piece.size),
        })
    });
    let files: Vec<ExternalFile> = pieces.take(count as usize).collect();
    let fill = FillValue::new(&target.element);
    let options = ExternalOptions {
        element: &target.element,
        shape: &shape,
        files: &files,
        fill: fill.as_ref().map(FillValue::bytes),
    };
    target
        .parent
        .create_external(&target.path, &options)
        .map(drop)
        .map_err(|source| target.failure("create the external dataset", source))
}
