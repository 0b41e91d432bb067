//! What a member knows of the scans that it has.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis_client::Command;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::AssignedScan;
use crate::history_store::HistoryStore;
use crate::member::GroupMember;
use crate::timetag::Timetag;

/// The state that the reader, the maintenance and the users of one membership share.
pub struct GroupState<S: HistoryStore> {
    pub store: S,
    pub group: String,
    pub member: GroupMember,
    scans: Mutex<MemberScans<S::Scan>>,
    /// Sent when scans wait to be handed out that were not read from the history.
    has_claimed: Notify,
    /// Sent when a scan is done, and when a scan is handed back.
    pub has_work: Notify,
    /// Whether the member has left.
    has_left: watch::Sender<bool>,
}

struct MemberScans<K> {
    /// Scans that were handed out and are not done.
    assigned: HashMap<Timetag, K>,
    /// Scans to hand out next.
    claimed: VecDeque<AssignedScan<K>>,
    /// Scans to hand out again at a later time.
    handed_back: Vec<(Instant, AssignedScan<K>)>,
    /// Scans that are done, which Redis has not been told yet.
    done: BTreeSet<Timetag>,
    /// Further entries of scans that were handed out: place of the entry, place that was handed out.
    repetitions: Vec<(Timetag, Timetag)>,
}

impl<K: Eq> MemberScans<K> {
    fn new() -> MemberScans<K> {
        MemberScans {
            assigned: HashMap::new(),
            claimed: VecDeque::new(),
            handed_back: Vec::new(),
            done: BTreeSet::new(),
            repetitions: Vec::new(),
        }
    }

    /// Notes an entry. Returns `true` if its scan is to be handed out: it is new, and the member does not have it from
    /// another entry. That happens when the history was lost and its scans were named again.
    fn note(&mut self, timetag: Timetag, scan: &K) -> bool {
        let is_known = self.done.contains(&timetag)
            || self.assigned.contains_key(&timetag)
            || self.repetitions.iter().any(|(entry, _)| *entry == timetag);
        if is_known {
            return false;
        }
        let mut assigned = self.assigned.iter();
        let earlier = assigned.find(|(_, other)| *other == scan);
        if let Some((&first, _)) = earlier {
            self.repetitions.push((timetag, first));
        }
        earlier.is_none()
    }

    /// Notes that the scan of an entry is done.
    fn set_done(&mut self, timetag: Timetag) {
        if self.assigned.remove(&timetag).is_none() {
            return;
        }
        self.done.insert(timetag);
        let repetitions = std::mem::take(&mut self.repetitions);
        let (done, others): (Vec<_>, Vec<_>) = repetitions
            .into_iter()
            .partition(|(_, first)| *first == timetag);
        self.repetitions = others;
        self.done.extend(done.into_iter().map(|(entry, _)| entry));
    }
}

impl<S: HistoryStore> GroupState<S> {
    /// The state of a new member.
    pub fn new(store: &S, group: &str) -> Arc<GroupState<S>> {
        Arc::new(GroupState {
            store: store.clone(),
            group: group.to_owned(),
            member: GroupMember::new(),
            scans: Mutex::new(MemberScans::new()),
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
    pub async fn renew_heartbeat(&self) -> Result<(), S::Error> {
        let command = self.member.heartbeat(&self.group);
        self.store.write(&command).await.map(|_| ())
    }

    /// Hands out those of the scans that are not handed out already.
    pub fn assign(
        &self,
        scans: Vec<(Timetag, S::Scan)>,
        is_repeated: bool,
    ) -> Vec<AssignedScan<S::Scan>> {
        let mut known = self.scans();
        let mut new = Vec::with_capacity(scans.len());
        for (timetag, key) in scans {
            if !known.note(timetag, &key) {
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
    pub fn add_claimed(&self, scans: Vec<(Timetag, S::Scan)>) {
        let new = self.assign(scans, true);
        if !new.is_empty() {
            self.scans().claimed.extend(new);
            self.has_claimed.notify_one();
        }
    }

    /// Waits for scans that were claimed or handed back. Cancel-safe.
    pub async fn claimed(&self) -> Vec<AssignedScan<S::Scan>> {
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
        self.scans().set_done(timetag);
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
        let history = self.store.history_key();
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
    fn scans(&self) -> MutexGuard<'_, MemberScans<S::Scan>> {
        self.scans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
