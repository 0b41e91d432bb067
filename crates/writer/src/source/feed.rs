//! The feed of new scans of a server, which writers share.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coordination::GroupSize;

use super::{ScanId, SourceError};

/// Hands out the scans of a server, each to one member of a group of writers.
///
/// No scan is missed: scans that were created while there was no member, and those that a member had not
/// acknowledged when it died or left, are handed out when there is a member again. The data model finds the
/// scans in a history, or by walking its nodes.
#[async_trait(?Send)]
pub trait ScanFeed {
    /// Skips the scans that already exist and were not handed out yet, for the whole group. Waits until the
    /// server accepts that.
    ///
    /// # Errors
    /// If the server will never accept it, however long one waits.
    async fn skip_existing(&mut self) -> Result<(), SourceError>;

    /// Waits up to `timeout` for scans. Returns no scans if there are none, or if the server cannot be reached.
    /// Nothing is lost if the future is dropped.
    ///
    /// # Errors
    /// If the feed can no longer be read, however long one waits.
    async fn next(&mut self, timeout: Duration) -> Result<Vec<Assignment>, SourceError>;

    /// Returns our membership of the group. It lasts until we leave, which may be later than the end of this
    /// feed.
    fn membership(&self) -> Arc<dyn FeedMembership>;
}

/// A scan that was handed out to us.
pub struct Assignment {
    /// The scan.
    pub scan: ScanId,
    /// Set if the scan was handed out before, to a member that did not acknowledge it.
    pub repeated: bool,
    /// Reports whether the scan is done.
    pub ack: Box<dyn AckHandle>,
}

/// Reports to the feed whether a scan that was handed out is done.
pub trait AckHandle: Send + Sync {
    /// Reports that nothing is left to do for the scan: it will not be handed out again. The server is told as
    /// soon as it can be, at the latest when we [leave](FeedMembership::leave) the group.
    fn acknowledge(&self);

    /// Reports that nothing could be done for the scan at present: it is handed out again after `pause`.
    fn hand_back(&self, pause: Duration);
}

/// A writer's membership of a group. It is kept up until we leave, or until the last handle is dropped.
#[async_trait(?Send)]
pub trait FeedMembership: Send + Sync {
    /// Leaves the group. Scans that are not acknowledged are handed out to others, or to the next member.
    ///
    /// # Errors
    /// If the server cannot be asked; then the others take over after a timeout.
    async fn leave(&self) -> Result<(), SourceError>;

    /// Asks how many scans and members the group has.
    ///
    /// # Errors
    /// If the server cannot be asked.
    async fn group_size(&self) -> Result<GroupSize, SourceError>;
}
