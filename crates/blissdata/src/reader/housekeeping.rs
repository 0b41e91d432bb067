//! What the reader does between its reads: whether the scan lives, what its document says now,
//! where streams are resumed, which keys are no streams.
//!
//! Each chore leaves a mark until it is done, so that one that was dropped or failed is done again.

use std::time::Duration;

use bytes::Bytes;
use observation::with_causes;
use redis_client::{Command, RedisError, Value};

use super::event::ReaderEvent;
use super::event_collector::EventCollector;
use super::{Deletion, ScanReader, snapshot};
use crate::document::ScanState;
use crate::entries::EntryScanner;

/// Pause after a read failed for a reason that cannot be found.
const UNEXPLAINED: Duration = Duration::from_millis(500);

impl ScanReader {
    /// Looks whether the scan still exists. Done when nothing happens, or may have been missed.
    pub(super) async fn check_life(&mut self) -> Result<(), RedisError> {
        if self.state < ScanState::Closed && self.deletion == Deletion::No {
            let connection = self.connection.get().await?;
            if !snapshot::is_alive(connection, &self.document.key).await? {
                self.deletion = Deletion::Seen;
            }
        }
        Ok(())
    }

    /// Reads the document again when the scan has a new state or disappears.
    pub(super) async fn catch_up(&mut self) -> Result<(), RedisError> {
        if self.seen.is_some() || self.deletion == Deletion::Seen {
            let connection = self.connection.get().await?;
            let document = match snapshot::document(connection, &self.document.key).await {
                Err(error) if error.server_error().is_some() && !error.is_transient() => {
                    let reason = with_causes(&error);
                    tracing::warn!(scan = %self.document.key, "cannot read the document: {reason}");
                    None
                }
                other => other?,
            };
            match document {
                Some(Ok(document)) => self.document.update(document),
                Some(Err(error)) => {
                    tracing::warn!("{}; keeping the previous one", with_causes(&error));
                }
                None if self.deletion == Deletion::Seen => self.take_spooled_document(),
                None => {}
            }
        }
        if let Some(state) = self.seen.take() {
            self.state = state;
            self.ready.push(ReaderEvent::State(state));
        }
        // A forced deletion closes the scan first, and its `end_reason` says so then.
        self.deletion = match self.deletion {
            Deletion::Seen | Deletion::Draining if self.state == ScanState::Closed => Deletion::No,
            Deletion::Seen => Deletion::Draining,
            other => other,
        };
        if self.deletion == Deletion::Draining && self.cursors.iter().all(|f| f.ended) {
            self.ready.push(ReaderEvent::Deleted);
            self.deletion = Deletion::Done;
        }
        Ok(())
    }

    /// Replaces the document of a scan that Redis has lost by that of the spool, if it is as recent.
    fn take_spooled_document(&mut self) {
        if let Some((state, document)) = self.refill.document()
            && state >= self.state
        {
            self.document.update(document);
            self.seen = Some(state).filter(|state| *state > self.state);
        }
    }

    /// Finds out which keys are no streams, and ends them.
    pub(super) async fn find_wrong_types(&mut self) -> Result<(), RedisError> {
        let mut keys: Vec<&str> = self.cursors.iter().map(|f| f.key.as_str()).collect();
        keys.push(&self.document.state_stream);
        let commands: Vec<Command> = keys
            .into_iter()
            .map(|key| Command::new("TYPE").arg(key))
            .collect();
        let replies = self.connection.get().await?.pipeline(&commands).await?;
        let mut kinds = replies.iter().map(|reply| {
            let kind = reply
                .as_ref()
                .ok()
                .and_then(Value::as_str)
                .unwrap_or("none");
            (kind != "stream" && kind != "none").then_some(kind)
        });
        let nothing = Bytes::new();
        let mut out = EventCollector::new(&nothing, &mut self.ready);
        let mut found = false;
        for (cursor, kind) in self.cursors.iter_mut().zip(kinds.by_ref()) {
            if let Some(kind) = kind.filter(|_| !cursor.ended) {
                cursor.wrong_type(kind, &mut out);
                found = true;
            }
        }
        drop(out);
        if let Some(Some(kind)) = kinds.next() {
            // Without its states the scan is beyond following: what there is, is all.
            tracing::warn!(scan = %self.document.key, "the stream of states is a {kind}");
            self.blind = true;
            found = true;
            if self.deletion == Deletion::No {
                self.deletion = Deletion::Seen;
            }
        }
        if !found {
            // It has changed meanwhile, or we may not ask: not a reason to ask without pause.
            tokio::time::sleep(UNEXPLAINED).await;
        }
        self.wrong_type = false;
        Ok(())
    }

    /// Finds the batches in which streams are to be resumed.
    pub(super) async fn enter_batches(&mut self) -> Result<(), RedisError> {
        let inside: Vec<usize> = (0..self.cursors.len())
            .filter(|stream| self.cursors[*stream].inside && !self.cursors[*stream].ended)
            .collect();
        if inside.is_empty() {
            return Ok(());
        }
        let connection = self.connection.get().await?;
        for stream in &inside {
            let cursor = &self.cursors[*stream];
            let range = Command::new("XREVRANGE").arg(cursor.key.as_str());
            connection.queue(&range.arg(cursor.next()).arg("-").arg("COUNT").arg(1));
        }
        let mut replies = Vec::with_capacity(inside.len());
        for _ in &inside {
            replies.push(connection.receive_raw().await?);
        }
        for (stream, reply) in inside.into_iter().zip(replies) {
            let mut out = EventCollector::new(&reply, &mut self.ready);
            let entry = EntryScanner::of_range(&reply).and_then(|mut scan| scan.next_entry());
            self.cursors[stream].inside = false;
            // A key that is no stream will make the next read fail, and is found out then.
            if let Ok(Some(entry)) = entry {
                self.cursors[stream].entry(&entry, 0, &mut out);
            }
            drop(out);
        }
        Ok(())
    }
}
