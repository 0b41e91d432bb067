//! The records of a spool file, as bytes.
//!
//! A file begins with [`MAGIC`]; `docs/formats.md` describes it. Each record has its length and a checksum in front,
//! so that a record that was not written to its end is recognised. Decoding accepts any bytes and never panics.

use std::ops::Range;

/// The first bytes of a file: a name and the version of the format.
pub const MAGIC: &[u8; 8] = b"NXSPOOL1";

/// Bytes in front of the body of a record: its length and its checksum.
const HEADER: usize = 8;
/// Stands for the total of a stream that is not sealed.
const NOT_SEALED: u64 = u64::MAX;

const SCAN: u8 = 1;
const DOCUMENT: u8 = 2;
const ENTRIES: u8 = 3;

/// One record of a spool file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpoolRecord<'a> {
    /// Which scan this is, as a JSON object.
    Scan(&'a [u8]),
    /// The document of the scan.
    Document {
        /// Number of the state that the scan had reached before the document was read.
        state: u8,
        /// The document, as the data model records it.
        text: &'a [u8],
    },
    /// Entries of one stream.
    Entries(SpooledEntries<'a>),
    /// A record of a kind that this version does not know.
    Unknown,
}

/// Consecutive entries of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpooledEntries<'a> {
    /// Name of the stream.
    pub stream: &'a str,
    /// Index of the first point.
    pub first: u64,
    /// Index behind the last point; equal to `first` if there are none.
    pub end: u64,
    /// The total number of points, if it is known that no more will come.
    pub total: Option<u64>,
    /// The entries as the server replied them.
    pub reply: &'a [u8],
}

/// A record that is too large for the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record of {0} bytes is too large for a spool file")]
pub struct RecordTooLarge(pub usize);

impl<'a> SpoolRecord<'a> {
    /// Appends the record to `file`.
    ///
    /// # Errors
    /// If the record does not fit the format. Then nothing is appended.
    pub fn encode(&self, file: &mut Vec<u8>) -> Result<(), RecordTooLarge> {
        let begin = file.len();
        file.extend_from_slice(&[0; HEADER]);
        let encoded = self.encode_body(file);
        let body = file.len() - begin - HEADER;
        let (Some(()), Ok(length)) = (encoded, u32::try_from(body)) else {
            file.truncate(begin);
            return Err(RecordTooLarge(body));
        };
        let sum = crc32fast::hash(&file[begin + HEADER..]);
        file[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
        file[begin + 4..begin + HEADER].copy_from_slice(&sum.to_le_bytes());
        Ok(())
    }

    fn encode_body(&self, file: &mut Vec<u8>) -> Option<()> {
        match self {
            SpoolRecord::Scan(text) => {
                file.push(SCAN);
                file.extend_from_slice(text);
            }
            SpoolRecord::Document { state, text } => {
                file.push(DOCUMENT);
                file.push(*state);
                file.extend_from_slice(text);
            }
            SpoolRecord::Entries(entries) => {
                file.push(ENTRIES);
                let name = u16::try_from(entries.stream.len()).ok()?;
                file.extend_from_slice(&name.to_le_bytes());
                file.extend_from_slice(entries.stream.as_bytes());
                let total = entries.total.unwrap_or(NOT_SEALED);
                for number in [entries.first, entries.end, total] {
                    file.extend_from_slice(&number.to_le_bytes());
                }
                file.extend_from_slice(entries.reply);
            }
            SpoolRecord::Unknown => return None,
        }
        Some(())
    }

    /// Decodes the record at the beginning of `bytes`. Returns it with its length in the file, or `None` if it is
    /// not whole.
    pub fn decode(bytes: &'a [u8]) -> Option<(SpoolRecord<'a>, usize)> {
        let (length, rest) = split_u32(bytes)?;
        let (sum, rest) = split_u32(rest)?;
        let length = usize::try_from(length).ok()?;
        // A file that was extended but not written has zeros here, which would be the sum of nothing.
        let body = rest.get(..length).filter(|body| !body.is_empty())?;
        (crc32fast::hash(body) == sum).then_some(())?;
        Some((SpoolRecord::decode_body(body)?, HEADER + length))
    }

    fn decode_body(body: &'a [u8]) -> Option<SpoolRecord<'a>> {
        let (kind, rest) = body.split_first()?;
        Some(match *kind {
            SCAN => SpoolRecord::Scan(rest),
            DOCUMENT => {
                let (state, text) = rest.split_first()?;
                SpoolRecord::Document {
                    state: *state,
                    text,
                }
            }
            ENTRIES => {
                let (length, rest) = rest.split_first_chunk()?;
                let (name, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
                let (first, rest) = split_u64(rest)?;
                let (end, rest) = split_u64(rest)?;
                let (total, reply) = split_u64(rest)?;
                SpoolRecord::Entries(SpooledEntries {
                    stream: std::str::from_utf8(name).ok()?,
                    first,
                    end,
                    total: Some(total).filter(|total| *total != NOT_SEALED),
                    reply,
                })
            }
            _ => SpoolRecord::Unknown,
        })
    }
}

fn split_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*number), rest))
}

