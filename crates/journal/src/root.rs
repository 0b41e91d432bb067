//! Copies of the root group for readers.
//!
//! A program that opens a file reads the superblock first, and then the object header of the root group. Its attributes or
//! links are in a heap with B-trees if there are many of them. All of that changes with every scan, and a reader that gets
//! parts of two versions reports a wrong checksum, or crashes.
//!
//! So readers get another header to read: a [copy](copy_of) of the root group, which has all of its links and attributes
//! in one piece, and is never changed. The superblock refers to it while the file is written. The header that the
//! library knows, the *home* of the root group, is changed as all other objects are; readers do not find it meanwhile. A
//! copy is in the room behind the end of the file, so nothing of it remains when the file is closed.
//!
//! HDF5 File Format Specification, sections III.A.2 (B-trees), III.G (fractal heaps) and IV.A.1.b (object headers).

mod btree;
mod fields;
mod fractal_heap;
mod header;
mod storage;

use crate::checksum::lookup3;
use crate::error::{Error, Result};
use fields::{Parsed, Refusal};
use header::{Message, ObjectHeader};

/// Reads bytes of a file at an address.
pub(crate) type Read<'a> = dyn Fn(u64, &mut [u8]) -> Result<()> + 'a;

/// What the last message of a copy begins with. It is a message without meaning ("NIL"), which readers skip.
const MARK: [u8; 8] = *b"ROOTCOPY";
/// The mark, the address of the home, and a checksum of everything before it.
const MARK_LENGTH: usize = 20;
/// A copy ends with the mark, and a checksum as each header has it.
const TAIL: usize = MARK_LENGTH + 4;

/// What is at an address where a copy should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A copy of the root group whose home is at this address.
    Copy(u64),
    /// A header that is no copy, or a copy that another program has changed.
    Other,
    /// No object header, or a part of one.
    Nothing,
}

/// Returns a copy of the root group whose header is at `home`, or `None` if there cannot be one of at most `limit` bytes: the
/// header has another version, or uses features that are not known here.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn copy_of(read: &Read<'_>, home: u64, limit: usize) -> Result<Option<Vec<u8>>> {
    match encoded(read, home, limit) {
        Ok(copy) => Ok((copy.len() <= limit).then_some(copy)),
        Err(Refusal::Unknown) => Ok(None),
        Err(Refusal::Failed(error)) => Err(error),
    }
}

fn encoded(read: &Read<'_>, home: u64, limit: usize) -> Parsed<Vec<u8>> {
    let mut header = ObjectHeader::read(read, home, limit)?;
    storage::bring_in(read, &mut header, limit)?;
    let mut mark = MARK.to_vec();
    mark.extend(home.to_le_bytes());
    mark.extend([0; 4]);
    header.messages.push(Message::nil(mark));
    let mut copy = header.encode()?;
    let end = copy.len() - 4;
    let checksum = crc32fast::hash(&copy[..end - 4]);
    copy[end - 4..end].copy_from_slice(&checksum.to_le_bytes());
    let checksum = lookup3(&copy[..end]);
    copy[end..].copy_from_slice(&checksum.to_le_bytes());
    Ok(copy)
}

/// Finds out what is at an address where a copy should be.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn find(read: &Read<'_>, address: u64, limit: usize) -> Result<Found> {
    let bytes = match header::first_part(read, address, limit) {
        Ok(bytes) => bytes,
        Err(Refusal::Unknown) => return Ok(Found::Nothing),
        Err(Refusal::Failed(error)) => return Err(error),
    };
    let Some(end) = bytes.len().checked_sub(TAIL) else {
        return Ok(Found::Nothing);
    };
    let (before, tail) = bytes.split_at(end);
    let mut home = [0; 8];
    home.copy_from_slice(&tail[8..16]);
    let checked = [before, &tail[..16]].concat();
    let is_whole =
        tail.starts_with(&MARK) && tail[16..20] == crc32fast::hash(&checked).to_le_bytes();
    Ok(match is_whole {
        true => Found::Copy(u64::from_le_bytes(home)),
        false => Found::Other,
    })
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Failed(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: u64 = 40;

    /// A header with a link info, without a heap, and a link.
    fn file() -> Vec<u8> {
        let mut bytes = vec![0; HOME as usize];
        bytes.extend(b"OHDR\x02\x00");
        let mut messages = vec![2, 18, 0, 0, 0, 0];
        messages.extend([0xff; 16]);
        messages.extend([6, 12, 0, 0]);
        messages.extend(b"\x01\x00\x01a");
        messages.extend(99u64.to_le_bytes());
        bytes.push(messages.len() as u8);
        bytes.extend(messages);
        let checksum = lookup3(&bytes[HOME as usize..]);
        bytes.extend(checksum.to_le_bytes());
        bytes
    }

    fn read_of(file: &[u8]) -> impl Fn(u64, &mut [u8]) -> Result<()> {
        |address, bytes| {
            for (byte, address) in bytes.iter_mut().zip(address..) {
                let found = usize::try_from(address).ok().and_then(|at| file.get(at));
                *byte = found.copied().unwrap_or(0);
            }
            Ok(())
        }
    }

    #[test]
    fn a_copy_tells_of_what_it_is_one() {
        let copy = copy_of(&read_of(&file()), HOME, 1000).unwrap().unwrap();
        assert_eq!(find(&read_of(&copy), 0, 1000).unwrap(), Found::Copy(HOME));
        assert_eq!(find(&read_of(&file()), HOME, 1000).unwrap(), Found::Other);
        assert_eq!(
            copy_of(&read_of(&file()), HOME, copy.len() - 1).unwrap(),
            None
        );
    }

    #[test]
    fn a_copy_that_was_changed_is_none() {
        let copy = copy_of(&read_of(&file()), HOME, 1000).unwrap().unwrap();
        let end = copy.len() - 4;
        for at in 0..copy.len() {
            let mut torn = copy.clone();
            torn[at] ^= 1;
            assert_eq!(
                find(&read_of(&torn), 0, 1000).unwrap(),
                Found::Nothing,
                "{at}"
            );
        }
        for at in 30..end {
            let mut changed = copy.clone();
            changed[at] ^= 1;
            let checksum = lookup3(&changed[..end]).to_le_bytes();
            changed[end..].copy_from_slice(&checksum);
            assert_eq!(
                find(&read_of(&changed), 0, 1000).unwrap(),
                Found::Other,
                "{at}"
            );
        }
    }
}
