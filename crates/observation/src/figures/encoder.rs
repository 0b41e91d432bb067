//! The threads that compress chunks.

use std::time::Duration;

use crate::histogram::{Histogram, Stopwatch};
use crate::number::Counter;

/// How a chunk is encoded before it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Stored as it is.
    None,
    /// Deflate alone.
    Deflate,
    /// Byte shuffle, then deflate.
    ShuffleDeflate,
    /// Bit shuffle with LZ4.
    BitshuffleLz4,
}

impl Filter {
    /// All filters.
    pub const ALL: [Filter; 4] = [
        Filter::None,
        Filter::Deflate,
        Filter::ShuffleDeflate,
        Filter::BitshuffleLz4,
    ];

    /// Returns the name of the filter in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Filter::None => "none",
            Filter::Deflate => "deflate",
            Filter::ShuffleDeflate => "shuffle_deflate",
            Filter::BitshuffleLz4 => "bitshuffle_lz4",
        }
    }
}

/// Chunks that were encoded, by filter.
#[derive(Debug, Default)]
pub struct EncoderFigures([FilterFigures; Filter::ALL.len()]);

impl EncoderFigures {
    /// Returns the figures of one filter.
    pub fn filter(&self, filter: Filter) -> &FilterFigures {
        &self.0[filter as usize]
    }
}

/// Chunks that went through one filter.
#[derive(Debug)]
pub struct FilterFigures {
    /// Time for one chunk.
    pub duration: Histogram,
    /// Bytes before encoding.
    pub bytes_in: Counter,
    /// Bytes after encoding.
    pub bytes_out: Counter,
}

impl FilterFigures {
    /// Counts a chunk that was encoded.
    pub fn encoded(&self, stopwatch: Stopwatch, bytes_in: usize, bytes_out: usize) {
        self.duration.record(stopwatch);
        self.bytes_in.add(bytes_in as u64);
        self.bytes_out.add(bytes_out as u64);
    }
}

impl Default for FilterFigures {
    fn default() -> FilterFigures {
        FilterFigures {
            duration: Histogram::new(Duration::from_micros(10), 4),
            bytes_in: Counter::default(),
            bytes_out: Counter::default(),
        }
    }
}
