//! The header of a journal.

use super::{u32_at, u64_at};

const MAGIC: [u8; 8] = *b"H5JRNL02";
/// Files with such a journal have no copies of the root group. Otherwise it is the same.
const MAGIC_BEFORE: [u8; 8] = *b"H5JRNL01";
const ORDERED: u32 = 1;
const BOOT: std::ops::Range<usize> = 40..76;
const HOST: std::ops::Range<usize> = 76..132;
const HOME: usize = 132;
/// The address of a root group that is not known.
const UNKNOWN: u64 = u64::MAX;
const LENGTH: usize = 144;

/// The two places of headers.
pub(crate) const SLOTS: [u64; 2] = [0, 2048];

/// The state of a file at a checkpoint, and which program it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub number: u64,
    pub end: u64,
    pub published: u64,
    pub is_ordered: bool,
    pub process: u32,
    /// Identifier of the run of the system, 36 characters, or less if it is unknown.
    pub boot: String,
    pub host: String,
    /// Where the library has the header of the root group, if that is known.
    pub home: Option<u64>,
}

impl Header {
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.end.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.published.to_le_bytes());
        let flags = if self.is_ordered { ORDERED } else { 0 };
        bytes[32..36].copy_from_slice(&flags.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.process.to_le_bytes());
        put_text(&mut bytes[BOOT], &self.boot);
        put_text(&mut bytes[HOST], &self.host);
        let home = self.home.unwrap_or(UNKNOWN);
        bytes[HOME..HOME + 8].copy_from_slice(&home.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..LENGTH - 4]);
        bytes[LENGTH - 4..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Returns the header that counts, or `None` if none is valid.
    pub fn of_journal(journal: &[u8]) -> Option<Header> {
        let headers = SLOTS.map(|slot| Header::decode(journal.get(slot as usize..)?));
        headers
            .into_iter()
            .flatten()
            .max_by_key(|header| header.number)
    }

    fn decode(bytes: &[u8]) -> Option<Header> {
        let bytes = bytes.get(..LENGTH)?;
        let checksum = crc32fast::hash(&bytes[..LENGTH - 4]);
        let is_present = bytes[..8] == MAGIC;
        let is_known = is_present || bytes[..8] == MAGIC_BEFORE;
        if !is_known || u32_at(bytes, LENGTH - 4)? != checksum {
            return None;
        }
        let home = u64_at(bytes, HOME)?;
        Some(Header {
            number: u64_at(bytes, 8)?,
            end: u64_at(bytes, 16)?,
            published: u64_at(bytes, 24)?,
            is_ordered: u32_at(bytes, 32)? & ORDERED != 0,
            process: u32_at(bytes, 36)?,
            boot: text(&bytes[BOOT]),
            host: text(&bytes[HOST]),
            home: (is_present && home != UNKNOWN).then_some(home),
        })
    }
}

fn put_text(bytes: &mut [u8], text: &str) {
    let length = text.len().min(bytes.len());
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
}

fn text(bytes: &[u8]) -> String {
    let length = bytes.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&bytes[..length.unwrap_or(bytes.len())]).into_owned()
}
