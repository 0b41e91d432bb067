//! What the answers to a reader's questions mean.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use observation::with_causes;
use redis_client::{RedisError, Value};

use super::collector::EventCollector;
use super::question::{Question, answer};
use super::stream::StreamDescription;
use super::{Deletion, ImageParameters, LossReason, ReaderEvent, ScanReader, ScanState, StreamId};
use crate::event::EventScanner;
use crate::key::NodeKey;
use crate::lima::LimaImages;
use crate::node::{NodeIdentity, NodeInfo, NodeType};

impl ScanReader {
    /// Uses the answers to all questions, and completes the events of the reply that raised them.
    pub(super) fn use_answers(&mut self) -> Result<(), RedisError> {
        let mut node = None;
        let mut missing = HashSet::new();
        let mut lost = Vec::new();
        for (question, reply) in self.questions.take() {
            match question {
                Question::Inside(stream, ..) => self.enter(stream, &reply)?,
                Question::Type(stream, _) => self.note_type(stream, &reply),
                Question::Node(key) => {
                    let reply = self.answer("HMGET", &reply)?;
                    node = NodeIdentity::of_reply(&key, &reply);
                }
                Question::NodeInfo(key) => {
                    let info = NodeInfo::of_reply(&self.answer("HGETALL", &reply)?);
                    self.announce(&key, node.take(), info);
                }
                Question::ScanInfo => {
                    let info = NodeInfo::of_reply(&self.answer("HGETALL", &reply)?);
                    // An info that has expired does not replace what is known.
                    if !info.is_empty() {
                        self.info = info;
                    }
                }
                Question::Images(stream, _) => {
                    if let Value::Text(pickle) = self.answer("LINDEX", &reply)? {
                        self.note_images(stream, pickle);
                    }
                }
                Question::Life => {
                    if self.answer("EXISTS", &reply)?.as_int() == Some(0) {
                        tracing::warn!(scan = %self.scan.key, "the scan was deleted before it ended");
                        self.deletion = Deletion::Draining;
                    }
                }
                Question::StreamCount(keys) => {
                    let found = self.answer("EXISTS", &reply)?.as_int();
                    if found != i64::try_from(keys.len()).ok() {
                        lost.extend(keys);
                    }
                }
                Question::Stream(stream, _) => {
                    if self.answer("EXISTS", &reply)?.as_int() == Some(0) {
                        missing.insert(stream);
                    }
                }
            }
        }
        if std::mem::take(&mut self.is_preparing) {
            self.known_state = ScanState::Prepared;
            self.ready.push(ReaderEvent::State(ScanState::Prepared));
        }
        self.ready.append(&mut self.collected);
        self.report_missing(&missing);
        if std::mem::take(&mut self.is_ending) {
            self.report_end();
        }
        self.ask_for_streams(lost);
        Ok(())
    }

    /// Adds a node that was announced.
    fn announce(&mut self, key: &NodeKey, node: Option<NodeIdentity>, info: NodeInfo) {
        let Some(node) = node else {
            tracing::debug!(%key, "a node was announced that does not exist any more");
            return self.announce_spooled(key);
        };
        if !node.key.is_below(&self.scan.key) {
            tracing::warn!(%key, scan = %self.scan.key, "a node was announced that is not of the scan");
            return;
        }
        match node.node_type {
            NodeType::Device | NodeType::Container => self.controls.add_device(&node.key),
            kind if kind.has_data() => {
                if self.streams.iter().any(|stream| stream.key == node.key) {
                    return;
                }
                self.add_stream(node, info);
            }
            // Scans are not inside of each other.
            _ => tracing::warn!(%key, scan = %self.scan.key, "a scan inside of a scan is ignored"),
        }
    }

    /// Adds a stream. Returns its identifier.
    pub(super) fn add_stream(&mut self, node: NodeIdentity, info: NodeInfo) -> StreamId {
        let id = StreamId(self.streams.len());
        let stream = StreamDescription::new(id, &self.scan.key, node, info);
        self.streams.push(stream);
        self.ready.push(ReaderEvent::Stream(id));
        id
    }

    /// Notes where a detector saves its images.
    pub(super) fn note_images(&mut self, stream: StreamId, pickle: Bytes) {
        let known = self.images.get(&stream);
        if known.is_some_and(|known| known.pickle == pickle) {
            return;
        }
        let images = LimaImages::decode(&pickle).map(Arc::new);
        let images = images.inspect_err(|error| {
            let name = self
                .streams
                .get(stream.0)
                .map(|stream| stream.name.as_str());
            tracing::warn!(scan = %self.scan.key, name, "{}", with_causes(error));
        });
        let parameters = ImageParameters {
            pickle,
            images: images.ok(),
        };
        self.images.insert(stream, parameters);
    }

    /// Takes the event that holds the first points of a stream which does not begin with the first.
    fn enter(&mut self, stream: StreamId, reply: &Bytes) -> Result<(), RedisError> {
        let cursor = self.cursors.iter_mut().find(|cursor| cursor.id == stream);
        let Some(cursor) = cursor else {
            return Ok(());
        };
        cursor.inside = false;
        if reply.first() == Some(&b'-') {
            // The read of the stream tells what is wrong with it.
            return Ok(());
        }
        let mut out = EventCollector::new(reply, &mut self.collected);
        let entered = EventScanner::of_range(reply).and_then(|mut scanner| {
            if let Some(entry) = scanner.next_entry()? {
                cursor.entry(&entry, 0, &mut out);
            }
            Ok(())
        });
        drop(out);
        entered.map_err(|error| self.unexpected(error.to_string()))
    }

    /// Ends a stream whose key is not one of a stream.
    fn note_type(&mut self, stream: StreamId, reply: &Bytes) {
        let is_error = matches!(self.answer("XREVRANGE", reply), Err(error) if error
            .server_error()
            .is_some_and(|error| error.code() == "WRONGTYPE"));
        let cursor = self.cursors.iter_mut().find(|cursor| cursor.id == stream);
        if let (true, Some(cursor)) = (is_error, cursor) {
            self.has_wrong_type = false;
            self.collected.push(cursor.problem(LossReason::WrongType));
            self.collected.push(cursor.end());
        }
    }

    /// Asks which of the streams do not exist.
    fn ask_for_streams(&mut self, keys: Vec<String>) {
        for key in keys {
            let cursor = self.cursors.iter().find(|cursor| cursor.key == key);
            if let Some(cursor) = cursor.filter(|cursor| !cursor.ended) {
                self.questions.add(Question::Stream(cursor.id, key));
            }
        }
    }

    /// Reports the streams that do not exist, once.
    fn report_missing(&mut self, missing: &HashSet<StreamId>) {
        for cursor in &mut self.cursors {
            if missing.contains(&cursor.id) && !cursor.vanished && !cursor.ended {
                cursor.vanished = true;
                self.ready.push(cursor.problem(LossReason::Vanished));
            }
        }
    }

    /// Reports the end of the streams, and then that of the scan.
    fn report_end(&mut self) {
        for cursor in self.cursors.iter_mut().filter(|cursor| cursor.is_active()) {
            self.ready.push(cursor.end());
        }
        if self.deletion == Deletion::Draining {
            self.deletion = Deletion::Done;
            self.ready.push(ReaderEvent::Deleted);
        } else if self.known_state != ScanState::Ended {
            self.known_state = ScanState::Ended;
            self.ready.push(ReaderEvent::State(ScanState::Ended));
        }
    }

    fn answer(&self, command: &str, reply: &Bytes) -> Result<Value, RedisError> {
        let server = self.connection.store().url().to_string();
        answer(&server, command, reply)
    }
}
