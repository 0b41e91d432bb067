//! The history of scans as writers share it.

mod claims;
mod group_size;
mod group_state;
mod living_members;
mod maintenance;
mod membership;

use std::sync::Arc;
use std::time::Duration;

use observation::with_causes;
use redis_client::{Backoff, Command, RedisError};

use crate::guarded_store::StoreFailure;
use crate::history::BLOCK;
use crate::history_connection::{HistoryConnection, HistoryReader};
use crate::history_entries::{COUNT, good_reply, last_entry, last_timetag, new_scans, unexpected};
use crate::history_store::HistoryStore;
use crate::timetag::Timetag;
pub use group_size::GroupSize;
use group_state::GroupState;
pub use living_members::{LivingMember, living_members};
pub use membership::GroupMembership;

/// Hands out the scans of the history, each to one member of a group of writers, and remembers in
/// Redis which of them are done.
///
/// A group begins with the scans that are created after its first member joined. From then on none
/// is missed: what was created while there was no member, and what a member had not done when it
/// died or left, is handed out when there is a member again. If the first member was there before the store
/// was initialised, the group begins with the first scan. In Redis, a group is a consumer group of
/// the history's stream, so that other programs are not disturbed by it.
///
/// [`GroupMembership::maintain`] has to run beside it: it renews the heartbeat, claims the scans of
/// dead members, and acknowledges scans that are done.
///
/// Like [`History`](crate::History) it survives anything that happens to the server.
pub struct SharedHistory<S: HistoryStore> {
    connection: HistoryConnection<S>,
    membership: GroupMembership<S>,
    /// The place behind which the group begins if it has to be created.
    begin: Timetag,
    read: GroupRead,
}

/// A scan that was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignedScan<K> {
    /// Its place in the history.
    pub timetag: Timetag,
    /// What the history says about the scan.
    pub key: K,
    /// It was handed out before, to a member that did not come to an end with it.
    pub is_repeated: bool,
}

/// What the next answer lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GroupRead {
    /// Scans that no member has yet.
    New,
    /// Scans that are ours, behind this place: an answer may have been lost with a connection.
    Pending(Timetag),
}

impl<S: HistoryStore> SharedHistory<S> {
    /// Joins the group of this name, as a new member. Waits until the store can be read.
    ///
    /// A server that is read but refuses to be written, because its memory is full or it is a replica, is no
    /// obstacle: an existing group needs nothing else, and a new one is created later, with the same scans.
    ///
    /// # Errors
    /// Only what waiting does not mend: see [`StoreFailure::is_final`](crate::StoreFailure::is_final).
    pub async fn join(store: &S, group: &str) -> Result<SharedHistory<S>, S::Error> {
        let begin = until_possible("the group of writers cannot be joined", async || {
            let reply = store.connection().call(&last_entry(store)).await?;
            last_timetag::<S>(&reply).ok_or_else(|| unexpected(store, "XREVRANGE"))
        })
        .await?;
        // Scans that were created between the initialisation and this moment are not old ones.
        let begin = if store.was_empty() {
            Timetag::START
        } else {
            begin
        };
        SharedHistory::join_behind(store, group, begin).await
    }

    /// Joins a group as [`join`](Self::join) does. If there is no such group, it begins behind this place.
    ///
    /// # Errors
    /// As for [`join`](Self::join).
    pub async fn join_behind(
        store: &S,
        group: &str,
        begin: Timetag,
    ) -> Result<SharedHistory<S>, S::Error> {
        let mut history = SharedHistory {
            connection: HistoryConnection::new(store),
            membership: GroupMembership::new(GroupState::new(store, group)),
            begin,
            read: GroupRead::New,
        };
        history.make_group().await?;
        if let Err(error) = history.state().renew_heartbeat().await {
            // The maintenance repeats it.
            tracing::debug!("the first heartbeat is refused: {}", with_causes(&error));
        }
        Ok(history)
    }

    /// Has the group pass over the scans that were created until now and that no member has yet. Waits until
    /// the server accepts that.
    ///
    /// # Errors
    /// Only what waiting does not mend: see [`StoreFailure::is_final`](crate::StoreFailure::is_final).
    pub async fn skip_existing(&self) -> Result<(), S::Error> {
        let command = Command::new("XGROUP").arg("SETID").arg(self.history_key());
        let command = command.arg(&self.state().group).arg("$");
        until_possible("earlier scans cannot be skipped", async || {
            self.state().store.write(&command).await.map(|_| ())
        })
        .await
    }

    /// Returns our membership of the group, to report which scans are done.
    pub fn membership(&self) -> GroupMembership<S> {
        self.membership.clone()
    }

