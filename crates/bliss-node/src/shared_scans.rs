//! New scans as writers share them: each is handed out to one member of a group.
//!
//! BLISS 1.11 has no list of scans that a group of writers could share. So each member runs a [`ScanAnnouncer`], which
//! finds new scans with a [`ScanDiscovery`](crate::discovery::ScanDiscovery) and names each of them once in a stream of our
//! own. The groups share that stream as they share the history of BLISS 2.
//!
//! The stream is one key, and holds all that is needed to go on:
//!
//! - An entry names a scan by its key and by the time at which BLISS announced it. A script adds it if it is not there yet,
//!   so members that find a scan at the same time add it once.
//! - Each entry has the position that the discovery had before it found the scan. A discovery that starts at the position
//!   of the oldest scan that is not acknowledged finds that scan and all later ones again. This *safe position* is also
//!   stored beside the stream, and known to each member.
//! - Each entry has the *generation* of the stream, which is new when the stream is. A member that meets another generation
//!   than before knows that the stream was lost, and starts again at the safe position.
//!
//! So scans that are created while no writer runs are found from the safe position, and the server may evict any of our keys:
//!
//! | lost key | what happens |
//! |---|---|
//! | the stream, with its groups | Members announce again what was not acknowledged, and what is later than that. |
//! | the position | It is stored again; a new member takes that of the oldest entry. |
//! | the mark of a group | It is set again. It tells a group that was lost from one that is new. |
//! | heartbeats and claims | They are renewed. Before that, others may take over the scans of a member that lives. |
//!
//! A scan may be handed out twice then, which is harmless: its files say that it is complete. Scans that were acknowledged
//! long ago are not handed out again, because they are before the safe position. That position stays behind the oldest scan
//! that a group has not acknowledged, but for three days at most: BLISS lets the nodes of a scan expire after one. If all our
//! keys are lost while no writer runs, the next one begins like the first one, with scans that are created later.
//!
//! The stream keeps acknowledged scans for a day, others for three days, and never more than about 20,000.

mod announced_scan;
mod announcer;
mod record;

use std::time::Duration;

use coordination::Timetag;
use observation::with_causes;
use redis_client::Backoff;

use crate::error::NodeError;
use crate::store::NodeStore;
use record::ScanRecord;

pub use announced_scan::AnnouncedScan;
pub use announcer::ScanAnnouncer;

/// The stream of announced scans.
pub const SCANS_KEY: &str = "nexus-writer:scans";

/// Where a discovery starts to find all scans that are not done.
const POSITION_KEY: &str = "nexus-writer:scans:position";

/// How often a catching-up discovery is asked whether it has found everything.
const CATCH_UP_WAIT: Duration = Duration::from_millis(50);

/// Hands out the scans of a server, each to one member of a group of writers.
pub type SharedHistory = coordination::SharedHistory<NodeStore>;
/// Notes which scans of a member are done, and its end.
pub type GroupMembership = coordination::GroupMembership<NodeStore>;
/// A scan that was handed out.
pub type AssignedScan = coordination::AssignedScan<AnnouncedScan>;

/// Joins the group of this name, as a new member. Waits until the server can be read.
///
/// If it is the group's first member, the group begins with the scans that are created from now on, or with the first
/// scan of all if the store was found to be [empty](NodeStore::holds_nodes) before. The announcer has to
/// [run](ScanAnnouncer::run) in a task of its own as long as the membership lasts, and
/// [`GroupMembership::maintain`] in another one.
///
/// # Errors
/// Only what waiting does not mend: see [`NodeError::is_final`].
pub async fn join(
    store: &NodeStore,
    group: &str,
) -> Result<(SharedHistory, ScanAnnouncer), NodeError> {
    let record = load(store, group).await?;
    // Scans that were created between the first look at the server and this moment are not old ones.
    let begins_at_start = record.is_group_lost || store.was_empty();
    let mut announcer = ScanAnnouncer::new(store, group, record);
    // Scans that exist already are before the place where a new group begins.
    announcer.catch_up().await?;
    let history = match begins_at_start {
        true => SharedHistory::join_behind(store, group, Timetag::START).await?,
        false => SharedHistory::join(store, group).await?,
    };
    announcer.note_position().await;
    Ok((history, announcer))
}

/// Announces all scans that exist, so that [`skip_existing`](coordination::SharedHistory::skip_existing) skips them.
///
/// # Errors
/// Only what waiting does not mend: see [`NodeError::is_final`].
pub async fn announce_existing(store: &NodeStore, group: &str) -> Result<(), NodeError> {
    let record = load(store, group).await?;
    ScanAnnouncer::new(store, group, record).catch_up().await
}

/// Loads what is recorded of scans and of a group. Waits until that is possible.
async fn load(store: &NodeStore, group: &str) -> Result<ScanRecord, NodeError> {
    let mut backoff = Backoff::new();
    let mut is_reported = false;
    loop {
        match ScanRecord::load(store, group).await {
            Err(error) if !error.is_final() => {
                if !is_reported {
                    let reason = with_causes(&error);
                    tracing::warn!("new scans cannot be searched, trying again: {reason}");
                    is_reported = true;
                }
                backoff.wait().await;
            }
            outcome => return outcome,
        }
    }
}
