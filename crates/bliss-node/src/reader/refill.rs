//! Takes from the spool of a scan what Redis has lost.
//!
//! Events of a reader report points that Redis no longer has as lost, and end streams where Redis has ended them. Before
//! they are handed out, they are replaced by what the spool has, one record at a time, so that memory does not depend on
//! how much was lost.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use spool::{RecordPlace, ScanSpool};

use super::collector::EventCollector;
use super::cursor::DataCursor;
use super::event::{LossReason, ReaderEvent, StreamId};
use crate::event::EventScanner;
use crate::key::NodeKey;
use crate::spool::{SpooledNode, SpooledNodes};

/// The spool of a scan, and the events that wait for what it has.
#[derive(Default)]
pub(super) struct Refill {
    spool: Option<Arc<ScanSpool>>,
    waiting: VecDeque<ReaderEvent>,
}

/// Where an event comes from.
enum Source<'a> {
    /// It is handed out as Redis has delivered it.
    Redis,
    /// The spool shows that it does not hold.
    Nothing,
    /// A record has some of these lost points.
    Record(&'a DataCursor, Range<u64>, RecordPlace),
    /// The spool has more of a stream that seems to end with so many points.
    Rest(&'a DataCursor, u64),
    /// The spool has later states of a detector.
    Status(&'a DataCursor, RecordPlace),
}

impl Refill {
    pub fn new(spool: Option<Arc<ScanSpool>>) -> Refill {
        Refill {
            spool,
            waiting: VecDeque::new(),
        }
    }

    /// Returns `true` if no event waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Returns the nodes that were recorded, and the number of the scan's state.
    pub fn nodes(&self) -> Option<(u8, Vec<SpooledNode>)> {
        let (state, text) = self.spool.as_ref()?.document()?;
        Some((state, SpooledNodes::decode(&text)?))
    }

    /// Returns the recorded nodes with data that have this key, or are below it.
    pub fn nodes_at(&self, key: &NodeKey) -> Vec<SpooledNode> {
        let (_, mut nodes) = self.nodes().unwrap_or_default();
        nodes.retain(|node| {
            let found = &node.identity;
            found.node_type.has_data() && (found.key == *key || found.key.is_below(key))
        });
        nodes
    }

    /// Adds events that Redis has delivered.
    pub fn add(&mut self, events: Vec<ReaderEvent>) {
        self.waiting.extend(events);
    }

    /// Returns the next events. Cancel-safe: an event leaves the queue when nothing is waited for any more.
    pub async fn next(&mut self, cursors: &[DataCursor]) -> Vec<ReaderEvent> {
        let Some(spool) = self.spool.clone().filter(|spool| spool.exists()) else {
            return self.waiting.drain(..).collect();
        };
        let mut events = Vec::new();
        while let Some(event) = self.waiting.front() {
            let source = source_of(&spool, cursors, event);
            if matches!(source, Source::Redis) {
                events.extend(self.waiting.pop_front());
                continue;
            }
            // What is read may be large, so it is handed out alone.
            if !events.is_empty() {
                break;
            }
            match source {
                Source::Redis => {}
                Source::Nothing => {
                    self.waiting.pop_front();
                }
                Source::Record(cursor, points, place) => {
                    let reply = read(&spool, cursor, place).await;
                    self.waiting.pop_front();
                    self.take_record(cursor, points, place, reply, &mut events);
                    break;
                }
                Source::Rest(cursor, total) => {
                    self.waiting.pop_front();
                    self.extend(&spool, cursor, total);
                }
                Source::Status(cursor, place) => {
                    let reply = read(&spool, cursor, place).await;
                    self.waiting.pop_front();
                    let mut copy = cursor.copy_from(0);
                    if let Some(reply) = reply {
                        replay_states(&mut copy, &reply, &mut events);
                    }
                    events.push(copy.end());
                }
            }
        }
        events
    }

    /// Hands out the lost points that a record has. The others wait.
    fn take_record(
        &mut self,
        cursor: &DataCursor,
        points: Range<u64>,
        place: RecordPlace,
        reply: Option<Bytes>,
        events: &mut Vec<ReaderEvent>,
    ) {
        let from = points.start.max(place.first);
        if from > points.start {
            events.push(lost(cursor.id, points.start..from));
        }
        let mut next = reply.map_or(from, |reply| {
            replay(cursor, &reply, from..points.end, events)
        });
        if next == from {
            // The record has nothing that can be used, and must not be read again for ever.
            next = place.end.min(points.end);
            events.push(lost(cursor.id, from..next));
        }
        if next < points.end {
            self.waiting.push_front(lost(cursor.id, next..points.end));
        }
    }

    /// Lets the points behind the end of a stream wait, and its end behind them.
    fn extend(&mut self, spool: &ScanSpool, cursor: &DataCursor, total: u64) {
        let end = recorded_end(spool, cursor).max(total);
        self.waiting.push_front(ReaderEvent::End {
            stream: cursor.id,
            total: end,
        });
        if end > total {
            self.waiting.push_front(lost(cursor.id, total..end));
        }
    }
}

fn source_of<'a>(spool: &ScanSpool, cursors: &'a [DataCursor], event: &ReaderEvent) -> Source<'a> {
    let cursor = |stream: &StreamId| cursors.iter().find(|cursor| cursor.id == *stream);
    let source = match event {
        ReaderEvent::Lost {
            stream,
            first,
            count: count @ 1..,
            reason: LossReason::Trimmed,
        } => {
            let points = *first..first.saturating_add(*count);
            cursor(stream).and_then(|cursor| {
                let place = spool.locate(&cursor.key, points.clone())?;
                Some(Source::Record(cursor, points, place))
            })
        }
        ReaderEvent::Lost {
            stream,
            reason: LossReason::Vanished,
            ..
        } => cursor(stream)
            // It is known how long the stream was, so nothing is lost unnoticed.
            .filter(|cursor| spool.recorded_end(&cursor.key).total.is_some())
            .map(|_| Source::Nothing),
        ReaderEvent::End { stream, total } => cursor(stream).and_then(|cursor| {
            let recorded = recorded_end(spool, cursor);
            if cursor.is_lima() {
                // The identifiers of entries count the states, of which the last has everything.
                let last = spool.records(&cursor.key).pop()?;
                return (recorded > cursor.after.first).then_some(Source::Status(cursor, last));
            }
            (recorded > *total).then_some(Source::Rest(cursor, *total))
        }),
        _ => None,
    };
    source.unwrap_or(Source::Redis)
}

