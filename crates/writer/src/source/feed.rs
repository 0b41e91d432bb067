//! The new scans of a server, shared among writers.

use std::time::Duration;

use std::sync::Arc;

use async_trait::async_trait;

use super::{ScanId, SourceError};

/// Hands out the scans of a server, each to one member of a group of writers.
///
/// None is missed: scans that were created while no member was there, and those that a member had not
/// acknowledged when it died or left, are handed out when there is a member again. How they are found is
/// the data model's affair: in a history, or by walking its nodes.
#[async_trait(?Send)]
pub trait ScanFeed {
    /// Has the group pass over the scans that exist already and were not handed out yet.
    ///
    /// # Errors
    /// If the server cannot be asked, or does not allow it.
    async fn skip_existing(&mut self) -> Result<(), SourceError>;

    /// Waits up to `timeout` for scans. Returns none if none came, or if the server is away. Nothing is lost
    /// if the future is dropped.
    ///
    /// # Errors
    /// Only what waiting does not mend.
    async fn next(&mut self, timeout: Duration) -> Result<Vec<Assignment>, SourceError>;

    /// Our membership of the group, which lasts until we leave, longer than this feed.
    fn membership(&self) -> Arc<dyn FeedMembership>;
}

/// A scan that was handed out to us.
pub struct Assignment {
    /// The scan.
    pub scan: ScanId,
    /// It was handed out before, to a member that did not come to an end with it.
    pub repeated: bool,
    /// Where to say what became of it.
    pub ack: Box<dyn AckHandle>,
}

/// Says what became of a scan that was handed out.
#[async_trait(?Send)]
pub trait AckHandle: Send + Sync {
    /// Notes that nothing is left to do for the scan: it will not be handed out again.
    ///
    /// # Errors
    /// If the server cannot be asked; then the scan may be handed out again after a restart.
    async fn acknowledge(&self) -> Result<(), SourceError>;

    /// Notes that nothing could be done for the scan at present: it is handed out again.
    fn hand_back(&self);
}

/// A writer's membership of a group.
#[async_trait(?Send)]
pub trait FeedMembership: Send + Sync {
    /// Leaves the group. What is not acknowledged is handed out to others, or to the next member.
    ///
    /// # Errors
    /// If the server cannot be asked; then the others wait until they notice.
    async fn leave(&self) -> Result<(), SourceError>;
}
