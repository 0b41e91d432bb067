//! What a member knows of the scans that it has.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis_client::Command;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::AssignedScan;
use super::member::GroupMember;
use crate::store::{DataStore, ScanKey, StoreError, Timetag};

/// The state that the reader, the maintenance and the users of one membership share.
pub struct GroupState {
    pub store: DataStore,
    pub group: String,
    pub member: GroupMember,
    scans: Mutex<MemberScans>,
    /// Sent when scans wait to be handed out that were not read from the history.
    has_claimed: Notify,
    /// Sent when a scan is done, and when a scan is handed back.
    pub has_work: Notify,
    /// Whether the member has left.
    has_left: watch::Sender<bool>,
}

#[derive(Default)]
struct MemberScans {
    /// Scans that were handed out and are not done.
    assigned: HashMap<Timetag, ScanKey>,
    /// Scans to hand out next.
    claimed: VecDeque<AssignedScan>,
    /// Scans to hand out again at a later time.
    handed_back: Vec<(Instant, AssignedScan)>,
    /// Scans that are done, which Redis has not been told yet.
    done: BTreeSet<Timetag>,
}

impl GroupState {
    /// The state of a new member.
    pub fn new(store: &DataStore, group: &str) -> Arc<GroupState> {
        Arc::new(GroupState {
            store: store.clone(),
            group: group.to_owned(),
            member: GroupMember::new(),
            scans: Mutex::default(),
            has_claimed: Notify::new(),
            has_work: Notify::new(),
            has_left: watch::Sender::new(false),
        })
    }

    /// Notes that the member has left.
    pub fn set_left(&self) {
        self.has_left.send_replace(true);
    }

    /// Waits until the member has left.
    pub async fn left(&self) {
        let mut has_left = self.has_left.subscribe();
        // The sender lives as long as the state.
        if has_left.wait_for(|left| *left).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Renews the heartbeat.
    pub async fn renew_heartbeat(&self) -> Result<(), StoreError> {
        let command = self.member.heartbeat(&self.group);
        self.store.write(&command).await.map(|_| ())
    }

    /// Hands out those of the scans that are not handed out already.
    pub fn assign(&self, scans: Vec<(Timetag, ScanKey)>, is_repeated: bool) -> Vec<AssignedScan> {
        let mut known = self.scans();
        let mut new = Vec::with_capacity(scans.len());
        for (timetag, key) in scans {
            if known.done.contains(&timetag) || known.assigned.contains_key(&timetag) {
                continue;
            }
            known.assigned.insert(timetag, key.clone());
            new.push(AssignedScan {
                timetag,
                key,
                is_repeated,
            });
        }
        new
    }

    /// Adds scans that were claimed from other members.
    pub fn add_claimed(&self, scans: Vec<(Timetag, ScanKey)>) {
        let new = self.assign(scans, true);
        if !new.is_empty() {
            self.scans().claimed.extend(new);
            self.has_claimed.notify_one();
        }
    }

    /// Waits for scans that were claimed or handed back. Cancel-safe.
    pub async fn claimed(&self) -> Vec<AssignedScan> {
        loop {
            let claimed: Vec<_> = self.scans().claimed.drain(..).collect();
            if !claimed.is_empty() {
                return claimed;
            }
            self.has_claimed.notified().await;
        }
    }

    /// Notes that a scan is done.
    pub fn set_done(&self, timetag: Timetag) {
        let mut scans = self.scans();
        if scans.assigned.remove(&timetag).is_some() {
            scans.done.insert(timetag);
        }
        drop(scans);
        self.has_work.notify_one();
    }

    /// Notes that a scan is to be handed out again at this time.
    pub fn hand_back(&self, timetag: Timetag, at: Instant) {
        let mut scans = self.scans();
        if let Some(key) = scans.assigned.get(&timetag) {
            let scan = AssignedScan {
                timetag,
                key: key.clone(),
                is_repeated: true,
            };
            scans.handed_back.push((at, scan));
        }
        drop(scans);
        self.has_work.notify_one();
    }

    /// Hands out the scans that were handed back and are due. Returns when the next one is.
    pub fn hand_out_due(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut scans = self.scans();
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut scans.handed_back)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        scans.handed_back = later;
        if !due.is_empty() {
            scans.claimed.extend(due.into_iter().map(|(_, scan)| scan));
            self.has_claimed.notify_one();
        }
        scans.handed_back.iter().map(|(at, _)| *at).min()
    }

    /// Returns scans that are done and that Redis has not been told yet.
    pub fn unacknowledged(&self) -> Vec<Timetag> {
        self.scans().done.iter().copied().collect()
    }

    /// Notes that Redis was told that these scans are done.
    pub fn set_acknowledged(&self, timetags: &[Timetag]) {
        let mut scans = self.scans();
        for timetag in timetags {
            scans.done.remove(timetag);
        }
    }

    /// Returns the command that acknowledges scans, and the one that forgets how often they were claimed.
    pub fn acknowledgement(&self, timetags: &[Timetag]) -> [Command; 2] {
        let ids = || timetags.iter().map(Timetag::to_string);
        let history = crate::store::history::HISTORY_KEY;
        [
            Command::new("XACK")
                .arg(history)
                .arg(&self.group)
                .args(ids()),
            Command::new("HDEL").arg(self.attempts_key()).args(ids()),
        ]
    }

    /// Returns the key of the hash that counts, for each scan, the members that died of it.
    pub fn attempts_key(&self) -> String {
        format!("{}:attempts", self.group)
    }

    /// No code runs under the lock that could leave the scans half changed.
    fn scans(&self) -> MutexGuard<'_, MemberScans> {
        self.scans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
