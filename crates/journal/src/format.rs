//! What is in a journal, byte by byte.
//!
//! The journal of `NAME` is the file `NAME.journal` in the same directory. It exists while a program has the file open
//! for writing, and afterwards if that program did not close the file. All numbers are little-endian and unsigned.
//! Checksums are CRC-32 (ISO-HDLC, that of zlib and PNG).
//!
//! # Header
//!
//! A header says in which state the file is if nothing else in the journal counts: at the *checkpoint*. There are
//! two places for it, at 0 and at 2048, which are written in turns, so that a torn header leaves the one before. The
//! valid one with the larger number counts.
//!
//! | bytes | content |
//! |---|---|
//! | 0 to 7 | `H5JRNL02`. In version 1 (`H5JRNL01`), the name of the host has 64 bytes, and there are no [copies](#copies-of-the-root-group) |
//! | 8 to 15 | number of the checkpoint: that of the last commit before it, 0 when the file was opened |
//! | 16 to 23 | end: the length of the file without the room that is kept free behind it |
//! | 24 to 31 | published end: what the superblock says instead, the same or larger |
//! | 32 to 35 | flags: 1 if changes reach the disk in order ([`Durability::Ordered`](crate::Durability)), otherwise 0 |
//! | 36 to 39 | process that wrote it, on its host |
//! | 40 to 75 | `/proc/sys/kernel/random/boot_id` of its host: 36 ASCII characters |
//! | 76 to 131 | name of its host, as a hint for people: UTF-8, filled with zeros |
//! | 132 to 139 | address of the header of the root group that the library knows, 2^64 - 1 if there is none yet |
//! | 140 to 143 | checksum of bytes 0 to 139 |
//!
//! # Commits
//!
//! The commits since the checkpoint begin at 4096, one behind the other, with numbers that follow on that of the
//! header. The first that has another number, another magic text or a wrong checksum ends them. If the header was not
//! known to be on the disk, the commits up to the checkpoint are still before them; they do not count.
//!
//! | bytes | content |
//! |---|---|
//! | 0 to 7 | `H5COMMIT` |
//! | 8 to 15 | number of the commit |
//! | 16 to 23 | end of the file after the commit |
//! | 24 to 31 | published end after the commit |
//! | 32 to 39 | length of all changes in bytes |
//! | 40 to 43 | number of changes |
//! | 44 to 47 | checksum of all changes |
//! | 48 to 51 | checksum of bytes 0 to 47 |
//! | 52 to 55 | 0 |
//! | from 56 | the changes, one behind the other |
//!
//! | bytes of a change | content |
//! |---|---|
//! | 0 to 7 | address in the file |
//! | 8 to 11 | length n |
//! | 12 to 15 | what it is: 0 global heap, 1 raw data, 2 local heap, 3 B-tree, 4 object header, 5 superblock |
//! | 16 to 15 + n | the new bytes |
//! | then n | the old bytes |
//!
//! Only what changes the file before its last end is in a commit. What is behind it is not referred to by anything
//! before the commit, and is written into the file before the commit is in the journal. A new file has no end: its
//! first commit is in the journal before, without changes, and the superblock is written last. A commit that could not
//! be brought into the file is overwritten with zeros.
//!
//! # Recovery
//!
//! The program that holds the exclusive lock (`flock`) of the journal brings the file into order. Without a valid
//! header the file is in order. If the file is shorter than the state that would be restored, or the end in its
//! superblock is not the published end of that state, somebody else has changed it, and it is left as it is.
//!
//! - If the header is of this boot, or its flags are 0, the last commit is made again: its new bytes are written,
//!   unless the file has something else than old or new bytes at one of these places (compared by pieces of 512
//!   bytes, as disks write them).
//! - Otherwise the host, and with it what it had in memory, is gone: the old bytes of all commits are written, the last
//!   commit first, on the same condition. That restores the checkpoint.
//! - Then the end in the superblock becomes the end of the state that was restored, the superblock refers to the header of
//!   the root group that the library knows, and the file gets this length.
//!
//! # Copies of the root group
//!
//! While a file is open, its superblock may refer to a copy of the object header of the root group, behind the end of the
//! file and before the published end. It is an ordinary header of version 2 with one part, and has all links and attributes
//! of the group, also those that the library has put into a heap. Its last message is of type 0 (NIL), with 20 bytes:
//!
//! | bytes | content |
//! |---|---|
//! | 0 to 7 | `ROOTCOPY` |
//! | 8 to 15 | address of the header of which it is a copy |
//! | 16 to 19 | checksum of all bytes of the header before this one |
//!
//! If that checksum is wrong and the one of the header is right, somebody else has changed the copy, and the file is left
//! as it is: the copy is the root group then.

mod commit;
mod header;

pub(crate) use commit::{Change, Commit};
pub(crate) use header::{Header, SLOTS};

/// Where the commits begin.
pub(crate) const COMMITS: u64 = 4096;

/// Returns the number at this place, or `None` if there are too few bytes.
fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// Returns the number at this place, or `None` if there are too few bytes.
fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}
