//! The history of scans as writers share it.

mod claims;
mod member;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis_client::{Command, RedisError, Value};
use tokio::time::Instant;

use super::history::{BLOCK, COUNT, HISTORY_KEY, good_reply, new_scans, unexpected};
use super::history_connection::{HistoryConnection, HistoryReader};
use super::key::{ScanKey, Timetag};
use super::{DataStore, StoreError};
use claims::claim_abandoned;
use member::GroupMember;

/// How often a member looks for scans that a dead one left.
const CLAIM_PERIOD: Duration = Duration::from_secs(10);

/// Hands out the scans of the history, each to one member of a group of writers, and remembers in
/// Redis which of them are done.
///
/// A group begins with the scans that are created after its first member joined. From then on none
/// is missed: what was created while no member was there, and what a member had not done when it
/// died or left, is handed out when there is a member again. In Redis, a group is a consumer group of
/// the history's stream, so that other programs are not disturbed by it.
///
/// Like [`History`](super::History) it survives anything that happens to the server.
pub struct SharedHistory {
    connection: HistoryConnection,
    group: String,
    member: GroupMember,
    membership: GroupMembership,
    /// When to look for dead members.
    next_claim: Instant,
    read: GroupRead,
}

/// A scan that was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignedScan {
    /// Its place in the history.
    pub timetag: Timetag,
    /// The scan.
    pub key: ScanKey,
    /// It was handed out before, to a member that did not come to an end with it.
    pub is_repeated: bool,
}

/// What the next answer lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GroupRead {
    /// Scans that no member has yet.
    New,
    /// Scans that are ours: an answer may have been lost with a connection.
    Pending,
}

impl SharedHistory {
    /// Joins the group of this name, as a new member.
    ///
    /// # Errors
    /// If Redis cannot be asked, or does not allow it.
    pub async fn join(store: &DataStore, group: &str) -> Result<SharedHistory, StoreError> {
        make_group(store, group, "$").await?;
        let member = GroupMember::new();
        store.call(&member.heartbeat(group)).await?;
        Ok(SharedHistory {
            connection: HistoryConnection::new(store),
            membership: GroupMembership {
                store: store.clone(),
                group: group.to_owned(),
                member: member.clone(),
                assigned: Arc::default(),
            },
            group: group.to_owned(),
            member,
            next_claim: Instant::now(),
            read: GroupRead::New,
        })
    }

    /// Has the group pass over the scans that were created until now and that no member has yet.
    ///
    /// # Errors
    /// If Redis cannot be asked, or does not allow it.
    pub async fn skip_existing(&self) -> Result<(), StoreError> {
        let command = Command::new("XGROUP").arg("SETID").arg(HISTORY_KEY);
        let command = command.arg(&self.group).arg("$");
        self.connection.store.call(&command).await?;
        Ok(())
    }

    /// Where to tell which scans are done.
    pub fn membership(&self) -> GroupMembership {
        self.membership.clone()
    }

    /// Waits up to `timeout` for scans. None came, or the server is away, when the answer is empty.
    /// Cancel-safe: nothing is lost when the wait is dropped.
    ///
    /// # Errors
    /// Only what waiting does not mend: see [`StoreError::is_transient`].
    pub async fn next(&mut self, timeout: Duration) -> Result<Vec<AssignedScan>, StoreError> {
        self.read(timeout).await
    }
}

impl HistoryReader for SharedHistory {
    type Scan = AssignedScan;

    fn connection(&mut self) -> &mut HistoryConnection {
        &mut self.connection
    }

