//! One pass of a recorder over the document and the streams of a scan.

use bytes::Bytes;
use redis_client::{Command, Connection, RedisError};
use spool::{NewEntries, NewRecord, SpoolWriter};

use super::{PassError, Recorder, StreamPosition, UnreadStream};
use crate::document::{ScanDocument, ScanState};
use crate::entries::{EntryId, EntryReplyError, EntryScanner, SEAL, parse_uint};
use crate::spool::entries::spooled_points;

/// Bytes that the reply for one stream should have.
const REPLY_BYTES: u64 = 512 << 10;
/// Bytes from which on records are written before more is read.
const BATCH_BYTES: usize = 4 << 20;
const FIRST_COUNT: u64 = 16;
const MAX_COUNT: u64 = 1 << 14;

impl Recorder {
    /// Records what is new. Returns `true` if there is more.
    pub(super) async fn pass(&mut self, unread: &[UnreadStream]) -> Result<bool, PassError> {
        // A full spool needs the room before anything can be added.
        if self.writer.is_open() {
            self.reclaim(unread).await?;
        }
        self.record_document().await?;
        let has_more = self.record_entries(unread).await?;
        self.writer.run(SpoolWriter::sync).await?;
        Ok(has_more)
    }

    /// Removes what is not unread any more.
    async fn reclaim(&mut self, unread: &[UnreadStream]) -> Result<(), PassError> {
        let points = unread.iter().filter(|stream| stream.is_points);
        let needed: Vec<(String, u64)> = points
            .map(|stream| (stream.name.clone(), stream.from))
            .collect();
        let is_needed = move |name: &str, end| {
            let mut needed = needed.iter();
            needed.any(|(stream, from)| stream == name && end > *from)
        };
        self.writer
            .run(move |writer| writer.reclaim(is_needed))
            .await?;
        Ok(())
    }

    /// Records the document if the state of the scan has changed since.
    async fn record_document(&mut self) -> Result<(), PassError> {
        let key = self.scan.clone();
        let mut connection = self.connected().await?;
        let get = Command::new("JSON.GET").arg(key.as_str()).arg(".");
        let state_stream = match &self.document {
            Some(document) => document.state_stream.clone(),
            None => {
                let text = connection.call(&get).await?;
                let document = text.as_bytes().map(|text| ScanDocument::parse(&key, text));
                let Some(Ok(document)) = document else {
                    // It is gone, or of no use.
                    self.connection = Some(connection);
                    return Ok(());
                };
                let states = document.state_stream.clone();
                self.document = Some(document);
                states
            }
        };
        let last = Command::new("XREVRANGE").arg(state_stream);
        let reply = connection
            .call_raw(&last.args(["+", "-", "COUNT", "1"]))
            .await?;
        // The state is read first, so that the document is at least as recent.
        let last = last_state(&reply);
        if last.is_some() && last.map(|(id, _)| id) != self.state {
            let text = connection.call(&get).await?;
            let text = text.as_bytes().cloned();
            let document = text.as_ref().map(|text| ScanDocument::parse(&key, text));
            if let (Some(text), Some(Ok(document)), Some((id, state))) = (text, document, last) {
                self.document = Some(document);
                // States have small numbers.
                let state = u8::try_from(state.number()).unwrap_or(u8::MAX);
                self.append(vec![NewRecord::Document { state, text }])
                    .await?;
                self.state = Some(id);
            }
        }
        self.connection = Some(connection);
        Ok(())
    }

