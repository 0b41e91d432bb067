//! Writes bits into a slice, the lowest bit of each byte first, as deflate wants them.

use crate::EncodeError;

/// A slice that is filled bit by bit.
///
/// All stores are checked, so that a mistake about the size of a block cannot write anywhere else. What
/// does not fit is dropped and remembered: [`BitWriter::check`] reports it.
#[derive(Default)]
pub(crate) struct BitWriter<'a> {
    /// What follows the last whole byte that was written.
    rest: &'a mut [u8],
    /// The length of the whole slice.
    length: usize,
    /// The bits that are not stored yet, the first one lowest.
    buffer: u64,
    /// Their number, which is less than 8 outside of a sequence of [`BitWriter::put`].
    count: u32,
    overflowed: bool,
}

impl<'a> BitWriter<'a> {
    /// Returns a writer to the start of `target`.
    pub fn new(target: &'a mut [u8]) -> BitWriter<'a> {
        BitWriter {
            length: target.len(),
            rest: target,
            ..BitWriter::default()
        }
    }

    /// Adds the lowest `count` bits of `bits`; the others are zero. At most 56 bits may be put between two
    /// calls of [`BitWriter::flush`].
    #[inline(always)]
    pub fn put(&mut self, bits: u64, count: u32) {
        debug_assert!(self.count + count < 64 && bits >> count == 0);
        self.buffer |= bits << (self.count & 63);
        self.count = self.count.wrapping_add(count);
    }

    /// Stores all whole bytes.
    #[inline(always)]
    pub fn flush(&mut self) {
        if self.rest.len() < 8 {
            // By value, so that a local writer can stay in registers.
            *self = std::mem::take(self).flushed_by_bytes();
            return;
        }
        let rest = std::mem::take(&mut self.rest);
        rest[..8].copy_from_slice(&self.buffer.to_le_bytes());
        self.rest = &mut rest[(self.count as usize >> 3) & 7..];
        self.buffer >>= self.count & 0x38;
        self.count &= 7;
    }

    /// Stores all whole bytes where fewer than 8 bytes are left.
    #[cold]
    #[inline(never)]
    fn flushed_by_bytes(mut self) -> Self {
        while self.count >= 8 {
            match std::mem::take(&mut self.rest).split_first_mut() {
                Some((byte, rest)) => {
                    *byte = self.buffer as u8;
                    self.rest = rest;
                }
                None => self.overflowed = true,
            }
            self.buffer >>= 8;
            self.count -= 8;
        }
        self
    }

    /// Adds `count` zero bits, however many.
    pub fn put_zeros(&mut self, count: u64) {
        let total = u64::from(self.count) + count;
        if total < 8 {
            self.count = total as u32;
            return;
        }
        // The bits that are not stored yet are the start of the first byte; the others are zero.
        let first = self.buffer as u8;
        match usize::try_from(total / 8) {
            Ok(bytes) if bytes <= self.rest.len() => {
                let (zeros, rest) = std::mem::take(&mut self.rest).split_at_mut(bytes);
                zeros.fill(0);
                zeros[0] = first;
                self.rest = rest;
            }
            _ => self.overflowed = true,
        }
        self.buffer = 0;
        self.count = (total % 8) as u32;
    }

    /// Fills the last byte with zeros, so that bytes can be added.
    pub fn align(&mut self) {
        self.count = self.count.next_multiple_of(8);
        self.flush();
    }

    /// Adds bytes after [`BitWriter::align`].
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.count, 0);
        if bytes.len() > self.rest.len() {
            self.overflowed = true;
            return;
        }
        let (place, rest) = std::mem::take(&mut self.rest).split_at_mut(bytes.len());
        place.copy_from_slice(bytes);
        self.rest = rest;
    }

    /// Returns the number of whole bytes that were written.
    pub fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    /// # Errors
    /// [`EncodeError::TargetTooSmall`] if anything that was put did not fit.
    pub fn check(&self) -> Result<(), EncodeError> {
        if self.overflowed {
            Err(EncodeError::TargetTooSmall)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_fill_bytes_from_the_lowest() {
        let mut target = [0xff; 12];
        let mut writer = BitWriter::new(&mut target);
        writer.put(0b101, 3);
        writer.put(0b11, 2);
        writer.flush();
        writer.put_zeros(3 + 8 + 2);
        writer.put(1, 1);
        // More than a byte may be waiting.
        writer.put(0b1_1110_0001, 9);
        writer.align();
        writer.put_bytes(&[7, 8]);
        assert_eq!(writer.position(), 6);
        writer.check().unwrap();
        assert_eq!(target[..6], [0b11101, 0, 0b0000_1100, 0b1111, 7, 8]);
    }

    #[test]
    fn what_does_not_fit_is_reported() {
        for room in 0..20 {
            let mut target = vec![0; room];
            let mut writer = BitWriter::new(&mut target);
            for _ in 0..10 {
                writer.put(0x1234, 13);
                writer.flush();
            }
            writer.align();
            assert_eq!(writer.check().is_ok(), room >= 17, "{room}");
        }
        let mut none = BitWriter::new(&mut []);
        none.put_zeros(8);
        assert!(none.check().is_err());
        let mut none = BitWriter::new(&mut []);
        none.put_bytes(&[1]);
        assert!(none.check().is_err());
    }
}
