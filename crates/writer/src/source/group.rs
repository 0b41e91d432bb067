//! A history of scans that writers share, as a [`ScanFeed`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coordination::{
    AssignedScan, GroupMembership, GroupSize, GuardedStore, HistoryStore, SharedHistory, Timetag,
};
use hub::Event;
use redis_client::Command;

use super::{AckHandle, Assignment, FeedMembership, LivingWriter, ScanFeed, ScanId, SourceError};

/// A store of one data model whose history writers share.
#[async_trait(?Send)]
pub trait SharedStore: HistoryStore {
    /// Returns the identifier of a scan of the history.
    fn scan_id(scan: &Self::Scan) -> ScanId;

    /// Waits until the history has all scans that exist.
    ///
    /// # Errors
    /// If waiting does not help.
    async fn complete_history(&self, group: &str) -> Result<(), SourceError>;
}

/// Asks the server of a store once whether it answers.
///
/// # Errors
/// If it cannot be reached, or refuses.
pub async fn ping<S: GuardedStore>(store: &S) -> Result<(), SourceError>
where
    SourceError: From<S::Error>,
{
    let answer = store.connection().call_once(&Command::new("PING")).await;
    answer
        .map(drop)
        .map_err(|error| S::Error::from(error).into())
}

/// Returns the writers that share the history of a store at present.
///
/// # Errors
/// If the server cannot be asked.
pub async fn living_writers<S: HistoryStore>(store: &S) -> Result<Vec<LivingWriter>, SourceError>
where
    SourceError: From<S::Error>,
{
    let members = coordination::living_members(store).await?;
    let writers = members.into_iter().filter_map(LivingWriter::of_member);
    Ok(writers.collect())
}

/// Returns the last scans of the history of a store, the newest first.
///
/// # Errors
/// If the server cannot be asked.
pub async fn last_scans<S: SharedStore>(store: &S, limit: usize) -> Result<Vec<ScanId>, SourceError>
where
    SourceError: From<<S as GuardedStore>::Error>,
{
    let scans = coordination::last_scans(store, limit).await?;
    Ok(scans.iter().map(S::scan_id).collect())
}

/// The history of scans, shared among the writers of a group.
pub struct GroupFeed<S: SharedStore> {
    store: S,
    group: String,
    history: SharedHistory<S>,
    membership: Arc<HistoryMembership<S>>,
}

impl<S: SharedStore> GroupFeed<S>
where
    SourceError: From<<S as GuardedStore>::Error>,
{
    /// Creates the feed of a group that was joined. Greenlets of this hub maintain the membership, and run `beside` as long
    /// as it lasts.
    pub fn new(
        store: &S,
        group: &str,
        history: SharedHistory<S>,
        beside: impl Future<Output = ()> + 'static,
    ) -> GroupFeed<S> {
        let membership = HistoryMembership {
            membership: history.membership(),
            ended: Event::new(),
        };
        let maintained = history.membership();
        spawn_until(&membership.ended, async move {
            tokio::select! {
                // It ends when the member has left.
                () = maintained.maintain() => {}
                () = async { beside.await; std::future::pending().await } => {}
            }
        });
        GroupFeed {
            store: store.clone(),
            group: group.to_owned(),
            history,
            membership: Arc::new(membership),
        }
    }

    fn assignment(&self, delivery: AssignedScan<S::Scan>) -> Assignment {
        let AssignedScan {
            timetag,
            key,
            is_repeated,
        } = delivery;
        Assignment {
            scan: S::scan_id(&key),
            repeated: is_repeated,
            ack: Box::new(HistoryEntry {
                timetag,
                membership: self.history.membership(),
            }),
        }
    }
}

#[async_trait(?Send)]
impl<S: SharedStore> ScanFeed for GroupFeed<S>
where
    SourceError: From<<S as GuardedStore>::Error>,
{
    async fn skip_existing(&mut self) -> Result<(), SourceError> {
        self.store.complete_history(&self.group).await?;
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
struct HistoryEntry<S: HistoryStore> {
    timetag: Timetag,
    membership: GroupMembership<S>,
}

impl<S: HistoryStore> AckHandle for HistoryEntry<S> {
    fn acknowledge(&self) {
        self.membership.acknowledge(self.timetag);
    }

    fn hand_back(&self, pause: Duration) {
        self.membership.hand_back(self.timetag, pause);
    }
}

/// Our membership of the group.
struct HistoryMembership<S: HistoryStore> {
    membership: GroupMembership<S>,
    /// Ends the maintenance of a member that is dropped without having left.
    ended: Event,
}

#[async_trait(?Send)]
impl<S: HistoryStore> FeedMembership for HistoryMembership<S>
where
    SourceError: From<<S as GuardedStore>::Error>,
{
    async fn leave(&self) -> Result<(), SourceError> {
        Ok(self.membership.leave().await?)
    }

    async fn group_size(&self) -> Result<GroupSize, SourceError> {
        Ok(self.membership.group_size().await?)
    }
}

impl<S: HistoryStore> Drop for HistoryMembership<S> {
    fn drop(&mut self) {
        self.ended.send();
    }
}

/// Runs a greenlet until it ends, or this event is sent.
fn spawn_until(end: &Event, task: impl Future<Output = ()> + 'static) {
    let end = end.clone();
    hub::spawn(async move {
        tokio::select! {
            () = task => {}
            () = end.wait() => {}
        }
    })
    .detach();
}