    /// Waits up to `timeout` for scans. None came, or the server is away, when the answer is empty.
    /// Cancel-safe: nothing is lost when the wait is dropped.
    ///
    /// # Errors
    /// Only what waiting does not mend: see [`StoreFailure::is_final`](crate::StoreFailure::is_final).
    pub async fn next(
        &mut self,
        timeout: Duration,
    ) -> Result<Vec<AssignedScan<S::Scan>>, S::Error> {
        let state = self.state().clone();
        tokio::select! {
            biased;
            claimed = state.claimed() => Ok(claimed),
            scans = self.read(timeout) => scans,
        }
    }

    fn history_key(&self) -> &str {
        self.connection.store.history_key()
    }

    fn state(&self) -> &Arc<GroupState<S>> {
        self.membership.state()
    }

    /// Makes the group if there is none. Returns `false` if the server refuses, or is not initialised; then it
    /// is asked again when the group is missed.
    async fn make_group(&mut self) -> Result<bool, S::Error> {
        let command = Command::new("XGROUP").arg("CREATE").arg(self.history_key());
        let command = command.arg(&self.state().group);
        let command = command.arg(self.begin.to_string()).arg("MKSTREAM");
        match self.state().store.write(&command).await {
            Ok(_) => {}
            Err(error) if has_code(error.redis(), "BUSYGROUP") => {}
            Err(error) if error.is_final() => return Err(error),
            Err(error) => {
                tracing::debug!("the group is not created: {}", with_causes(&error));
                return Ok(false);
            }
        }
        // If the group vanishes now, it does so with the history, and all that follows is new.
        self.begin = Timetag::START;
        Ok(true)
    }
}

impl<S: HistoryStore> HistoryReader for SharedHistory<S> {
    type Store = S;
    type Scan = AssignedScan<S::Scan>;

    fn connection(&mut self) -> &mut HistoryConnection<S> {
        &mut self.connection
    }

    async fn read_once(&mut self, block: Duration) -> Result<Vec<Self::Scan>, S::Error> {
        let (_, is_new) = self.connection.connected().await?;
        if is_new {
            self.read = GroupRead::Pending(Timetag::START);
        }
        let command = self.read_command(block);
        let (connection, _) = self.connection.connected().await?;
        if connection.outstanding() == 0 {
            connection.queue(&command);
        }
        let reply = match good_reply(connection, "XREADGROUP").await {
            Err(error @ RedisError::Server { .. }) if has_code(Some(&error), "NOGROUP") => {
                let is_new = self.begin == Timetag::START;
                if !self.make_group().await? {
                    return Err(error.into());
                }
                if is_new {
                    tracing::warn!("the scan history has begun anew");
                }
                return Ok(Vec::new());
            }
            reply => reply?,
        };
        let (last, scans) = new_scans::<S>(&reply)
            .ok_or_else(|| unexpected(&self.connection.store, "XREADGROUP"))?;
        let is_repeated = self.read != GroupRead::New;
        self.read = match (self.read, last) {
            (GroupRead::Pending(_), Some(last)) => GroupRead::Pending(last),
            _ => GroupRead::New,
        };
        Ok(self.state().assign(scans, is_repeated))
    }
}

impl<S: HistoryStore> SharedHistory<S> {
    fn read_command(&self, block: Duration) -> Command {
        let block = block.clamp(Duration::from_millis(1), BLOCK);
        let command = Command::new("XREADGROUP")
            .arg("GROUP")
            .arg(&self.state().group)
            .arg(self.state().member.name())
            .arg("COUNT")
            .arg(COUNT)
            .arg("BLOCK")
            .arg(block.as_millis() as u64);
        let from = match self.read {
            GroupRead::New => ">".to_owned(),
            GroupRead::Pending(from) => from.to_string(),
        };
        command
            .arg("STREAMS")
            .arg(self.history_key())
            .arg(from)
            .blocking(block)
    }
}

fn has_code(error: Option<&RedisError>, code: &str) -> bool {
    let error = error.and_then(RedisError::server_error);
    error.is_some_and(|error| error.code() == code)
}

/// Repeats `attempt` with pauses until it succeeds. Warns once with the reason.
async fn until_possible<T, E: StoreFailure>(
    what: &str,
    attempt: impl AsyncFn() -> Result<T, E>,
) -> Result<T, E> {
    let mut backoff = Backoff::new();
    let mut is_reported = false;
    loop {
        match attempt().await {
            Err(error) if !error.is_final() => {
                if !is_reported {
                    tracing::warn!("{what}, trying again: {}", with_causes(&error));
                    is_reported = true;
                }
                backoff.wait().await;
            }
            outcome => return outcome,
        }
    }
}
