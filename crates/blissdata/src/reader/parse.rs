//! From the reply of a read to events.

use std::time::Instant;

use bytes::Bytes;
use redis_client::{RedisError, Value};

use super::event_collector::EventCollector;
use super::read_request::ReadRequest;
use super::{ScanReader, snapshot};
use crate::entries::{EntryReplyError, EntryScanner};

impl ScanReader {
    /// Turns a reply into events. Returns `true` if it had any news.
    pub(super) fn parse_reply(
        &mut self,
        request: ReadRequest,
        reply: &Bytes,
    ) -> Result<bool, RedisError> {
        if reply.first() == Some(&b'-') {
            return self.take_error(reply);
        }
        let outcome = self.take_streams(&request, reply);
        outcome.map_err(|error| RedisError::Protocol {
            server: "Redis".to_owned(),
            reason: error.to_string(),
        })
    }

    fn take_streams(
        &mut self,
        request: &ReadRequest,
        reply: &Bytes,
    ) -> Result<bool, EntryReplyError> {
        let mut out = EventCollector::new(reply, &mut self.ready);
        let mut scan = EntryScanner::of_xread(reply)?;
        // Streams without news are not in the reply; the others are in the order of the request.
        let mut asked = request.streams.iter().copied();
        let mut news = false;
        let mut full = false;
        while let Some(head) = scan.next_stream()? {
            news = true;
            let mut found = false;
            for stream in asked.by_ref() {
                let Some(cursor) = self.cursors.get_mut(stream) else {
                    continue;
                };
                if cursor.key.as_bytes() == head.key {
                    cursor.take(&mut scan, head.entries, &mut out)?;
                    full |= head.entries as u64 >= request.count && !cursor.ended;
                    found = true;
                    break;
                }
                if request.draining && !cursor.ended {
                    cursor.end_unsealed(&mut out);
                }
            }
            if !found && head.key == self.document.state_stream.as_bytes() {
                while let Some(entry) = scan.next_entry()? {
                    self.position = self.position.max(entry.id);
                    let state = entry.state.and_then(snapshot::parse_state);
                    let known = self.seen.unwrap_or(self.state);
                    self.seen = state.filter(|state| *state > known).or(self.seen);
                }
            }
        }
        for stream in asked {
            if let Some(cursor) = self.cursors.get_mut(stream)
                && request.draining
                && !cursor.ended
            {
                cursor.end_unsealed(&mut out);
            }
        }
        drop(out);
        self.batch_sizer
            .note(request.streams.len(), news, full, Instant::now());
        self.trickles = !full && request.waits();
        Ok(news)
    }

    fn take_error(&mut self, reply: &Bytes) -> Result<bool, RedisError> {
        let error = match Value::decode(reply) {
            Ok(Value::Error(error)) => error,
            _ => return Ok(false),
        };
        if error.code() == "WRONGTYPE" {
            self.wrong_type = true;
            return Ok(false);
        }
        Err(RedisError::Server {
            server: "Redis".to_owned(),
            command: "XREAD".to_owned(),
            source: error,
        })
    }
}
