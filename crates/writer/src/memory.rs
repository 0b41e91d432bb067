//! The memory that the data of all scans of a process may take.
//!
//! Data wait for each other on their way from the server into files. Each place where they wait has a part of one
//! [`MemoryBudget`], which all scans of the process share: 100 scans have it once, not 100 times. Where a part is used up,
//! what comes before waits or asks for less, up to the readers; then the data stay on the server. No scan can be kept from
//! its work by that: replies of the usual size never wait, and whatever is larger than its part passes when nothing else
//! is there.
//!
//! | part | of the budget | what waits there |
//! |---|---|---|
//! | [`replies`](MemoryBudget::replies) | 1/8 | replies of usual size, shared among the readers of the scans that run |
//! | [`large_replies`](MemoryBudget::large_replies) | 11/32 | replies larger than a reader's share, until their points are encoded: single large points, as a rule |
//! | [`queue`](MemoryBudget::queue) | 1/32 | points between the reader and the writer of a scan |
//! | [`chunks`](MemoryBudget::chunks) | 1/4 | points of chunks that are not full |
//! | [`encoding`](MemoryBudget::encoding) | 1/8, twice | points that are encoded, and the encoded chunks until they are in the file |
//!
//! The memory of the program itself, of the HDF5 library and of the allocator comes in addition.

use std::fmt;
use std::str::FromStr;

use redis_client::ReplyMemory;

/// Bytes of the unit in which users choose the budget.
const MEGABYTE: u64 = 1 << 20;
/// The budget unless another is chosen, in megabytes.
const DEFAULT_MEGABYTES: u64 = 128;
/// The smallest budget, in megabytes: with less, chunks and replies would be so small that all takes much longer.
const LEAST_MEGABYTES: u64 = 16;
/// The largest budget, in megabytes. More than this is a mistake.
const MOST_MEGABYTES: u64 = 1 << 20;

/// How much memory the data of all scans of a process may take together.
///
/// ```
/// use writer::MemoryBudget;
///
/// let budget: MemoryBudget = "64".parse()?;
/// assert_eq!(budget.bytes(), 64 << 20);
/// assert_eq!(MemoryBudget::default().to_string(), "128");
/// assert!("0".parse::<MemoryBudget>().is_err());
/// # Ok::<(), writer::MemoryBudgetError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryBudget {
    megabytes: u64,
}

/// A text that is no memory budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemoryBudgetError {
    /// It is not a whole number.
    #[error("{text:?} is not a whole number of megabytes")]
    NotANumber {
        /// The text.
        text: String,
    },
    /// It is a number that no budget can have.
    #[error("{megabytes} is not between {LEAST_MEGABYTES} and {MOST_MEGABYTES} megabytes")]
    OutOfRange {
        /// The number, as given.
        megabytes: String,
    },
}

impl MemoryBudget {
    /// Returns the size of the budget in bytes.
    pub fn bytes(self) -> u64 {
        self.megabytes * MEGABYTE
    }

    /// Returns the bytes for replies of the usual size, of all readers together.
    pub fn replies(self) -> u64 {
        self.bytes() / 8
    }

    /// Returns the bytes for replies that are larger than the share of their reader.
    pub fn large_replies(self) -> u64 {
        self.bytes() / 32 * 11
    }

    /// Returns the bytes of the points between all readers and all writers of scans.
    pub fn queue(self) -> u64 {
        self.bytes() / 32
    }

    /// Returns the bytes of the points of all scans that wait until their chunks are full.
    pub fn chunks(self) -> u64 {
        self.bytes() / 4
    }

    /// Returns the bytes of the points that are encoded. What comes out may take as much again.
    pub fn encoding(self) -> u64 {
        self.bytes() / 8
    }

    /// Returns the memory for replies, for all readers.
    pub(crate) fn reply_memory(self) -> ReplyMemory {
        ReplyMemory::new(self.replies(), self.large_replies())
    }
}

impl Default for MemoryBudget {
    fn default() -> MemoryBudget {
        MemoryBudget {
            megabytes: DEFAULT_MEGABYTES,
        }
    }
}

impl fmt::Display for MemoryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.megabytes.fmt(f)
    }
}

impl FromStr for MemoryBudget {
    type Err = MemoryBudgetError;

    /// Reads a number of megabytes.
    fn from_str(text: &str) -> Result<MemoryBudget, MemoryBudgetError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let text = text.to_owned();
            return Err(MemoryBudgetError::NotANumber { text });
        }
        // A number with too many digits is out of range, too.
        match text.parse() {
            Ok(megabytes) if (LEAST_MEGABYTES..=MOST_MEGABYTES).contains(&megabytes) => {
                Ok(MemoryBudget { megabytes })
            }
            _ => Err(MemoryBudgetError::OutOfRange {
                megabytes: text.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole() {
        for megabytes in [LEAST_MEGABYTES, 100, DEFAULT_MEGABYTES, MOST_MEGABYTES] {
            let budget = MemoryBudget { megabytes };
            let parts = [
                budget.replies(),
                budget.large_replies(),
                budget.queue(),
                budget.chunks(),
                2 * budget.encoding(),
            ];
            assert_eq!(parts.iter().sum::<u64>(), budget.bytes());
        }
    }

    #[test]
    fn only_sensible_numbers_are_budgets() {
        let read = |text: &str| text.parse::<MemoryBudget>();
        assert_eq!(read("16").map(MemoryBudget::bytes), Ok(16 << 20));
        for text in ["0", "15", "-64", "1048577", "99999999999999999999999"] {
            let megabytes = text.to_owned();
            assert_eq!(read(text), Err(MemoryBudgetError::OutOfRange { megabytes }));
        }
        for text in ["", "-", "many", "64.5", "64 MB", "+64"] {
            let text = text.to_owned();
            assert_eq!(read(&text), Err(MemoryBudgetError::NotANumber { text }));
        }
    }
}