fn split_u64(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*number), rest))
}

/// Walks over the records of a file, up to the first that is not whole.
///
/// ```
/// use spool::{RecordScanner, SpoolRecord, MAGIC};
///
/// let mut file = MAGIC.to_vec();
/// SpoolRecord::Scan(b"{}").encode(&mut file)?;
/// file.extend_from_slice(b"torn");
/// let mut scanner = RecordScanner::new(&file);
/// assert_eq!(scanner.next().unwrap().1, SpoolRecord::Scan(b"{}"));
/// assert!(scanner.next().is_none());
/// assert_eq!(scanner.position(), file.len() - 4);
/// # Ok::<(), spool::RecordTooLarge>(())
/// ```
#[derive(Debug, Clone)]
pub struct RecordScanner<'a> {
    file: &'a [u8],
    position: usize,
}

impl<'a> RecordScanner<'a> {
    /// Starts with the first record of a file. A file of another format has none.
    pub fn new(file: &'a [u8]) -> RecordScanner<'a> {
        let position = match file.starts_with(MAGIC) {
            true => MAGIC.len(),
            false => file.len(),
        };
        RecordScanner { file, position }
    }

    /// Returns the offset behind the last record.
    pub fn position(&self) -> usize {
        self.position
    }
}

impl<'a> Iterator for RecordScanner<'a> {
    /// Where in the file the record is, and the record.
    type Item = (Range<usize>, SpoolRecord<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (record, length) = SpoolRecord::decode(self.file.get(self.position..)?)?;
        let place = self.position..self.position + length;
        self.position = place.end;
        Some((place, record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: SpooledEntries<'static> = SpooledEntries {
        stream: "diode",
        first: 4,
        end: 6,
        total: Some(6),
        reply: b"*0\r\n",
    };

    fn file() -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        let document = SpoolRecord::Document {
            state: 2,
            text: b"{}",
        };
        for record in [
            SpoolRecord::Scan(b"{}"),
            document,
            SpoolRecord::Entries(ENTRIES),
        ] {
            record.encode(&mut file).unwrap();
        }
        file
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        let file = file();
        let records: Vec<_> = RecordScanner::new(&file)
            .map(|(_, record)| record)
            .collect();
        assert_eq!(records.len(), 3);
        assert_eq!(records[2], SpoolRecord::Entries(ENTRIES));
    }

    /// Whatever happens to the end of a file, the records before it are read.
    #[test]
    fn a_damaged_end_ends_the_file() {
        let file = file();
        for length in 0..file.len() {
            let mut torn = file[..length].to_vec();
            let whole = RecordScanner::new(&torn).count();
            assert!(whole < 3);
            torn.resize(length + 64, 0);
            assert_eq!(
                RecordScanner::new(&torn).count(),
                whole,
                "zeros at {length}"
            );
        }
        for byte in MAGIC.len()..file.len() {
            let mut changed = file.clone();
            changed[byte] ^= 0x40;
            assert!(RecordScanner::new(&changed).count() < 3, "{byte}");
        }
    }

    #[test]
    fn a_record_of_a_later_version_is_passed_over() {
        let mut file = file();
        let body = [200, 1, 2];
        file.extend_from_slice(&3u32.to_le_bytes());
        file.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        file.extend_from_slice(&body);
        SpoolRecord::Scan(b"[]").encode(&mut file).unwrap();
        let last: Vec<_> = RecordScanner::new(&file).skip(3).collect();
        assert_eq!(last[0].1, SpoolRecord::Unknown);
        assert_eq!(last[1].1, SpoolRecord::Scan(b"[]"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let name = "x".repeat(1 << 16);
        let entries = SpooledEntries {
            stream: &name,
            ..ENTRIES
        };
        let mut file = MAGIC.to_vec();
        assert!(SpoolRecord::Entries(entries).encode(&mut file).is_err());
        assert_eq!(file, MAGIC);
    }
}
