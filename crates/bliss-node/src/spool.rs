//! Copies what is unread of a scan into its spool, before Redis drops it.
//!
//! BLISS 1.11 keeps about 2,048 entries of each stream of data, whether they were read or not, and the nodes below a scan
//! for ten minutes after its end. A [`Recorder`] copies what is unread into the [`ScanSpool`] of the
//! scan: entries of its streams as Redis replies them, and its nodes ([`SpooledNodes`]). A
//! [`ScanReader`](crate::reader::ScanReader) that has the spool takes from it what Redis has lost.
//!
//! In spools, scans are named by their keys, and streams by the keys that they have in Redis.

mod nodes;
mod points;
mod recorder;

use spool::ScanSpool;

use crate::node::NodeInfo;
use crate::reader::ScanState;

pub use nodes::{SpooledNode, SpooledNodes};
pub(crate) use points::points as points_of;
pub use recorder::{Recorder, Unread, UnreadStream};

/// The value of a scan's info that differs between scans of the same key.
const START: &str = "start_timestamp";

/// Number of the state of a scan that has ended.
const ENDED: u8 = 2;

/// Returns `true` if a spool may be that of the scan with this info. Keys of scans can be used again after Redis has lost
/// its nodes.
pub fn is_of_scan(spool: &ScanSpool, info: &NodeInfo) -> bool {
    let about = spool.about();
    let about = about.and_then(|about| serde_json::from_slice::<serde_json::Value>(&about).ok());
    let recorded = about.as_ref().and_then(|about| about.get("start"));
    match (recorded, info.get(START)) {
        (Some(recorded), Some(start)) if !recorded.is_null() => *recorded == pickle::to_json(start),
        _ => true,
    }
}

/// Returns the state that has this number in a spool.
pub(crate) fn state(number: u8) -> ScanState {
    match number {
        0 => ScanState::Created,
        1 => ScanState::Prepared,
        _ => ScanState::Ended,
    }
}
