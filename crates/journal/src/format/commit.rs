//! One commit in a journal.

use super::{u32_at, u64_at};
use crate::overlay::Content;

const MAGIC: [u8; 8] = *b"H5COMMIT";
const CHANGE_HEAD: usize = 16;

/// Bytes of a file before and after a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub address: u64,
    pub content: Content,
    pub new: Vec<u8>,
    /// As many bytes as `new`.
    pub old: Vec<u8>,
}

/// What a commit changes in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    pub number: u64,
    pub end: u64,
    pub published: u64,
    pub changes: Vec<Change>,
}

impl Commit {
    /// The length of what is before the changes.
    pub const HEAD: usize = 56;

    pub fn encode(&self) -> Vec<u8> {
        let length = |change: &Change| CHANGE_HEAD + 2 * change.new.len();
        let mut bytes =
            Vec::with_capacity(Self::HEAD + self.changes.iter().map(length).sum::<usize>());
        bytes.resize(Self::HEAD, 0);
        for change in &self.changes {
            bytes.extend(change.address.to_le_bytes());
            bytes.extend((change.new.len() as u32).to_le_bytes());
            bytes.extend(change.content.number().to_le_bytes());
            bytes.extend(&change.new);
            bytes.extend(&change.old);
        }
        let payload = (bytes.len() - Self::HEAD) as u64;
        let checksum = crc32fast::hash(&bytes[Self::HEAD..]);
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.end.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.published.to_le_bytes());
        bytes[32..40].copy_from_slice(&payload.to_le_bytes());
        bytes[40..44].copy_from_slice(&(self.changes.len() as u32).to_le_bytes());
        bytes[44..48].copy_from_slice(&checksum.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..48]);
        bytes[48..52].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Returns the number and the length of the commit that begins with these bytes, or `None` if none does.
    pub fn decode_head(head: &[u8; Self::HEAD]) -> Option<(u64, u64)> {
        if head[..8] != MAGIC || u32_at(head, 48)? != crc32fast::hash(&head[..48]) {
            return None;
        }
        let length = u64_at(head, 32)?.checked_add(Self::HEAD as u64)?;
        Some((u64_at(head, 8)?, length))
    }

    /// Returns the commit that these bytes are, or `None` if they are none.
    pub fn decode(bytes: &[u8]) -> Option<Commit> {
        let (head, payload) = bytes.split_first_chunk()?;
        let (number, length) = Self::decode_head(head)?;
        if length != bytes.len() as u64 || u32_at(head, 44)? != crc32fast::hash(payload) {
            return None;
        }
        let mut changes = Vec::new();
        let mut rest = payload;
        for _ in 0..u32_at(head, 40)? {
            let length = u32_at(rest, 8)? as usize;
            let end = CHANGE_HEAD.checked_add(length)?;
            let change = Change {
                address: u64_at(rest, 0)?,
                content: Content::of_number(u32_at(rest, 12)?)?,
                new: rest.get(CHANGE_HEAD..end)?.to_vec(),
                old: rest.get(end..end.checked_add(length)?)?.to_vec(),
            };
            change.address.checked_add(length as u64)?;
            changes.push(change);
            rest = rest.get(end + length..)?;
        }
        Some(Commit {
            number,
            end: u64_at(head, 16)?,
            published: u64_at(head, 24)?,
            changes,
        })
    }
}
