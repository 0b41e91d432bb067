//! Numbers in the bytes of a file.

use crate::error::Error;

/// Why something is not read.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is not what is expected, or has features that are not known here.
    Unknown,
    /// The file cannot be read.
    Failed(Error),
}

pub(super) type Parsed<T> = Result<T, Refusal>;

/// The address of something that does not exist.
pub(super) const UNDEFINED: u64 = u64::MAX;

/// Bytes that are read field by field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn new(bytes: &'a [u8]) -> Fields<'a> {
        Fields { rest: bytes }
    }

    pub fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub fn take(&mut self, length: usize) -> Parsed<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Refusal::Unknown)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Reads a little-endian number of up to 8 bytes.
    pub fn number(&mut self, length: usize) -> Parsed<u64> {
        let mut number = [0; 8];
        let bytes = self.take(length)?;
        number
            .get_mut(..length)
            .ok_or(Refusal::Unknown)?
            .copy_from_slice(bytes);
        Ok(u64::from_le_bytes(number))
    }

    pub fn byte(&mut self) -> Parsed<u8> {
        Ok(self.take(1)?[0])
    }

    pub fn size(&mut self, length: usize) -> Parsed<usize> {
        usize::try_from(self.number(length)?).map_err(|_| Refusal::Unknown)
    }

    /// Reads these bytes, or refuses if there are others.
    pub fn expect(&mut self, expected: &[u8]) -> Parsed<()> {
        require(self.take(expected.len())? == expected)
    }
}

/// Refuses unless this is true.
pub(super) fn require(is_known: bool) -> Parsed<()> {
    is_known.then_some(()).ok_or(Refusal::Unknown)
}

/// Returns the number of bytes in which the library writes numbers up to this one.
pub(super) fn width_of(limit: u64) -> usize {
    limit.checked_ilog2().unwrap_or(0) as usize / 8 + 1
}
