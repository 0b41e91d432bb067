//! What is changed in the superblock of an HDF5 file: the end of the file, the address of the root group, and the address of
//! its extension.
//!
//! HDF5 File Format Specification, section II.A: versions 0 and 1 have the "end of file address" at byte 40 and 44, and the
//! address of the header of the root group at byte 64 and 68; versions 2 and 3 at byte 28 and 36, with a checksum of bytes 0
//! to 43 at byte 44. Versions 2 and 3 also have the "superblock extension address" at byte 20.
//!
//! # The hidden extension
//!
//! The library notes in an extension that it must not use freed space of a file again ("file space info", message 0x17).
//! HDF5 1.8 cannot open a file with that message. So the address of the extension is left out on disk where it has no
//! other message, and the library gets it back when the file is opened with this driver. In new files the extension
//! is right behind the superblock. For all others it is space without a name.

use std::ops::Range;

use crate::checksum::lookup3;
use crate::error::Result;
use crate::storage::Storage;

/// The first bytes of a superblock.
pub(crate) const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The bytes that have to be read to change a superblock.
pub(crate) const LENGTH: usize = 80;

/// Where the library puts the extension of a new file with superblock 2, and what it begins with: an object header of
/// version 1 with one message, which is 0x17, with version 1 and the strategy `H5F_FSPACE_STRATEGY_NONE`.
pub(crate) const EXTENSION: u64 = 48;
pub(crate) const EXTENSION_BEGIN: [u8; 26] = [
    1, 0, 1, 0, 1, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0x17, 0, 32, 0, 0x14, 0, 0, 0, 1, 3,
];
/// The address of an extension that a file does not have.
const NO_EXTENSION: u64 = u64::MAX;

/// A superblock whose end of file can be changed: one at the beginning of the file, with addresses of 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Superblock {
    end: usize,
    root: usize,
    has_checksum: bool,
}

impl Superblock {
    /// Finds out how a superblock is read. `bytes` are the first of the file. Returns `None` if its end of file cannot
    /// be changed: it is no superblock, it is damaged, it has a user block before it or other addresses.
    pub fn of(bytes: &[u8]) -> Option<Superblock> {
        if bytes.len() < LENGTH || !bytes.starts_with(&SIGNATURE) {
            return None;
        }
        let (sizes, base, end, root) = match bytes[8] {
            0 => (13, 24, 40, 64),
            1 => (13, 28, 44, 68),
            2 | 3 => (9, 12, 28, 36),
            _ => return None,
        };
        let has_checksum = bytes[8] >= 2;
        let superblock = Superblock {
            end,
            root,
            has_checksum,
        };
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
        number(bytes, self.end)
    }

    /// Returns the address of the header of the root group.
    pub fn root(self, bytes: &[u8]) -> u64 {
        number(bytes, self.root)
    }

    /// Sets the address of the header of the root group.
    pub fn set_root(self, bytes: &mut [u8], root: u64) {
        bytes[self.root..self.root + 8].copy_from_slice(&root.to_le_bytes());
        if self.has_checksum {
            self.set_checksum(bytes);
        }
    }

    /// Sets both. Returns the range of the bytes that belong to the change.
    pub fn set_end_and_root(self, bytes: &mut [u8], end: u64, root: u64) -> Range<usize> {
        self.set_root(bytes, root);
        let changed = self.set_end(bytes, end);
        changed.start..self.root_range().end
    }

    /// Returns the range of the bytes that belong to a change of the root group.
    pub fn root_range(self) -> Range<usize> {
        match self.has_checksum {
            true => self.root..48,
            false => self.root..self.root + 8,
        }
    }

    /// Leaves out the address of the extension that is right behind the superblock. Returns `false` if there is none.
    pub fn hide_extension(self, bytes: &mut [u8]) -> bool {
        self.replace_extension(bytes, EXTENSION, NO_EXTENSION)
    }

    /// Puts the address back that was left out. Returns `false` if there is an address.
    pub fn show_extension(self, bytes: &mut [u8]) -> bool {
        self.replace_extension(bytes, NO_EXTENSION, EXTENSION)
    }

    fn replace_extension(self, bytes: &mut [u8], old: u64, new: u64) -> bool {
        let is_old = self.has_checksum && bytes[20..28] == old.to_le_bytes();
        if is_old {
            bytes[20..28].copy_from_slice(&new.to_le_bytes());
            self.set_checksum(bytes);
        }
        is_old
    }

    fn set_checksum(self, bytes: &mut [u8]) {
        let checksum = lookup3(&bytes[..44]);
        bytes[44..48].copy_from_slice(&checksum.to_le_bytes());
    }

    /// Sets the end of the file. Returns the range of the bytes that belong to the change.
    pub fn set_end(self, bytes: &mut [u8], end: u64) -> Range<usize> {
        bytes[self.end..self.end + 8].copy_from_slice(&end.to_le_bytes());
        if self.has_checksum {
            self.set_checksum(bytes);
            // The address of the extension may have changed as well.
            return 20..48;
        }
        self.end..self.end + 8
    }
}

fn number(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}
