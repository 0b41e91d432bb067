//! One pass of a recorder over the nodes and the streams of a scan.

use bytes::Bytes;
use coordination::host_name;
use redis_client::{Command, Connection, EntryId, Value};
use serde_json::json;
use spool::{BackgroundWriter, NewEntries, NewRecord, SpoolError, SpoolWriter};

use super::{PassError, RecordedState, Recorder, StreamPosition, Unread, UnreadStream};
use crate::event::EventScanner;
use crate::node::NodeInfo;
use crate::spool::nodes::SpooledNodes;
use crate::spool::points::recorded_entries;
use crate::spool::{ENDED, START};

/// Bytes from which on records are written before more is read.
const BATCH_BYTES: usize = 4 << 20;
/// Entries to ask for before it is known how large they are.
const FIRST_COUNT: u64 = 64;
/// The reply for a stream without entries.
const NO_ENTRIES: Bytes = Bytes::from_static(b"*0\r\n");

impl Recorder {
    /// Records what is new. Returns `true` if there is more.
    pub(super) async fn pass(&mut self, unread: &Unread) -> Result<bool, PassError> {
        // A full spool needs the room before anything can be added.
        self.reclaim(unread).await?;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.store.open().await?,
        };
        let state = self.state(&mut connection).await?;
        self.record_nodes(&mut connection, state, unread).await?;
        if self.writer.is_none() {
            // There is no such scan, and nothing is known of it.
            self.connection = Some(connection);
            return Ok(false);
        }
        self.find_positions(&mut connection, unread).await?;
        let has_ended = state == ENDED;
        let has_more = self
            .record_entries(&mut connection, unread, has_ended)
            .await?;
        self.connection = Some(connection);
        self.write(SpoolWriter::sync).await?;
        Ok(has_more)
    }

    /// Removes what is not unread any more.
    async fn reclaim(&mut self, unread: &Unread) -> Result<(), PassError> {
        if !self.writer.as_ref().is_some_and(BackgroundWriter::is_open) {
            return Ok(());
        }
        let points = unread.streams.iter().filter(|stream| stream.is_points);
        let needed: Vec<(String, u64)> = points
            .map(|stream| (stream.node.data(), stream.from))
            .collect();
        let is_needed = move |name: &str, end| {
            let mut needed = needed.iter();
            needed.any(|(stream, from)| stream == name && end > *from)
        };
        self.write(move |writer| writer.reclaim(is_needed)).await
    }

    /// Returns the number of the scan's state.
    async fn state(&self, connection: &mut Connection) -> Result<u8, PassError> {
        let last = |key: String| {
            let command = Command::new("XREVRANGE").arg(key);
            command.args(["+", "-", "COUNT", "1"])
        };
        let commands = [last(self.scan.prepared()), last(self.scan.end())];
        let replies = connection.pipeline(&commands).await?;
        let mut has_entries = replies.iter().map(|reply| {
            let entries = reply.as_ref().ok().and_then(Value::as_array);
            entries.is_some_and(|entries| !entries.is_empty())
        });
        let is_prepared = has_entries.next() == Some(true);
        Ok(match has_entries.next() {
            Some(true) => ENDED,
            _ => u8::from(is_prepared),
        })
    }

    /// Records the nodes if they or the state of the scan have changed since. Nodes that have expired stay recorded.
    async fn record_nodes(
        &mut self,
        connection: &mut Connection,
        state: u8,
        unread: &Unread,
    ) -> Result<(), PassError> {
        let present = RecordedState {
            state,
            nodes: unread.nodes.len(),
        };
        if self.recorded == Some(present) {
            return Ok(());
        }
        let mut keys = vec![self.scan.clone()];
        keys.extend(self.scan.ancestors());
        keys.extend(unread.nodes.iter().cloned());
        for key in &keys {
            for command in SpooledNodes::commands(key) {
                connection.queue(&command);
            }
        }
        for key in &keys {
            let identity = connection.receive_raw().await?;
            let info = connection.receive_raw().await?;
            let parameters = connection.receive_raw().await?;
            if *key == self.scan && self.writer.is_none() {
                self.writer = self.writer_of(&info);
            }
            self.nodes.set(key, [identity, info, parameters]);
        }
        let text = self.nodes.encode();
        self.append(vec![NewRecord::Document { state, text }])
            .await?;
        self.recorded = Some(present);
        Ok(())
    }

    /// Returns the writer for a scan with this info. Returns `None` if neither Redis nor the spool has it.
    fn writer_of(&self, info: &Bytes) -> Option<BackgroundWriter> {
        let info = Value::decode(info).ok();
        let info = info.map_or_else(NodeInfo::default, |info| NodeInfo::of_reply(&info));
        if info.is_empty() && !self.spool.exists() {
            return None;
        }
        let about = json!({
            "scan": self.scan.as_str(),
            "server": self.store.url().to_string(),
            "host": host_name(),
            "start": info.get(START).map(pickle::to_json),
        });
        Some(BackgroundWriter::new(&self.spool, about))
    }

    /// Finds out where the recording of streams begins: with the entry that has the first unread point, or where an
    /// earlier recorder has ended.
    async fn find_positions(
        &mut self,
        connection: &mut Connection,
        unread: &Unread,
    ) -> Result<(), PassError> {
        let is_new = |stream: &&UnreadStream| !self.streams.contains_key(&stream.node.data());
        let new: Vec<&UnreadStream> = unread.streams.iter().filter(is_new).collect();
        for stream in &new {
            // The first unread point may be inside of an event.
            let last = Command::new("XREVRANGE").arg(stream.node.data());
            let last = last.arg(stream.from.saturating_add(1).to_string());
            connection.queue(&last.args(["-", "COUNT", "1"]));
        }
        for stream in new {
            let reply = connection.receive_raw().await?;
            let recorded = self.spool.recorded_end(&stream.node.data());
            let begin = |point: u64| EntryId {
                first: point.saturating_add(1),
                second: 0,
            };
            let entry = EventScanner::of_range(&reply).and_then(|mut scan| scan.next_entry());
            let start = match entry {
                Ok(Some(entry)) if stream.from > recorded.end => entry.id,
                _ => begin(stream.from.max(recorded.end)),
            };
            let position = StreamPosition {
                start,
                count: FIRST_COUNT,
                has_ended: recorded.total.is_some(),
            };
            self.streams.insert(stream.node.data(), position);
        }
        Ok(())
    }

    /// Records the entries of streams. Returns `true` if there are more. `has_ended` is set if the scan had ended before.
    async fn record_entries(
        &mut self,
        connection: &mut Connection,
        unread: &Unread,
        has_ended: bool,
    ) -> Result<bool, PassError> {
        let mut asked = Vec::new();
        for stream in &unread.streams {
            let key = stream.node.data();
            let position = self.streams.get(&key).copied();
            let Some(position) = position.filter(|position| !position.has_ended) else {
                continue;
            };
            connection.queue(&Command::new("EXISTS").arg(&key));
            let range = Command::new("XRANGE").arg(&key);
            let range = range.arg(position.start.to_string()).arg("+");
            connection.queue(&range.arg("COUNT").arg(position.count));
            asked.push((key, stream.is_points, position));
        }
        let (mut batch, mut bytes, mut has_more) = (Vec::new(), 0, false);
        for (stream, is_points, mut position) in asked {
            let exists = connection.receive_raw().await?;
            let reply = connection.receive_raw().await?;
            // A key that is no stream has nothing to record.
            if reply.first() == Some(&b'-') {
                continue;
            }
            let entries = recorded_entries(&reply)?;
            let is_full = entries.count >= position.count;
            has_more |= is_full;
            let recorded = self.spool.recorded_end(&stream).end;
            position.advance(&entries, reply.len());
            position.has_ended = has_ended && !is_full;
            // Of a stream that has expired, nobody knows how long it was.
            let is_whole = position.has_ended && exists.as_ref() == b":1\r\n";
            let reached = position.start.first.saturating_sub(1).max(recorded);
            self.streams.insert(stream.clone(), position);
            if is_whole {
                // It has to be known as long as the spool is there, whatever becomes of the points.
                batch.push(NewRecord::Entries(NewEntries {
                    stream: stream.clone(),
                    is_points: false,
                    first: 0,
                    end: 0,
                    total: Some(reached.max(entries.end)),
                    reply: NO_ENTRIES,
                }));
            }
            if entries.end == 0 {
                continue;
            }
            bytes += reply.len();
            batch.push(NewRecord::Entries(NewEntries {
                stream,
                is_points,
                first: entries.first,
                end: entries.end,
                total: None,
                reply,
            }));
            if bytes > BATCH_BYTES {
                self.append(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
        }
        self.append(batch).await?;
        Ok(has_more)
    }

    async fn append(&mut self, batch: Vec<NewRecord>) -> Result<(), PassError> {
        match batch.is_empty() {
            true => Ok(()),
            false => self.write(move |writer| writer.append(&batch)).await,
        }
    }

    /// Writes into the spool, if it is known which scan it is.
    async fn write(
        &mut self,
        work: impl FnOnce(&mut SpoolWriter) -> Result<(), SpoolError> + Send + 'static,
    ) -> Result<(), PassError> {
        match &mut self.writer {
            Some(writer) => Ok(writer.run(work).await?),
            None => Ok(()),
        }
    }
}
