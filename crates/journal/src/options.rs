//! How a file is written.

use std::sync::Arc;
use std::time::Duration;

use crate::storage::Observer;

/// Room that is kept free behind the end of a file by default.
pub const HEADROOM: u64 = 256 << 20;

/// Time that a reader has to open a file by default.
pub const OPENING_TIME: Duration = Duration::from_millis(200);

/// How a file is written.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether the operating system locks the file. Without a lock two programs may write it at the same time, and
    /// destroy it.
    pub lock: bool,
    /// What survives a power failure.
    pub durability: Durability,
    /// The superblock says that the file has up to this number of bytes more than it has, which are a hole, so that
    /// a reader who has opened the file before accepts what was appended later. The end of that room, up to a quarter of
    /// it, 4 MiB as a rule and 32 MiB if the root group is large, is for copies of the root group. 0: nothing is kept free, and there are no copies.
    pub headroom: u64,
    /// How long a reader may take from the superblock, which it reads once, to the root group. When the superblock of an
    /// existing file has got another end, the commit that needs it waits for this time, or until the file is open nowhere
    /// else (Linux tells that of local file systems), so that nobody finds addresses in the root group that are behind the
    /// end, or reads the root group while it is changed. That happens once after the file was opened, and once after each [`FinalCheckpoint`](crate::CommitKind::FinalCheckpoint). A file that is closed
    /// right after a final checkpoint waits as well. Without `headroom`, nothing waits.
    pub opening_time: Duration,
    /// Learns of all changes on disk.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            lock: true,
            durability: Durability::Ordered,
            headroom: HEADROOM,
            opening_time: OPENING_TIME,
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
