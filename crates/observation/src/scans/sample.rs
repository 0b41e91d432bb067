//! The last spectrum or image of a channel.

use std::time::{Duration, Instant};

/// The most elements of each side of a sample of an image. A larger image is thinned out.
pub const LARGEST_SIDE: usize = 512;

/// The most elements of a sample of a spectrum. A longer spectrum is thinned out.
const LARGEST_SPECTRUM: usize = 1 << 16;

/// Time between two samples of a spectrum.
const SPECTRUM_PERIOD: Duration = Duration::from_millis(250);

/// Time between two samples of an image.
const IMAGE_PERIOD: Duration = Duration::from_secs(1);

/// A spectrum or image, as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Index of the point.
    pub point: u64,
    /// Shape of `data`.
    pub shape: Vec<usize>,
    /// Shape of the point, of which every n-th element of each side was taken.
    pub full_shape: Vec<usize>,
    /// The numbers, in the type of the channel.
    pub data: Vec<u8>,
}

/// Takes samples, but not too often.
#[derive(Debug, Default)]
pub struct Sampler {
    due: Option<Instant>,
    last: Option<Sample>,
}

impl Sampler {
    /// Returns the last sample.
    pub fn last(&self) -> Option<&Sample> {
        self.last.as_ref()
    }

    /// Returns `true` if another sample is to be taken now.
    pub fn is_due(&mut self, rank: usize) -> bool {
        let now = Instant::now();
        if self.due.is_some_and(|due| now < due) {
            return false;
        }
        let period = if rank == 1 {
            SPECTRUM_PERIOD
        } else {
            IMAGE_PERIOD
        };
        self.due = Some(now + period);
        true
    }

    /// Takes a sample of a point with elements of `size` bytes.
    pub fn take(&mut self, point: u64, shape: &[usize], size: usize, data: &[u8]) {
        let limit = if shape.len() == 1 {
            LARGEST_SPECTRUM
        } else {
            LARGEST_SIDE
        };
        let longest = shape.iter().copied().max().unwrap_or(0);
        let step = longest.div_ceil(limit).max(1);
        let sample = self.last.get_or_insert_with(|| Sample {
            point,
            shape: Vec::new(),
            full_shape: Vec::new(),
            data: Vec::new(),
        });
        sample.point = point;
        sample.full_shape = shape.to_vec();
        sample.shape = shape.iter().map(|side| side.div_ceil(step)).collect();
        sample.data.clear();
        let columns = shape.last().copied().unwrap_or(0);
        if step == 1 {
            sample.data.extend_from_slice(data);
        } else if columns > 0 {
            for row in data.chunks(columns * size).step_by(step) {
                for element in row.chunks(size).step_by(step) {
                    sample.data.extend_from_slice(element);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_image_is_thinned_out() {
        let mut sampler = Sampler::default();
        let (rows, columns) = (3, 2 * LARGEST_SIDE);
        let pixel = |index: usize| (index as u16).to_le_bytes();
        let image: Vec<u8> = (0..rows * columns).flat_map(pixel).collect();
        sampler.take(7, &[rows, columns], 2, &image);
        let sample = sampler.last().unwrap();
        assert_eq!((sample.point, &*sample.shape), (7, &[2, LARGEST_SIDE][..]));
        assert_eq!(sample.full_shape, [rows, columns]);
        let pixels: Vec<u16> = sample
            .data
            .chunks(2)
            .map(|two| u16::from_le_bytes([two[0], two[1]]))
            .collect();
        assert_eq!(pixels.len(), 2 * LARGEST_SIDE);
        assert_eq!(pixels[..3], [0, 2, 4]);
        assert_eq!(pixels[LARGEST_SIDE], 2 * columns as u16);
        sampler.take(8, &[2, 2], 1, &[1, 2, 3, 4]);
        assert_eq!(sampler.last().unwrap().data, [1, 2, 3, 4]);
    }

    #[test]
    fn not_every_point_is_taken() {
        let mut sampler = Sampler::default();
        assert!(sampler.is_due(1));
        assert!(!sampler.is_due(1));
    }
}