    /// Records the entries of streams. Returns `true` if there are more.
    async fn record_entries(&mut self, unread: &[UnreadStream]) -> Result<bool, PassError> {
        let mut connection = self.connected().await?;
        let mut asked = Vec::new();
        for stream in unread {
            let model = self
                .document
                .as_ref()
                .and_then(|document| document.streams.get(&stream.name));
            let Some(key) = model.map(|model| model.key.clone()) else {
                continue;
            };
            if !self.streams.contains_key(&stream.name) {
                let position = self.first_position(&mut connection, &key, stream).await?;
                self.streams.insert(stream.name.clone(), position);
            }
            let position = &self.streams[&stream.name];
            if !position.is_sealed {
                let range = Command::new("XRANGE")
                    .arg(&key)
                    .arg(position.start.to_string())
                    .arg("+");
                connection.queue(&range.arg("COUNT").arg(position.count));
                asked.push(stream);
            }
        }
        let (mut batch, mut bytes, mut has_more) = (Vec::new(), 0, false);
        for stream in asked {
            let reply = connection.receive_raw().await?;
            // A key that is no stream has nothing to record.
            if reply.first() == Some(&b'-') {
                continue;
            }
            has_more |= self.take_position(&stream.name, &reply)?;
            let Some(points) = spooled_points(&reply)? else {
                continue;
            };
            bytes += reply.len();
            batch.push(NewRecord::Entries(NewEntries {
                stream: stream.name.clone(),
                is_points: stream.is_points,
                first: points.first,
                end: points.end,
                total: points.total,
                reply,
            }));
            if bytes > BATCH_BYTES {
                self.append(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
        }
        self.append(batch).await?;
        self.connection = Some(connection);
        Ok(has_more)
    }

    /// Returns where the recording of a stream begins: with the entry that has the first unread point, or where
    /// an earlier recorder has ended.
    async fn first_position(
        &self,
        connection: &mut Connection,
        key: &str,
        stream: &UnreadStream,
    ) -> Result<StreamPosition, PassError> {
        let recorded = self.spool.recorded_end(&stream.name);
        let mut start = EntryId {
            first: stream.from.max(recorded.end),
            second: 0,
        };
        if stream.from > recorded.end {
            // The first unread point may be inside of a batch.
            let range = Command::new("XREVRANGE").arg(key);
            let range = range.arg(start.first).arg("-").arg("COUNT").arg(1);
            let reply = connection.call_raw(&range).await;
            let reply = reply.unwrap_or_else(|_| Bytes::new());
            let entry = EntryScanner::of_range(&reply).and_then(|mut scan| scan.next_entry());
            if let Ok(Some(entry)) = entry {
                start = entry.id;
            }
        }
        Ok(StreamPosition {
            start,
            count: FIRST_COUNT,
            is_sealed: recorded.total.is_some(),
        })
    }

    /// Moves the position of a stream behind the entries of a reply. Returns `true` if there are more.
    fn take_position(&mut self, name: &str, reply: &[u8]) -> Result<bool, EntryReplyError> {
        let Some(position) = self.streams.get_mut(name) else {
            return Ok(false);
        };
        let mut scanner = EntryScanner::of_range(reply)?;
        let mut entries = 0;
        while let Some(entry) = scanner.next_entry()? {
            entries += 1;
            position.is_sealed |= entry.id.first == SEAL;
            position.start = EntryId {
                second: entry.id.second.saturating_add(1),
                ..entry.id
            };
        }
        let is_full = entries >= position.count;
        if let Some(size) = (reply.len() as u64).checked_div(entries) {
            let count = REPLY_BYTES / size.max(1);
            position.count = count.min(position.count * 8).clamp(1, MAX_COUNT);
        }
        Ok(is_full && !position.is_sealed)
    }

    async fn append(&mut self, batch: Vec<NewRecord>) -> Result<(), PassError> {
        self.writer.run(move |writer| writer.append(&batch)).await?;
        Ok(())
    }

    async fn connected(&mut self) -> Result<Connection, RedisError> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.store.open().await,
        }
    }
}

/// Returns the last state of a scan, and its entry.
fn last_state(reply: &[u8]) -> Option<(EntryId, ScanState)> {
    let entry = EntryScanner::of_range(reply).ok()?.next_entry().ok()??;
    let state = ScanState::from_number(parse_uint(entry.state?)?);
    Some((entry.id, state))
}