    async fn read_once(&mut self, block: Duration) -> Result<Vec<AssignedScan>, StoreError> {
        if Instant::now() >= self.next_claim {
            let store = &self.connection.store;
            store.call(&self.member.heartbeat(&self.group)).await?;
            let left = claim_abandoned(store, &self.group, &self.member).await?;
            self.next_claim = Instant::now() + CLAIM_PERIOD;
            let left = self.membership.assign(left, true);
            if !left.is_empty() {
                return Ok(left);
            }
        }
        let (_, is_new) = self.connection.connected().await?;
        if is_new {
            self.read = GroupRead::Pending;
        }
        let command = self.read_command(block);
        let (connection, _) = self.connection.connected().await?;
        if connection.outstanding() == 0 {
            connection.queue(&command);
        }
        let reply = match good_reply(connection, "XREADGROUP").await {
            // The history was deleted, and the group with it: all that comes now is new.
            Err(RedisError::Server { source, .. }) if source.code() == "NOGROUP" => {
                tracing::warn!("the scan history has begun anew");
                make_group(&self.connection.store, &self.group, "0").await?;
                return Ok(Vec::new());
            }
            reply => reply?,
        };
        let (_, scans) =
            new_scans(&reply).ok_or_else(|| unexpected(&self.connection.store, "XREADGROUP"))?;
        let read = std::mem::replace(&mut self.read, GroupRead::New);
        Ok(self.membership.assign(scans, read == GroupRead::Pending))
    }
}

impl SharedHistory {
    fn read_command(&self, block: Duration) -> Command {
        let block = block.clamp(Duration::from_millis(1), BLOCK).as_millis() as u64;
        let command = Command::new("XREADGROUP")
            .arg("GROUP")
            .arg(&self.group)
            .arg(self.member.name())
            .arg("COUNT")
            .arg(COUNT)
            .arg("BLOCK")
            .arg(block);
        let from = match self.read {
            GroupRead::New => ">",
            GroupRead::Pending => "0",
        };
        command.arg("STREAMS").arg(HISTORY_KEY).arg(from).blocking()
    }
}

/// Makes the group if there is none: it begins behind the entry `from`.
async fn make_group(store: &DataStore, group: &str, from: &str) -> Result<(), StoreError> {
    let command = Command::new("XGROUP").arg("CREATE").arg(HISTORY_KEY);
    let command = command.arg(group).arg(from).arg("MKSTREAM");
    match store.call(&command).await {
        Err(RedisError::Server { source, .. }) if source.code() == "BUSYGROUP" => Ok(()),
        made => Ok(made.map(|_| ())?),
    }
}

/// Takes note of the scans of a member that are done, and of its end. Clones are the same.
#[derive(Clone)]
pub struct GroupMembership {
    store: DataStore,
    group: String,
    member: GroupMember,
    /// Scans that were handed out and are not done.
    assigned: Arc<Mutex<HashSet<Timetag>>>,
}

impl GroupMembership {
    /// Notes that nothing is left to do for a scan: it will not be handed out again.
    ///
    /// # Errors
    /// If Redis cannot be asked; then it may be handed out again after a restart.
    pub async fn acknowledge(&self, timetag: Timetag) -> Result<(), StoreError> {
        let command = Command::new("XACK").arg(HISTORY_KEY);
        let command = command.arg(&self.group).arg(timetag.to_string());
        let noted = self.store.call(&command).await;
        self.assigned().remove(&timetag);
        Ok(noted.map(|_: Value| ())?)
    }

    /// Leaves the group, when the member has ended its work. What is not done is handed out to others,
    /// or to the member that joins next.
    ///
    /// # Errors
    /// If Redis cannot be asked; then the others wait until they notice.
    pub async fn leave(&self) -> Result<(), StoreError> {
        self.store.call(&self.member.leave(&self.group)).await?;
        Ok(())
    }

    /// Notes that nothing could be done for a scan because the server was away: it is handed out again
    /// when the server is back.
    pub fn hand_back(&self, timetag: Timetag) {
        self.assigned().remove(&timetag);
    }

    fn assign(&self, scans: Vec<(Timetag, ScanKey)>, is_repeated: bool) -> Vec<AssignedScan> {
        let mut assigned = self.assigned();
        let scans = scans.into_iter();
        let new = scans.filter(|(timetag, _)| assigned.insert(*timetag));
        new.map(|(timetag, key)| AssignedScan {
            timetag,
            key,
            is_repeated,
        })
        .collect()
    }

    /// No code runs under the lock that could leave the set half changed.
    fn assigned(&self) -> MutexGuard<'_, HashSet<Timetag>> {
        self.assigned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
