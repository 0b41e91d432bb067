//! Copies what is unread of a scan into its spool, before Redis drops it.
//!
//! BLISS removes points from Redis when memory gets short, whether they were read or not. A [`Recorder`] copies what
//! is unread into the [`ScanSpool`](spool::ScanSpool) of the scan: the documents of the scan and the entries of its
//! streams, as Redis replies them. A [`ScanReader`](crate::reader::ScanReader) that has the spool takes from it what Redis
//! has lost. In spools, scans are named by the last part of their keys.

mod entries;
mod recorder;

pub use entries::{SpooledPoints, spooled_points};
pub use recorder::{Recorder, UnreadStream};
