//! Copies what is unread of a scan from Redis into the spool of the scan.

mod pass;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use observation::with_causes;
use redis_client::{Connection, RedisError};
use serde_json::json;
use spool::{BackgroundWriter, ScanSpool, WriteError};
use tokio::time::{Instant, sleep};

use crate::document::ScanDocument;
use crate::entries::{EntryId, EntryReplyError};
use crate::store::{DataStore, ScanKey, host_name};

/// Time between two looks at streams that were read to their ends. Redis keeps points for minutes.
const PASS_PERIOD: Duration = Duration::from_secs(5);

/// How often the mark in Redis is renewed.
const MARK_PERIOD: Duration = Duration::from_secs(3600);

/// A stream of which something is unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadStream {
    /// Name of the stream.
    pub name: String,
    /// Index of the first point that is in no file.
    pub from: u64,
    /// Set if these are points of numbers. Of other streams everything is needed until the scan has ended.
    pub is_points: bool,
}

/// Copies what is unread of a scan, on a connection of its own.
pub struct Recorder {
    store: DataStore,
    scan: ScanKey,
    spool: Arc<ScanSpool>,
    connection: Option<Connection>,
    writer: BackgroundWriter,
    document: Option<ScanDocument>,
    /// The last entry of the stream of states when the document was recorded.
    state: Option<EntryId>,
    streams: HashMap<String, StreamPosition>,
    marked: Option<Instant>,
}

/// How far a stream has been recorded.
struct StreamPosition {
    /// The next entry.
    start: EntryId,
    /// Entries to ask for at a time.
    count: u64,
    is_sealed: bool,
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
    pub fn new(store: &DataStore, spool: &Arc<ScanSpool>) -> Recorder {
        let scan = ScanKey::from_pk(spool.scan());
        let about = json!({
            "scan": scan.as_str(),
            "server": store.url().to_string(),
            "host": host_name(),
        });
        Recorder {
            store: store.clone(),
            scan,
            spool: spool.clone(),
            connection: None,
            writer: BackgroundWriter::new(spool, about),
            document: None,
            state: None,
            streams: HashMap::new(),
            marked: None,
        }
    }

    /// Records what `unread` lists, and asks it again and again. Never returns.
    ///
    /// Nothing that happens is an error: what cannot be recorded now may be later. Users are warned once of each
    /// reason.
    pub async fn run(mut self, unread: impl Fn() -> Vec<UnreadStream>) {
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
                    if has_more {
                        continue;
                    }
                }
                Err(error) => {
                    // Replies may be left that belong to nothing any more, and records that are not written.
                    self.connection = None;
                    self.streams.clear();
                    self.document = None;
                    self.state = None;
                    let reason = with_causes(&error);
                    if reason != reported {
                        tracing::warn!(
                            scan = %self.scan,
                            "unread points are not spooled, and lost when Redis drops them: {reason}"
                        );
                        reported = reason;
                    }
                }
            }
            sleep(PASS_PERIOD).await;
        }
    }

    /// Lets writers on other hosts know that they must leave the scan alone.
    async fn mark(&mut self) {
        if !self.spool.exists()
            || self
                .marked
                .is_some_and(|marked| marked.elapsed() < MARK_PERIOD)
        {
            return;
        }
        match self.store.mark_spooled(&self.scan).await {
            Ok(()) => self.marked = Some(Instant::now()),
            // A full Redis refuses it until there is room.
            Err(error) => {
                tracing::debug!("the scan is not marked as spooled: {}", with_causes(&error))
            }
        }
    }
}
