//! How writers that use one Redis share its scans, and claim files.
//!
//! Nothing here knows how scans are published. A data model says with two traits what is needed:
//!
//! - A [`GuardedStore`] is a Redis into which something may be written only under a condition, which a [`WriteGuard`]
//!   checks in the same step.
//! - A [`HistoryStore`] has a stream that names all scans in their order.
//!
//! On these are built:
//!
//! - [`History`] follows the stream. [`SharedHistory`] hands out its scans, each to one member of a group of writers,
//!   and a [`GroupMembership`] keeps up the member's heartbeat, and takes over the scans of dead members.
//! - A [`FileClaim`] is the right to write a file, which one process has at a time.
//!
//! The keys in Redis are those of `docs/formats.md`.

mod file_claim;
mod guarded_store;
mod history;
mod history_connection;
mod history_entries;
mod history_store;
mod last_scans;
mod member;
mod shared_history;
mod timetag;

pub use file_claim::{ClaimError, FileClaim, FileLease, ReleaseQueue};
pub use guarded_store::{GuardedStore, StoreFailure, WriteGuard};
pub use history::History;
pub use history_entries::{entry_field, scan_of_entry};
pub use history_store::HistoryStore;
pub use last_scans::last_scans;
pub use member::host_name;
pub use shared_history::{
    AssignedScan, GroupMembership, GroupSize, LivingMember, SharedHistory, living_members,
};
pub use timetag::Timetag;
