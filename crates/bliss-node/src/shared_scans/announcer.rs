//! Names new scans in the stream that groups of writers share.

use std::time::Duration;

use coordination::GuardedStore as _;
use observation::with_causes;
use tokio::time::{Instant, sleep};

use super::record::{ScanRecord, mark_key};
use super::{AnnouncedScan, CATCH_UP_WAIT, POSITION_KEY, SCANS_KEY};
use crate::discovery::{Position, ScanDiscovery, Scope, Start};
use crate::error::NodeError;
use crate::store::NodeStore;

/// Adds scans to the stream that are not in it.
const ANNOUNCE: &str = include_str!("announce.lua");
/// Stores the safe position, and removes old entries.
const NOTE_POSITION: &str = include_str!("note_position.lua");

/// Scans that are announced with one command.
const BATCH: usize = 100;
/// Entries that the stream has at most, or a few more.
const MAX_ENTRIES: u64 = 20_000;
/// Milliseconds for which an acknowledged entry is kept: the nodes of its scan do not live longer.
const ACKNOWLEDGED_LIFE: u64 = 24 * 3600 * 1000;
/// Milliseconds for which any entry is kept.
const ENTRY_LIFE: u64 = 3 * ACKNOWLEDGED_LIFE;
/// Seconds for which a group is remembered that has no member.
const MARK_LIFE: u64 = 30 * 24 * 3600;
/// How often the position is stored, and how often it is checked whether the stream is still there.
const POSITION_PERIOD: Duration = Duration::from_secs(5);
/// How soon something that Redis refused is tried again.
const RETRY_PERIOD: Duration = Duration::from_secs(2);

/// Finds the scans of all sessions, and names each of them once in the stream that groups of writers share.
///
/// Each member of each group has one. They may find the same scans at the same time.
pub struct ScanAnnouncer {
    store: NodeStore,
    group: String,
    discovery: ScanDiscovery,
    /// Scans that were found and are not announced yet.
    found: Vec<AnnouncedScan>,
    /// The position of the discovery before it found them.
    found_after: Position,
    /// The generation of the stream as it was when we last met it, if it had any entry.
    generation: Option<String>,
    /// The last position that is known to be before all scans that are not done.
    safe: Position,
    is_refused: bool,
}

impl ScanAnnouncer {
    pub(super) fn new(store: &NodeStore, group: &str, record: ScanRecord) -> ScanAnnouncer {
        ScanAnnouncer {
            store: store.clone(),
            group: group.to_owned(),
            discovery: discovery(store, &record.position),
            found: Vec::new(),
            found_after: record.position.clone(),
            generation: record.generation,
            safe: record.position,
            is_refused: false,
        }
    }

    /// Announces scans as long as the server can be used in any way. What Redis refuses is tried again, with one warning.
    ///
    /// # Errors
    /// Only what waiting does not mend: see [`NodeError::is_final`].
    pub async fn run(mut self) -> Result<(), NodeError> {
        loop {
            let next_note = Instant::now() + POSITION_PERIOD;
            while Instant::now() < next_note {
                let wait = next_note.saturating_duration_since(Instant::now());
                self.search(wait).await?;
                if !self.announce().await? {
                    sleep(RETRY_PERIOD).await;
                }
            }
            self.note_position().await;
        }
    }

    /// Announces all scans that exist. What Redis refuses is announced later.
    pub(super) async fn catch_up(&mut self) -> Result<(), NodeError> {
        loop {
            self.search(CATCH_UP_WAIT).await?;
            let is_announced = self.announce().await?;
            if self.discovery.is_caught_up() || !is_announced {
                return Ok(());
            }
        }
    }

    /// Looks for scans, unless some are found already.
    async fn search(&mut self, wait: Duration) -> Result<(), NodeError> {
        if self.found.is_empty() {
            let position = self.discovery.position();
            let found = self.discovery.next(wait).await?;
            self.found_after = position.unwrap_or_else(|| self.safe.clone());
            self.found = found.into_iter().map(AnnouncedScan::from).collect();
        }
        Ok(())
    }

    /// Announces the scans that are found. Returns `false` if Redis refuses that.
    async fn announce(&mut self) -> Result<bool, NodeError> {
        while !self.found.is_empty() {
            let count = self.found.len().min(BATCH);
            let scans = &self.found[..count];
            let first = scans.iter().map(|scan| scan.created.first).min();
            let reply = self.store.call_guarded(|guard| {
                let command = guard.script(ANNOUNCE, &[SCANS_KEY]);
                let command = command.arg(self.generation.as_deref().unwrap_or_default());
                let command = command.arg(MAX_ENTRIES).arg(self.found_after.to_string());
                let command = command.arg(first.unwrap_or_default());
                let scan = |scan: &AnnouncedScan| [scan.key.to_string(), scan.created.to_string()];
                command.args(scans.iter().flat_map(scan))
            });
            match reply.await {
                Ok(reply) => {
                    let generation = reply.as_str().unwrap_or_default();
                    if self.meet(generation) {
                        self.found.drain(..count);
                    }
                    self.note_outcome(None);
                }
                Err(error) if error.is_final() => return Err(error),
                Err(error) => {
                    self.note_outcome(Some(error));
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Stores the safe position, and looks whether the stream is still there.
    pub(super) async fn note_position(&mut self) {
        let Some(position) = self.discovery.position().filter(|_| self.found.is_empty()) else {
            return;
        };
        let mark = mark_key(&self.group);
        let reply = self.store.call_guarded(|guard| {
            let command = guard.script(NOTE_POSITION, &[SCANS_KEY, POSITION_KEY, &mark]);
            let command = command.arg(self.generation.as_deref().unwrap_or_default());
            let command = command.arg(position.to_string()).arg(&self.group);
            let command = command.arg(ACKNOWLEDGED_LIFE).arg(ENTRY_LIFE);
            command.arg(MARK_LIFE)
        });
        match reply.await {
            Ok(reply) => {
                let text = |index: usize| reply.as_array()?.get(index)?.as_str();
                if self.meet(text(0).unwrap_or_default())
                    && let Some(Ok(safe)) = text(1).map(str::parse)
                {
                    self.safe = safe;
                }
                self.note_outcome(None);
            }
            Err(error) => self.note_outcome(Some(error)),
        }
    }

    /// Notes the generation of the stream. Returns `false` if it is another one than before: the stream was lost, and
    /// whatever was in it is searched again.
    fn meet(&mut self, generation: &str) -> bool {
        let generation = Some(generation).filter(|generation| !generation.is_empty());
        let is_lost = self.generation.is_some() && self.generation.as_deref() != generation;
        self.generation = generation.map(str::to_owned);
        if is_lost {
            tracing::warn!("Redis has lost the list of new scans: it is made again");
            self.discovery = discovery(&self.store, &self.safe);
            self.found.clear();
        }
        !is_lost
    }

    /// Warns when something is refused for the first time, and reports when it works again.
    fn note_outcome(&mut self, error: Option<NodeError>) {
        match error {
            // There is nothing to announce.
            Some(NodeError::NoNodes { .. }) => {}
            Some(error) => {
                let reason = with_causes(&error);
                if !self.is_refused {
                    tracing::warn!("new scans cannot be announced, trying again: {reason}");
                }
                self.is_refused = true;
            }
            None if self.is_refused => {
                tracing::info!("new scans are announced again");
                self.is_refused = false;
            }
            None => {}
        }
    }
}

fn discovery(store: &NodeStore, start: &Position) -> ScanDiscovery {
    ScanDiscovery::new(store, Scope::AllSessions, Start::After(start.clone()))
}
