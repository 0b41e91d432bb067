//! A second place where the entries of a scan can be read when Redis no longer has them: files on this host.
//!
//! BLISS removes points from Redis when memory gets short, whether they were read or not. A [`Recorder`] copies what
//! is unread into the [`ScanSpool`] of the scan, a folder of a [`SpoolDirectory`]: the documents of the scan and the
//! entries of its streams, as Redis replies them. A [`ScanReader`](crate::reader::ScanReader) that has the spool
//! takes from it what Redis has lost.
//!
//! The process that has a spool holds a lock in its folder. When a process dies, the next one on the host takes the
//! spool over. Functions that are not `async` may wait for the disk.

mod directory;
mod folder_lock;
mod index;
mod record;
mod recorder;
mod scan_spool;
mod spool_writer;

pub use directory::{SpoolDirectory, SpooledScan};
pub(crate) use index::RecordPlace;
pub use record::{MAGIC, RecordScanner, RecordTooLarge, SpoolRecord, SpooledEntries};
pub use recorder::{Recorder, UnreadStream};
pub use scan_spool::{ScanSpool, SpoolError};
