//! In which file a detector puts which frame.

use std::ops::Range;

use crate::detector::{FrameSource, FrameSourceError};

/// Beyond this many files a progress report is rather wrong than true, and HDF5 would need hours to refer to them.
const MAX_FILES: usize = 100_000;

/// How frames are dealt out to numbered files: each acquisition starts a new file, which takes a
/// fixed number of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSeries {
    /// Frames of one acquisition; 0 when the scan is one acquisition of unknown length.
    pub frames_per_acquisition: u64,
    /// Frames of one file; 0 when a file takes all frames of an acquisition.
    pub frames_per_file: u64,
}

/// Consecutive frames in the file of that number, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileSegment {
    file: u64,
    first_row: u64,
    frames: u64,
}

impl FileSeries {
    /// Returns the files of a range of frames, in order. `file` returns the name of the file of a number.
    ///
    /// # Errors
    /// The error of `file`, or [`FrameSourceError::TooMany`].
    pub fn sources(
        self,
        frames: Range<u64>,
        dataset: &str,
        file: impl Fn(i64) -> Result<String, FrameSourceError>,
    ) -> Result<Vec<FrameSource>, FrameSourceError> {
        let mut sources = Vec::new();
        for run in self.runs(frames.clone()) {
            let number = i64::try_from(run.file)
                .ok()
                .filter(|_| sources.len() < MAX_FILES);
            sources.push(FrameSource {
                file: file(number.ok_or_else(|| FrameSourceError::TooMany(frames.clone()))?)?,
                dataset: dataset.to_owned(),
                first_row: run.first_row,
                frames: run.frames,
            });
        }
        Ok(sources)
    }

    /// Splits a range of frames at the file borders.
    fn runs(self, frames: Range<u64>) -> impl Iterator<Item = FileSegment> {
        let mut next = frames.start;
        std::iter::from_fn(move || {
            if next >= frames.end {
                return None;
            }
            let (file, first_row, room) = self.locate(next);
            let run = FileSegment {
                file,
                first_row,
                frames: room.min(frames.end - next),
            };
            next += run.frames;
            Some(run)
        })
    }

    /// Number of frames in files that are complete, when `saved` frames are written and the
    /// detector may still be writing.
    pub fn complete_frames(self, saved: u64) -> u64 {
        match saved.checked_sub(1) {
            Some(last) => last - self.locate(last).1,
            None => 0,
        }
    }

    /// File number, row, and how many frames fit in the file from this row on.
    fn locate(self, frame: u64) -> (u64, u64, u64) {
        let (acquisition, in_acquisition, acquisition_rest) = match self.frames_per_acquisition {
            0 => (0, frame, u64::MAX - frame),
            n => (frame / n, frame % n, n - frame % n),
        };
        match self.frames_per_file {
            0 => (acquisition, in_acquisition, acquisition_rest),
            n => {
                let files_per_acquisition = self.frames_per_acquisition.div_ceil(n);
                let file = acquisition
                    .saturating_mul(files_per_acquisition)
                    .saturating_add(in_acquisition / n);
                (
                    file,
                    in_acquisition % n,
                    (n - in_acquisition % n).min(acquisition_rest),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(acquisition: u64, file: u64, frames: Range<u64>) -> Vec<(u64, u64, u64)> {
        FileSeries {
            frames_per_acquisition: acquisition,
            frames_per_file: file,
        }
        .runs(frames)
        .map(|run| (run.file, run.first_row, run.frames))
        .collect()
    }

    #[test]
    fn an_acquisition_starts_a_new_file() {
        let expected = [
            (0, 0, 3),
            (1, 0, 3),
            (2, 0, 1),
            (3, 0, 3),
            (4, 0, 3),
            (5, 0, 1),
            (6, 0, 3),
        ];
        assert_eq!(runs(7, 3, 0..17), expected);
        assert_eq!(
            runs(7, 3, 2..8),
            [(0, 2, 1), (1, 0, 3), (2, 0, 1), (3, 0, 1)]
        );
        assert_eq!(runs(7, 3, 5..5), []);
    }

    #[test]
    fn one_endless_acquisition_and_one_file_per_acquisition() {
        assert_eq!(runs(0, 4, 0..10), [(0, 0, 4), (1, 0, 4), (2, 0, 2)]);
        assert_eq!(runs(0, 0, 0..10), [(0, 0, 10)]);
        assert_eq!(runs(5, 0, 0..12), [(0, 0, 5), (1, 0, 5), (2, 0, 2)]);
        assert_eq!(runs(5, 100, 3..7), [(0, 3, 2), (1, 0, 2)]);
    }

    #[test]
    fn only_the_files_before_the_current_one_are_closed() {
        let series = FileSeries {
            frames_per_acquisition: 7,
            frames_per_file: 3,
        };
        let closed: Vec<u64> = (0..10).map(|saved| series.complete_frames(saved)).collect();
        assert_eq!(closed, [0, 0, 0, 0, 3, 3, 3, 6, 7, 7]);
    }
}
