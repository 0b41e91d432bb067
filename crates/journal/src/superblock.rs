//! The end of the file as the superblock of an HDF5 file has it.
//!
//! HDF5 File Format Specification, section II.A: versions 0 and 1 have the "end of file address" at byte 40 and 44;
//! versions 2 and 3 at byte 28, with a checksum of bytes 0 to 43 at byte 44.

use std::ops::Range;

use crate::checksum::lookup3;
use crate::error::Result;
use crate::storage::Storage;

/// The first bytes of a superblock.
pub(crate) const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The bytes that have to be read to change a superblock.
pub(crate) const LENGTH: usize = 56;

/// A superblock whose end of file can be changed: one at the beginning of the file, with addresses of 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Superblock {
    end: usize,
    has_checksum: bool,
}

impl Superblock {
    /// Finds out how a superblock is read. `bytes` are the first of the file. Returns `None` if its end of file cannot
    /// be changed: it is no superblock, it is damaged, it has a user block before it or other addresses.
    pub fn of(bytes: &[u8]) -> Option<Superblock> {
        if bytes.len() < LENGTH || !bytes.starts_with(&SIGNATURE) {
            return None;
        }
        let (sizes, base, end) = match bytes[8] {
            0 => (13, 24, 40),
            1 => (13, 28, 44),
            2 | 3 => (9, 12, 28),
            _ => return None,
        };
        let has_checksum = bytes[8] >= 2;
        let superblock = Superblock { end, has_checksum };
        let is_usual = bytes[sizes] == 8
            && bytes[base..base + 8] == [0; 8]
            && (!has_checksum || bytes[44..48] == lookup3(&bytes[..44]).to_le_bytes());
        is_usual.then_some(superblock)
    }

    /// Returns `true` if there is a superblock anywhere where the library looks for one: at the beginning, or behind a
    /// user block.
    pub fn is_in(data: &Storage) -> Result<bool> {
        let length = data.length()?;
        let mut address = 0;
        while address < length {
            let mut found = [0; SIGNATURE.len()];
            data.read(address, &mut found)?;
            if found == SIGNATURE {
                return Ok(true);
            }
            address = match address {
                0 => 512,
                address => address.saturating_mul(2),
            };
        }
        Ok(false)
    }

    /// Returns the end of the file.
    pub fn end(self, bytes: &[u8]) -> u64 {
        let mut end = [0; 8];
        end.copy_from_slice(&bytes[self.end..self.end + 8]);
        u64::from_le_bytes(end)
    }

    /// Sets the end of the file. Returns the range of the bytes that belong to the change.
    pub fn set_end(self, bytes: &mut [u8], end: u64) -> Range<usize> {
        bytes[self.end..self.end + 8].copy_from_slice(&end.to_le_bytes());
        if self.has_checksum {
            let checksum = lookup3(&bytes[..44]);
            bytes[44..48].copy_from_slice(&checksum.to_le_bytes());
            return self.end..48;
        }
        self.end..self.end + 8
    }
}
