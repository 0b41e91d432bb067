//! Frames that are not where a detector has announced them.

use nexus::frames::FrameError;

/// Largest number of ranges of one stream that are reported. Further ones are joined with the last.
const MAX_RANGES: usize = 20;

/// Successive frames of a scan that are missing for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingFrames {
    /// The index of the first frame in the scan.
    pub first: u64,
    /// The index behind the last frame.
    pub end: u64,
    /// The file in which the first frame should be.
    pub file: String,
    /// Why it is not there.
    pub error: FrameError,
}

/// Adds missing frames to a list. Neighbours that are missing for the same kind of reason become one.
pub fn add_missing(list: &mut Vec<MissingFrames>, missing: MissingFrames) {
    match list.last_mut() {
        Some(last) if last.end == missing.first && last.error.is_like(&missing.error) => {
            last.end = missing.end;
        }
        _ => list.push(missing),
    }
}

/// Joins ranges at the end of a list, so that what is reported stays short.
pub fn shorten(mut list: Vec<MissingFrames>) -> Vec<MissingFrames> {
    if let Some(end) = list.last().map(|last| last.end)
        && list.len() > MAX_RANGES
    {
        list.truncate(MAX_RANGES);
        if let Some(last) = list.last_mut() {
            last.end = end;
        }
    }
    list
}
