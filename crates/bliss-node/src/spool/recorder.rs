//! Copies what is unread of a scan from Redis into the spool of the scan.

mod pass;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use observation::with_causes;
use redis_client::{Connection, EntryId, EntryReplyError, RedisError};
use spool::{BackgroundWriter, ScanSpool, WriteError};
use tokio::time::{Instant, sleep};

use super::nodes::SpooledNodes;
use super::points::RecordedEntries;
use crate::key::{KeyError, NodeKey};
use crate::store::NodeStore;

/// Time between two looks at streams that were read to their ends. A stream keeps 2,048 entries, which can be those of two
/// seconds.
const PASS_PERIOD: Duration = Duration::from_millis(100);

/// How often the mark in Redis is renewed.
const MARK_PERIOD: Duration = Duration::from_secs(3600);

/// Time after a failure before the next look.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// Bytes that the reply for one stream should have.
const REPLY_BYTES: u64 = 256 << 10;

/// The most entries to ask for.
const MAX_COUNT: u64 = 1 << 12;

/// What is unread of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unread {
    /// The nodes of the scan that have data, in the order of their announcement.
    pub nodes: Vec<NodeKey>,
    /// Streams of which something is unread.
    pub streams: Vec<UnreadStream>,
}

/// A stream of which something is unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadStream {
    /// The node that has the stream.
    pub node: NodeKey,
    /// Index of the first point that is in no file.
    pub from: u64,
    /// Set if these are points of numbers or texts. Of other streams everything is needed until the scan has ended.
    pub is_points: bool,
}

/// Copies what is unread of a scan, on a connection of its own.
pub struct Recorder {
    store: NodeStore,
    scan: NodeKey,
    spool: Arc<ScanSpool>,
    connection: Option<Connection>,
    /// `None` before it is known which scan has the key.
    writer: Option<BackgroundWriter>,
    /// The nodes, and what was known of the scan when they were recorded last.
    nodes: SpooledNodes,
    recorded: Option<RecordedState>,
    streams: HashMap<String, StreamPosition>,
    marked: Option<Instant>,
}

/// What makes it necessary to record the nodes again when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RecordedState {
    /// Number of the scan's state.
    state: u8,
    /// Number of its nodes.
    nodes: usize,
}

/// How far a stream has been recorded.
#[derive(Debug, Clone, Copy)]
struct StreamPosition {
    /// The next entry.
    start: EntryId,
    /// Entries to ask for at a time.
    count: u64,
    /// Nothing more will come.
    has_ended: bool,
}

impl StreamPosition {
    /// Goes behind the entries of a reply of so many bytes.
    fn advance(&mut self, entries: &RecordedEntries, bytes: usize) {
        let Some(size) = (bytes as u64).checked_div(entries.count) else {
            return;
        };
        self.start = EntryId {
            second: entries.last.second.saturating_add(1),
            ..entries.last
        };
        let count = REPLY_BYTES / size.max(1);
        self.count = count.min(self.count * 8).clamp(1, MAX_COUNT);
    }
}

/// Why a pass failed.
#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error(transparent)]
    Reply(#[from] EntryReplyError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Recorder {
    /// Creates a recorder. Nothing is connected or written yet.
    ///
    /// # Errors
    /// If the spool is not named after a scan of nodes.
    pub fn new(store: &NodeStore, spool: &Arc<ScanSpool>) -> Result<Recorder, KeyError> {
        let document = spool.document();
        Ok(Recorder {
            store: store.clone(),
            scan: spool.scan().parse()?,
            spool: spool.clone(),
            connection: None,
            writer: None,
            nodes: document.map_or_else(SpooledNodes::default, |(_, text)| {
                SpooledNodes::parse(&text)
            }),
            recorded: None,
            streams: HashMap::new(),
            marked: None,
        })
    }

    /// Records what `unread` lists, and asks it again and again. Never returns.
    ///
    /// Nothing that happens is an error: what cannot be recorded now may be later. Users are warned once of each
    /// reason.
    pub async fn run(mut self, unread: impl Fn() -> Unread) {
        let mut reported = String::new();
        loop {
            let passed = self.pass(&unread()).await;
            self.mark().await;
            match passed {
                Ok(has_more) => {
                    if !reported.is_empty() {
                        tracing::info!(scan = %self.scan, "unread points are spooled again");
                        reported.clear();
                    }
                    if !has_more {
                        sleep(PASS_PERIOD).await;
                    }
                }
                Err(error) => {
                    // Replies may be left that belong to nothing any more, and records that are not written.
                    self.connection = None;
                    self.streams.clear();
                    self.recorded = None;
                    let reason = with_causes(&error);
                    if reason != reported {
                        tracing::warn!(
                            scan = %self.scan,
                            "unread points are not spooled, and lost when Redis drops them: {reason}"
                        );
                        reported = reason;
                    }
                    sleep(FAILURE_PAUSE).await;
                }
            }
        }
    }

    /// Lets writers on other hosts know that they must leave the scan alone.
    async fn mark(&mut self) {
        let is_marked = self
            .marked
            .is_some_and(|marked| marked.elapsed() < MARK_PERIOD);
        if is_marked || !self.spool.exists() {
            return;
        }
        // A full Redis refuses it until there is room. Marking again and again would delay the passes.
        self.marked = Some(Instant::now());
        if let Err(error) = self.store.mark_spooled(&self.scan).await {
            tracing::debug!("the scan is not marked as spooled: {}", with_causes(&error));
        }
    }
}
