//! The history of scans as a [`ScanFeed`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use blissdata::store::{AssignedScan, GroupMembership, SharedHistory, Timetag};
use hub::Event;

use crate::source::{AckHandle, Assignment, FeedMembership, ScanFeed, ScanId, SourceError};

/// The history of scans, shared among the writers of a group.
pub struct HistoryFeed {
    history: SharedHistory,
    membership: Arc<HistoryMembership>,
}

impl HistoryFeed {
    /// Creates the feed of a group that was joined. A greenlet of this hub maintains the membership.
    pub fn new(history: SharedHistory) -> HistoryFeed {
        let membership = HistoryMembership {
            membership: history.membership(),
            ended: Event::new(),
        };
        let (maintained, ended) = (history.membership(), membership.ended.clone());
        hub::spawn(async move {
            tokio::select! {
                () = maintained.maintain() => {}
                () = ended.wait() => {}
            }
        })
        .detach();
        HistoryFeed {
            history,
            membership: Arc::new(membership),
        }
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
                membership: self.history.membership(),
            }),
        }
    }
}

#[async_trait(?Send)]
impl ScanFeed for HistoryFeed {
    async fn skip_existing(&mut self) -> Result<(), SourceError> {
        Ok(self.history.skip_existing().await?)
    }

    async fn next(&mut self, timeout: Duration) -> Result<Vec<Assignment>, SourceError> {
        let deliveries = self.history.next(timeout).await?.into_iter();
        Ok(deliveries
            .map(|delivery| self.assignment(delivery))
            .collect())
    }

    fn membership(&self) -> Arc<dyn FeedMembership> {
        self.membership.clone()
    }
}

/// An entry of the history that was handed out to us.
struct HistoryEntry {
    timetag: Timetag,
    membership: GroupMembership,
}

impl AckHandle for HistoryEntry {
    fn acknowledge(&self) {
        self.membership.acknowledge(self.timetag);
    }

    fn hand_back(&self, pause: Duration) {
        self.membership.hand_back(self.timetag, pause);
    }
}

/// Our membership of the group.
struct HistoryMembership {
    membership: GroupMembership,
    /// Ends the maintenance of a member that is dropped without having left.
    ended: Event,
}

#[async_trait(?Send)]
impl FeedMembership for HistoryMembership {
    async fn leave(&self) -> Result<(), SourceError> {
        Ok(self.membership.leave().await?)
    }
}

impl Drop for HistoryMembership {
    fn drop(&mut self) {
        self.ended.send();
    }
}
