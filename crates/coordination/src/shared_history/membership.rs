//! The membership of a writer in a group.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::group_size::{self, GroupSize};
use super::group_state::GroupState;
use super::maintenance;
use crate::history_store::HistoryStore;
use crate::timetag::Timetag;

/// Notes which scans of a member are done, and its end. Clones are the same.
pub struct GroupMembership<S: HistoryStore> {
    state: Arc<GroupState<S>>,
}

impl<S: HistoryStore> Clone for GroupMembership<S> {
    fn clone(&self) -> GroupMembership<S> {
        GroupMembership::new(self.state.clone())
    }
}

impl<S: HistoryStore> GroupMembership<S> {
    pub(super) fn new(state: Arc<GroupState<S>>) -> GroupMembership<S> {
        GroupMembership { state }
    }

    pub(super) fn state(&self) -> &Arc<GroupState<S>> {
        &self.state
    }

    /// Notes that nothing is left to do for a scan. Redis is told by [`maintain`](Self::maintain) or
    /// [`leave`](Self::leave), as soon as it can be; until then the scan may be handed out again after a
    /// restart.
    pub fn acknowledge(&self, timetag: Timetag) {
        self.state.set_done(timetag);
    }

    /// Notes that nothing could be done for a scan at present: it is handed out again after `pause`.
    pub fn hand_back(&self, timetag: Timetag, pause: Duration) {
        self.state.hand_back(timetag, Instant::now() + pause);
    }

    /// Renews the heartbeat, claims the scans of dead members, acknowledges scans that are done, and hands
    /// out again those that were handed back. Returns when the member has left.
    ///
    /// It has to run as long as the membership lasts, in a task of its own: a member that is busy must not
    /// look dead. What Redis refuses is tried again, with one warning.
    pub async fn maintain(self) {
        maintenance::run(&self.state).await;
    }

    /// Asks how many scans and members the group has.
    ///
    /// # Errors
    /// If Redis cannot be asked.
    pub async fn group_size(&self) -> Result<GroupSize, S::Error> {
        group_size::ask(&self.state).await
    }

    /// Leaves the group, when the member has ended its work. What is not done is handed out to others,
    /// or to the member that joins next.
    ///
    /// # Errors
    /// If Redis cannot be asked; then the others wait until they notice.
    pub async fn leave(&self) -> Result<(), S::Error> {
        self.state.set_left();
        maintenance::acknowledge(&self.state).await?;
        let group = &self.state.group;
        for command in self.state.member.leave(group) {
            self.state.store.write(&command).await?;
        }
        Ok(())
    }
}
