//! Finds out which frames are in the file of a detector.

use serde::{Deserialize, Serialize};

use super::edf::EdfFile;
use super::{ExpectedFrames, FileStamp, FrameError, FrameFormat, FrameRange, hdf5};
use crate::dataset::MAX_FRAME_PIECES;
use crate::tree::ElementType;

/// The most pieces of a file that are returned: HDF5 cannot refer to more of them.
const MAX_PIECES: usize = MAX_FRAME_PIECES as usize;

/// What was found out about successive frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finding {
    /// The file has not changed since it was looked at.
    Unchanged,
    /// The file was looked at.
    Found(FoundFrames),
}

/// The frames that are in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FoundFrames {
    /// The number of frames that are there, from the first one of the range on.
    pub present: u64,
    /// Why the others are not there, if there are others.
    pub missing: Option<FrameError>,
    /// The type of their pixels, if it is known.
    pub element: Option<ElementType>,
    /// The shape of a frame, if it is known.
    pub shape: Option<Vec<u64>>,
    /// The bytes of each frame, if the format stores them in one piece (EDF).
    pub pieces: Vec<FramePiece>,
    /// The file as it was looked at.
    pub stamp: Option<FileStamp>,
}

/// The bytes of one frame in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FramePiece {
    /// The offset of the first byte.
    pub offset: u64,
    /// The number of bytes.
    pub size: u64,
}

/// Looks for these frames. If `known` is the stamp of the file when it was looked at before, and the file has not
/// changed, it is not opened.
pub fn find(range: &FrameRange, expected: &ExpectedFrames, known: Option<FileStamp>) -> Finding {
    let mut found = FoundFrames::default();
    let looked = look(range, expected, known, &mut found);
    if let Ok(true) = looked {
        return Finding::Unchanged;
    }
    found.missing = looked.err();
    if found.missing.is_some() {
        // The file may change without a change of its size and time, if the file system is slow to show it.
        found.stamp = None;
    }
    Finding::Found(found)
}

/// Returns `true` if the file has not changed.
fn look(
    range: &FrameRange,
    expected: &ExpectedFrames,
    known: Option<FileStamp>,
    found: &mut FoundFrames,
) -> Result<bool, FrameError> {
    let file = std::fs::metadata(&range.file)?;
    if !file.is_file() {
        return Err(FrameError::NotRegular);
    }
    let stamp = FileStamp::of(&file);
    if known == Some(stamp) {
        return Ok(true);
    }
    found.stamp = Some(stamp);
    match expected.format {
        FrameFormat::Hdf5 => hdf5::find(range, expected, found)?,
        FrameFormat::Edf => match find_in_edf(range, expected, found) {
            // Its name can be listed.
            Err(error) if expected.shape.is_none() && error.is_of_format() => {
                found.present = range.count;
            }
            looked => looked?,
        },
        FrameFormat::Other if file.len() == 0 => return Err(FrameError::Short),
        FrameFormat::Other => found.present = range.count,
    }
    Ok(false)
}

fn find_in_edf(
    range: &FrameRange,
    expected: &ExpectedFrames,
    found: &mut FoundFrames,
) -> Result<(), FrameError> {
    let mut expected = expected.clone();
    let mut edf = EdfFile::open(&range.file)?;
    for row in range.first..range.first.saturating_add(range.count) {
        let frame = edf.frame(row)?;
        expected.check(Some(&frame.element), &frame.shape)?;
        if expected.shape.is_some() {
            // All frames of a dataset have one type and shape.
            expected
                .element
                .get_or_insert_with(|| frame.element.clone());
            if found.shape.is_none() {
                expected.shape = Some(frame.shape.iter().copied().map(Some).collect());
            }
            if found.pieces.len() >= MAX_PIECES {
                return Err(FrameError::TooMany(MAX_PIECES));
            }
            found.pieces.push(FramePiece {
                offset: frame.offset,
                size: frame.size,
            });
        }
        found.present += 1;
        found.element.get_or_insert(frame.element);
        found.shape.get_or_insert(frame.shape);
    }
    Ok(())
}
