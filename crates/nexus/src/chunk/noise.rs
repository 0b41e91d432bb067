//! Stores bytes that cannot be compressed without trying to compress them.
//!
//! The last digits of measured floating-point numbers are noise. After the shuffle they are the first
//! part of a chunk, and the compressor would spend most of its time searching them for repetitions. A
//! zlib stream may hold a part of the data without compression.

use libdeflater::{Compressor, adler32};

/// The number of bytes of a row that are examined.
const SAMPLE: usize = 8 << 10;

/// The entropy in bits per byte above which bytes are noise. The maximum is 8, and a sample of perfect
/// noise has slightly less.
const MIN_ENTROPY: f64 = 7.9;

/// The entropy in bits of the differences between neighbouring bytes above which bytes are noise.
/// Below it, the bytes have an order that may compress. It is lower than `MIN_ENTROPY`, because rounded
/// decimal numbers have some order that does not compress.
const MIN_STEP_ENTROPY: f64 = 6.0;

/// The largest number of bytes of a stored block of deflate.
const MAX_STORED: usize = u16::MAX as usize;

/// Returns how many of the leading rows of a shuffled chunk look like noise. Longer sequences in them
/// may still repeat and be compressible.
pub(super) fn noisy_rows(shuffled: &[u8], rows: usize) -> usize {
    let row = shuffled.len() / rows.max(1);
    // The entropy of fewer bytes is not meaningful.
    if row < SAMPLE {
        return 0;
    }
    let noisy = shuffled
        .chunks_exact(row)
        .take_while(|row| is_noise(&row[..SAMPLE]));
    noisy.count()
}

/// Returns `true` if neither the values nor the differences between neighbours are compressible.
fn is_noise(sample: &[u8]) -> bool {
    let mut values = [0u32; 256];
    let mut steps = [0u32; 256];
    let mut last = 0u8;
    for &byte in sample {
        values[usize::from(byte)] += 1;
        steps[usize::from(byte.wrapping_sub(last))] += 1;
        last = byte;
    }
    entropy(&values, sample.len()) > MIN_ENTROPY && entropy(&steps, sample.len()) > MIN_STEP_ENTROPY
}

/// Returns Shannon's entropy in bits.
fn entropy(counts: &[u32; 256], total: usize) -> f64 {
    let total = total as f64;
    let used = counts.iter().filter(|&&count| count > 0);
    used.map(|&count| f64::from(count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

/// Writes a zlib stream of `data` into `target` and returns its length. The first `stored` bytes are not
/// compressed. Returns `None` if `target` is too small.
pub(super) fn zlib(
    compressor: &mut Compressor,
    data: &[u8],
    stored: usize,
    target: &mut [u8],
) -> Option<usize> {
    if stored == 0 {
        return compressor.zlib_compress(data, target).ok();
    }
    let (plain, remaining) = data.split_at(stored);
    // The header means deflate with a window of 32 KiB, at the fastest level.
    let mut end = append_at(target, 0, &[0x78, 0x01])?;
    for block in plain.chunks(MAX_STORED) {
        let length = block.len() as u16;
        let [low, high] = length.to_le_bytes();
        end = append_at(target, end, &[0, low, high, !low, !high])?;
        end = append_at(target, end, block)?;
    }
    end += compressor
        .deflate_compress(remaining, &mut target[end..])
        .ok()?;
    append_at(target, end, &adler32(data).to_be_bytes())
}

fn append_at(target: &mut [u8], at: usize, bytes: &[u8]) -> Option<usize> {
    let end = at + bytes.len();
    target.get_mut(at..end)?.copy_from_slice(bytes);
    Some(end)
}

#[cfg(test)]
mod tests {
    use libdeflater::{CompressionLvl, Decompressor};

    use super::*;
    use crate::chunk::test_noise;

    #[test]
    fn noise_is_distinguished_from_data() {
        let mut data = test_noise(3 * SAMPLE);
        assert_eq!(noisy_rows(&data, 3), 3);
        // All values occur equally often, but in ascending order.
        for (index, byte) in data[SAMPLE..2 * SAMPLE].iter_mut().enumerate() {
            *byte = index as u8;
        }
        assert_eq!(noisy_rows(&data, 3), 1);
        assert_eq!(noisy_rows(&data[..1000], 1), 0);
        assert_eq!(noisy_rows(&[], 8), 0);
        assert_eq!(noisy_rows(&vec![7; SAMPLE], 1), 0);
    }

    #[test]
    fn a_stream_with_a_stored_part_is_read() {
        let mut compressor = Compressor::new(CompressionLvl::default());
        let mut data = test_noise(150_000);
        data.extend(vec![1; 150_000]);
        for stored in [0, 1, 65_535, 65_536, 150_000, 300_000] {
            let mut target = vec![0; 301_000];
            let length = zlib(&mut compressor, &data, stored, &mut target).unwrap();
            let mut back = vec![0; data.len()];
            let read = Decompressor::new().zlib_decompress(&target[..length], &mut back);
            assert_eq!(read, Ok(data.len()));
            assert_eq!(back, data, "{stored} bytes stored");
            assert!(stored > 150_000 || length < 151_000);
        }
    }

    #[test]
    fn a_target_that_is_too_small_is_reported() {
        let mut compressor = Compressor::new(CompressionLvl::default());
        let data = test_noise(1000);
        for room in [0, 1, 5, 500, 1000, 1011] {
            let mut target = vec![0; room];
            assert_eq!(zlib(&mut compressor, &data, 1000, &mut target), None);
        }
    }
}
