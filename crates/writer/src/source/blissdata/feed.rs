//! The history of scans as a [`ScanFeed`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use blissdata::store::{AssignedScan, GroupMembership, SharedHistory, Timetag};

use crate::source::{AckHandle, Assignment, FeedMembership, ScanFeed, ScanId, SourceError};

/// The history of scans, shared among the writers of a group.
pub struct HistoryFeed(SharedHistory);

impl HistoryFeed {
    /// Creates the feed of a group that was joined.
    pub fn new(history: SharedHistory) -> HistoryFeed {
        HistoryFeed(history)
    }

    fn assignment(&self, delivery: AssignedScan) -> Assignment {
        let AssignedScan {
            timetag,
            key,
            is_repeated,
        } = delivery;
        Assignment {
            scan: ScanId::from(&key),
            repeated: is_repeated,
            ack: Box::new(HistoryEntry {
                timetag,
                membership: self.0.membership(),
            }),
        }
    }
}

#[async_trait(?Send)]
impl ScanFeed for HistoryFeed {
    async fn skip_existing(&mut self) -> Result<(), SourceError> {
        Ok(self.0.skip_existing().await?)
    }

    async fn next(&mut self, timeout: Duration) -> Result<Vec<Assignment>, SourceError> {
        let deliveries = self.0.next(timeout).await?.into_iter();
        Ok(deliveries
            .map(|delivery| self.assignment(delivery))
            .collect())
    }

    fn membership(&self) -> Arc<dyn FeedMembership> {
        Arc::new(HistoryMembership(self.0.membership()))
    }
}

/// An entry of the history that was handed out to us.
struct HistoryEntry {
    timetag: Timetag,
    membership: GroupMembership,
}

#[async_trait(?Send)]
impl AckHandle for HistoryEntry {
    async fn acknowledge(&self) -> Result<(), SourceError> {
        Ok(self.membership.acknowledge(self.timetag).await?)
    }

    fn hand_back(&self) {
        self.membership.hand_back(self.timetag);
    }
}

/// Our membership of the group.
struct HistoryMembership(GroupMembership);

#[async_trait(?Send)]
impl FeedMembership for HistoryMembership {
    async fn leave(&self) -> Result<(), SourceError> {
        Ok(self.0.leave().await?)
    }
}