/// Returns the number of points that the stream had, as far as the spool knows.
fn recorded_end(spool: &ScanSpool, cursor: &DataCursor) -> u64 {
    let recorded = spool.recorded_end(&cursor.key);
    recorded.total.unwrap_or(recorded.end)
}

fn lost(stream: StreamId, points: Range<u64>) -> ReaderEvent {
    ReaderEvent::Lost {
        stream,
        first: points.start,
        count: points.end - points.start,
        reason: LossReason::Trimmed,
    }
}

/// Reads a record in a thread that may wait for the disk.
async fn read(spool: &Arc<ScanSpool>, cursor: &DataCursor, place: RecordPlace) -> Option<Bytes> {
    let (spool, key) = (spool.clone(), cursor.key.clone());
    let read = tokio::task::spawn_blocking(move || spool.read(&key, place));
    read.await.ok().flatten()
}

/// Adds the events of these points. Returns the index behind the last of them.
fn replay(
    cursor: &DataCursor,
    reply: &Bytes,
    points: Range<u64>,
    events: &mut Vec<ReaderEvent>,
) -> u64 {
    let mut copy = cursor.copy_from(points.start);
    let mut out = EventCollector::new(reply, events);
    let Ok(mut scanner) = EventScanner::of_range(reply) else {
        return points.start;
    };
    while let Ok(Some(entry)) = scanner.next_entry() {
        let recorded = crate::spool::points_of(&entry);
        if recorded.is_some_and(|(_, end)| end > points.end) {
            break;
        }
        copy.entry(&entry, 0, &mut out);
    }
    copy.next().min(points.end)
}

/// Adds the event of the last state of a detector.
fn replay_states(copy: &mut DataCursor, reply: &Bytes, events: &mut Vec<ReaderEvent>) {
    let mut out = EventCollector::new(reply, events);
    if let Ok(mut scanner) = EventScanner::of_range(reply)
        && copy.take(&mut scanner, 1, &mut out).is_err()
    {
        tracing::debug!(key = copy.key, "a record of the spool is not valid");
    }
}
