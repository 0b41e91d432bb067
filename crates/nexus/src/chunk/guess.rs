//! Guesses the chunks and the filters of a dataset from the expected shape of its data, as blisswriter
//! 2.0.0 does.

use super::{ChunkOptions, CompressionScheme, point_size};

/// The value that is used for an unknown length.
const UNKNOWN: u64 = 512;

/// The largest requested size of a chunk in bytes. HDF5 supports chunks of less than 4 GiB, and rounding
/// up may double the requested size.
const MAX_CHUNK_SIZE: u64 = 1 << 30;

/// The guessed chunks and filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChunkGuess {
    /// The length of a chunk in the dimensions of the scan, then in those of a point. It is empty for a
    /// single value, which is stored contiguously.
    pub chunk: Vec<u64>,
    /// The filters of the chunks.
    pub scheme: CompressionScheme,
}

/// Guesses the chunks of a dataset for a scan of shape `scan` with points of shape `detector` and
/// elements of `item` bytes. A length of 0 or `None` is not known.
pub(crate) fn guess(
    scan: &[u64],
    detector: &[Option<u64>],
    item: usize,
    options: &ChunkOptions,
) -> ChunkGuess {
    let lengths = scan
        .iter()
        .copied()
        .map(Some)
        .chain(detector.iter().copied());
    let expected: Vec<u64> = lengths
        .map(|length| length.filter(|&length| length > 0).unwrap_or(UNKNOWN))
        .collect();
    let size = point_size(&expected, item);
    let is_large = size > options.compression_limit_nbytes && !expected.is_empty();
    let scheme = if is_large {
        options.scheme
    } else {
        CompressionScheme::None
    };
    let target = options.chunk_nbytes.min(MAX_CHUNK_SIZE);
    if size <= target {
        return ChunkGuess {
            chunk: expected,
            scheme,
        };
    }
    let max_elements = target / (item as u64).max(1);
    let mut elements = 1u64;
    let mut chunk = expected;
    for length in chunk.iter_mut().rev() {
        *length = if elements >= max_elements {
            1
        } else {
            length
                .div_ceil(options.chunk_split.max(1))
                .min(max_elements.div_ceil(elements))
        };
        elements = elements.saturating_mul(*length);
    }
    ChunkGuess { chunk, scheme }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(scan: &[u64], detector: &[u64], item: usize, options: &ChunkOptions) -> Vec<u64> {
        let detector: Vec<_> = detector.iter().copied().map(Some).collect();
        let mut guess = guess(scan, &detector, item, options);
        // The last number is 1 if the chunk is compressed.
        let filtered = guess.scheme != CompressionScheme::None;
        guess.chunk.push(u64::from(filtered));
        guess.chunk
    }

    /// The expected values are those of blisswriter 2.0.0.
    #[test]
    fn chunks_follow_from_what_is_expected() {
        let usual = ChunkOptions::default();
        let guessed = |scan: &[u64], detector: &[u64], item| guessed(scan, detector, item, &usual);
        assert_eq!(guessed(&[0], &[], 8), [512, 0]);
        assert_eq!(guessed(&[1000], &[], 8), [1000, 0]);
        assert_eq!(guessed(&[131_072], &[], 8), [131_072, 0]);
        assert_eq!(guessed(&[131_073], &[], 8), [32_769, 1]);
        assert_eq!(guessed(&[600_000], &[], 8), [131_072, 1]);
        assert_eq!(guessed(&[0], &[1024], 4), [128, 256, 1]);
        assert_eq!(guessed(&[100], &[2048], 4), [100, 2048, 0]);
        assert_eq!(guessed(&[0], &[4096], 4), [128, 1024, 1]);
        assert_eq!(guessed(&[512], &[1024], 2), [512, 1024, 0]);
        assert_eq!(guessed(&[513], &[1024], 2), [129, 256, 1]);
        assert_eq!(guessed(&[100], &[1024, 1024], 2), [8, 256, 256, 1]);
        assert_eq!(guessed(&[100], &[2048, 2048], 4), [1, 512, 512, 1]);
        assert_eq!(guessed(&[1], &[2048, 2048], 4), [1, 512, 512, 1]);
        assert_eq!(guessed(&[1000, 1000], &[], 8), [250, 250, 1]);
        assert_eq!(guessed(&[20, 30], &[1024], 4), [5, 8, 256, 1]);
        assert_eq!(guessed(&[10], &[0], 8), [10, 512, 0]);
        assert_eq!(guessed(&[2], &[0, 0], 4), [1, 128, 128, 1]);
        assert_eq!(guessed(&[], &[], 8), [0]);
    }

    #[test]
    fn chunks_follow_the_options() {
        let image = |options| guessed(&[100], &[1024, 1024], 2, &options);
        let usual = ChunkOptions::default();
        let chunk_nbytes = 4 << 20;
        let options = ChunkOptions {
            chunk_nbytes,
            ..usual
        };
        assert_eq!(image(options), [25, 256, 256, 1]);
        let split = |chunk_split| ChunkOptions {
            chunk_split,
            ..usual
        };
        assert_eq!(image(split(1)), [1, 512, 1024, 1]);
        assert_eq!(image(split(2)), [2, 512, 512, 1]);
        let scheme = CompressionScheme::Lz4BitShuffle;
        let options = ChunkOptions { scheme, ..usual };
        assert_eq!(guess(&[1_000_000], &[], 8, &options).scheme, scheme);
        assert_eq!(
            guess(&[100], &[], 8, &options).scheme,
            CompressionScheme::None
        );
    }

    #[test]
    fn absurd_options_result_in_chunks() {
        let nothing = ChunkOptions {
            chunk_nbytes: 0,
            chunk_split: 0,
            compression_limit_nbytes: 0,
            scheme: CompressionScheme::Gzip,
        };
        assert_eq!(guessed(&[7], &[], 8, &nothing), [1, 1]);
        assert_eq!(guessed(&[], &[], 8, &nothing), [0]);
        let usual = ChunkOptions::default();
        let huge = guessed(&[u64::MAX], &[u64::MAX, 3], 8, &usual);
        assert_eq!(huge, [1, 131_072, 1, 1]);
        let options = ChunkOptions {
            chunk_nbytes: u64::MAX,
            ..usual
        };
        let huge = guessed(&[1 << 31], &[], 8, &options);
        assert_eq!(huge, [1 << 27, 1]);
    }
}
