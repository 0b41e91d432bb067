//! Takes from the spool of a scan what Redis has lost.
//!
//! Events of a reader report points that Redis no longer has as lost, and the ends of streams that are gone as ends
//! without a seal. Before they are handed out, they are replaced by what the spool has, one record at a time, so that
//! memory does not depend on how much was lost.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use spool::{RecordPlace, ScanSpool};

use super::ScanReader;
use super::event::{LossReason, ReaderEvent, StreamId};
use super::event_collector::EventCollector;
use super::stream_cursor::StreamCursor;
use crate::document::{ScanDocument, ScanState};
use crate::entries::{EntryScanner, SEAL, parse_uint};
use crate::store::ScanKey;

/// The spool of a scan, and the events that wait for what it has.
#[derive(Default)]
pub(super) struct Refill {
    spool: Option<Arc<ScanSpool>>,
    waiting: VecDeque<ReaderEvent>,
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

    /// Returns the last document that the spool has, with the state of the scan before it was read.
    pub fn document(&self) -> Option<(ScanState, ScanDocument)> {
        let spool = self.spool.as_ref()?;
        let (state, text) = spool.document()?;
        let scan = ScanKey::from_pk(spool.scan());
        let state = ScanState::from_number(state.into());
        Some((state, ScanDocument::parse(&scan, &text).ok()?))
    }

    /// Adds events that Redis has delivered.
    pub fn add(&mut self, events: Vec<ReaderEvent>) {
        self.waiting.extend(events);
    }

    /// Returns the next events. Cancel-safe: an event leaves the queue when nothing is waited for any more.
    pub async fn next(&mut self, cursors: &[StreamCursor]) -> Vec<ReaderEvent> {
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
                Source::Reports(cursor, total, sealed) => {
                    let copy = all_reports(&spool, cursor).await;
                    self.waiting.pop_front();
                    let is_sealed = spool.recorded_end(&cursor.name).total.is_some();
                    events.extend(copy.progress_beyond(cursor));
                    events.push(ReaderEvent::End {
                        stream: cursor.id,
                        total: total.max(copy.acquired()),
                        sealed: sealed || is_sealed,
                    });
                }
            }
        }
        events
    }

    /// Hands out the lost points that a record has. The others wait.
    fn take_record(
        &mut self,
        cursor: &StreamCursor,
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

    /// Lets the points behind the end of a stream without a seal wait, and its end behind them.
    fn extend(&mut self, spool: &ScanSpool, cursor: &StreamCursor, total: u64) {
        let recorded = spool.recorded_end(&cursor.name);
        let end = recorded.total.unwrap_or(recorded.end).max(total);
        self.waiting.push_front(ReaderEvent::End {
            stream: cursor.id,
            total: end,
            sealed: recorded.total == Some(end),
        });
        if end > total {
            self.waiting.push_front(lost(cursor.id, total..end));
        }
    }
}

impl ScanReader {
    /// Sets the spool from which is taken what Redis has lost from now on.
    pub fn set_spool(&mut self, spool: Arc<ScanSpool>) {
        self.refill.spool = Some(spool);
    }

    /// Returns the host that has unread points of the scan in a spool, if it was another one when the scan was
    /// opened.
    pub fn spooled_on(&self) -> Option<&str> {
        self.spooled_on.as_deref()
    }
}

/// Where an event comes from.
enum Source<'a> {
    /// It is handed out as Redis has delivered it.
    Redis,
    /// The spool shows that it does not hold.
    Nothing,
    /// A record has some of these lost points.
    Record(&'a StreamCursor, Range<u64>, RecordPlace),
    /// The spool has more of a stream that seems to end with so many points, or its seal.
    Rest(&'a StreamCursor, u64),
    /// The spool may have reports of a detector whose stream ends with so many frames, with or without a seal.
    Reports(&'a StreamCursor, u64, bool),
}

fn source_of<'a>(
    spool: &ScanSpool,
    cursors: &'a [StreamCursor],
    event: &ReaderEvent,
) -> Source<'a> {
    match event {
        ReaderEvent::Lost {
            stream,
            first,
            count: count @ 1..,
            reason: LossReason::Trimmed,
        } => {
            let points = *first..first.saturating_add(*count);
            let found = cursors.get(stream.0).and_then(|cursor| {
                let place = spool.locate(&cursor.name, points.clone())?;
                Some(Source::Record(cursor, points, place))
            });
            found.unwrap_or(Source::Redis)
        }
        ReaderEvent::Lost {
            stream,
            reason: LossReason::StatusTrimmed,
            ..
        } => match cursors.get(stream.0) {
            Some(cursor) if spool.recorded_end(&cursor.name).end > cursor.reports() => {
                Source::Nothing
            }
            _ => Source::Redis,
        },
        ReaderEvent::End {
            stream,
            total,
            sealed,
        } => match cursors.get(stream.0) {
            Some(cursor) if cursor.is_progress() => {
                let recorded = spool.recorded_end(&cursor.name);
                match recorded.end > cursor.reports() || recorded.total.is_some() && !sealed {
                    true => Source::Reports(cursor, *total, *sealed),
                    false => Source::Redis,
                }
            }
            Some(cursor) if !sealed => {
                let recorded = spool.recorded_end(&cursor.name);
                let end = recorded.total.unwrap_or(recorded.end);
                match end > *total || recorded.total == Some(*total) {
                    true => Source::Rest(cursor, *total),
                    false => Source::Redis,
                }
            }
            _ => Source::Redis,
        },
        _ => Source::Redis,
    }
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
async fn read(spool: &Arc<ScanSpool>, cursor: &StreamCursor, place: RecordPlace) -> Option<Bytes> {
    let (spool, name) = (spool.clone(), cursor.name.clone());
    let read = tokio::task::spawn_blocking(move || spool.read(&name, place));
    read.await.ok().flatten()
}

/// Adds the events of these points. Returns the index behind the last of them.
fn replay(
    cursor: &StreamCursor,
    reply: &Bytes,
    points: Range<u64>,
    events: &mut Vec<ReaderEvent>,
) -> u64 {
    let mut copy = cursor.from(points.start);
    let mut out = EventCollector::new(reply, events);
    let Ok(mut scanner) = EntryScanner::of_range(reply) else {
        return points.start;
    };
    while let Ok(Some(entry)) = scanner.next_entry() {
        let count = entry.len.and_then(parse_uint).unwrap_or(1);
        let end = entry.id.first.saturating_add(count);
        if entry.id.first == SEAL || end > points.end {
            break;
        }
        copy.entry(&entry, 0, &mut out);
    }
    copy.end_record(&mut out);
    copy.next().min(points.end)
}

/// Returns a cursor that has read all reports of a detector that the spool has.
async fn all_reports(spool: &Arc<ScanSpool>, cursor: &StreamCursor) -> StreamCursor {
    let mut copy = cursor.from(0);
    let mut nothing = Vec::new();
    for place in spool.records(&cursor.name) {
        let Some(reply) = read(spool, cursor, place).await else {
            continue;
        };
        let mut out = EventCollector::new(&reply, &mut nothing);
        if let Ok(mut scanner) = EntryScanner::of_range(&reply) {
            while let Ok(Some(entry)) = scanner.next_entry() {
                if entry.id.first != SEAL {
                    copy.entry(&entry, 0, &mut out);
                }
            }
        }
    }
    copy
}
