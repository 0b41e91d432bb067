//! Frames of a detector: the pixels that a dataset gives against those in the files of the detector.

use std::path::Path;
use std::sync::Arc;

use acquisition::DetectorFiles;
use nexus::frames::{ExpectedFrames, FrameError, FrameFormat, FrameReader};

use super::comparison::{Comparison, Points};
use crate::check::Finding;
use crate::scan::frame_writer::{FramePlace, FramePlaces, first_frames, frame_format};

/// Compares the frames that a detector has saved. Returns notes on those that cannot be compared. `file` is the file with the dataset.
pub fn compare_pixels(
    comparison: &mut Comparison,
    files: &Arc<dyn DetectorFiles>,
    file: &Path,
) -> Vec<Finding> {
    // The names of files that no dataset can refer to are all that there is then.
    if comparison.saved == 0 || !comparison.has_pixels() {
        return Vec::new();
    }
    let places = match FramePlaces::new(files.clone(), file).of(0..comparison.saved) {
        Ok(places) => places,
        Err(error) => return vec![not_compared(comparison, &error.to_string())],
    };
    let expected = ExpectedFrames {
        format: frame_format(files.format()),
        element: None,
        shape: None,
        is_swappable: true,
    };
    if expected.format == FrameFormat::Other {
        let text = "this program does not read files of that format";
        return vec![not_compared(comparison, text)];
    }
    let (mut notes, mut first) = (Vec::new(), 0);
    for place in first_frames(&places, comparison.saved) {
        match compare_place(comparison, &place, &expected, first) {
            Ok(true) => {}
            Ok(false) => break,
            Err((frame, error)) => {
                let text = format!("from frame {frame} on, in {}: {error}", place.range.file);
                notes.push(not_compared(comparison, &text));
            }
        }
        first += place.range.count;
    }
    notes
}

/// Compares the frames of one file. Returns `false` if no more can be compared, or the frame that cannot be read and why.
fn compare_place(
    comparison: &mut Comparison,
    place: &FramePlace,
    expected: &ExpectedFrames,
    first: u64,
) -> Result<bool, (u64, FrameError)> {
    if let Some(error) = &place.unusable {
        return Err((first, error.clone()));
    }
    let mut reader = FrameReader::open(&place.range, expected).map_err(|error| (first, error))?;
    let mut next = first;
    while let Some(batch) = reader.next_batch().map_err(|error| (next, error))? {
        let frames = Points {
            element: reader.element(),
            shape: reader.shape(),
            first: next,
            count: batch.frames,
            data: &batch.bytes,
        };
        if !comparison.pixels(frames) {
            return Ok(false);
        }
        next += batch.frames;
    }
    Ok(true)
}

fn not_compared(comparison: &Comparison, why: &str) -> Finding {
    let text = format!("pixels are not compared with the files of the detector: {why}");
    Finding::note(comparison.path(), text)
}
