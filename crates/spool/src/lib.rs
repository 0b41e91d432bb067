//! Spools: a second place where the entries of a scan can be read when Redis no longer has them, on this host.
//!
//! A [`ScanSpool`] is the spool of one scan, a folder of a [`SpoolDirectory`]. It has documents of the scan and entries of
//! its streams as [records](SpoolRecord) that this crate does not understand: a data model decides what a document is,
//! what the points of an entry are, and when they are recorded. It names a scan by a text that is unique on its server.
//!
//! The process that has a spool holds a lock in its folder. When a process dies, the next one on the host takes the
//! spool over. All functions may wait for the disk, except those of a [`BackgroundWriter`].

mod background_writer;
mod directory;
mod folder_lock;
mod index;
mod record;
mod scan_spool;
mod spool_writer;

pub use background_writer::{BackgroundWriter, WriteError};
pub use directory::{SpoolDirectory, SpooledScan};
pub use index::{RecordPlace, RecordedEnd};
pub use record::{MAGIC, RecordScanner, RecordTooLarge, SpoolRecord, SpooledEntries};
pub use scan_spool::{ScanSpool, SpoolError};
pub use spool_writer::{NewEntries, NewRecord, SpoolWriter};
