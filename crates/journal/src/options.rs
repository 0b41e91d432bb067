//! How a file is written.

use std::sync::Arc;

use crate::storage::Observer;

/// Room that is kept free behind the end of a file by default.
pub const HEADROOM: u64 = 256 << 20;

/// How a file is written.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether the operating system locks the file. Without a lock two programs may write it at the same time, and
    /// destroy it.
    pub lock: bool,
    /// What survives a power failure.
    pub durability: Durability,
    /// The superblock says that the file has up to this number of bytes more than it has, which are a hole, so that
    /// a reader who has opened the file before accepts what was appended later. 0: nothing is kept free.
    pub headroom: u64,
    /// Learns of all changes on disk.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            lock: true,
            durability: Durability::Ordered,
            headroom: HEADROOM,
            observer: None,
        }
    }
}

/// What survives a power failure. A killed program costs nothing that was committed, in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Nothing is written in any order, and the file may be unreadable after a power failure.
    Unordered,
    /// The journal reaches the disk before each change, and the file is restored as it was at the last
    /// [checkpoint](crate::CommitKind::Checkpoint).
    #[default]
    Ordered,
}
