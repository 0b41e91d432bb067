//! One stream that is followed: from its entries to events, without gaps.

use std::sync::Arc;

use bytes::Bytes;
use observation::with_causes;
use redis_client::{ENTRY_OVERHEAD, EntryId, EntryReplyError, estimate_entry_size};

use super::collector::{EventCollector, NewPoints};
use super::event::{LossReason, ReaderEvent, StreamId};
use crate::event::{Description, Entry, Event, EventScanner, first_point, parse_count};
use crate::key::NodeKey;
use crate::lima::LimaStatus;
use crate::node::NodeType;
use crate::points::{Conversion, PointData, PointDecoder, Points};

/// Bytes that the pickles of an event of one number take.
const FIRST_SIZE: u64 = 256;

/// Position in one stream, and how to read it.
#[derive(Debug)]
pub(super) struct DataCursor {
    pub id: StreamId,
    /// Redis key.
    pub key: String,
    /// Entry after which to read on.
    pub after: EntryId,
    /// Whether `next` may lie inside an event, whose entry is before `after`.
    pub inside: bool,
    /// Estimated bytes of an entry in a reply.
    pub size: u64,
    /// No more events will come of this stream.
    pub ended: bool,
    /// The key was found not to exist, and no entry has come since.
    pub vanished: bool,
    /// Index of the point that is due.
    next: u64,
    content: Content,
}

/// What the entries are.
#[derive(Debug)]
enum Content {
    Points {
        decoder: PointDecoder,
        known: Arc<Description>,
        /// The conversion of numbers that was reported last.
        conversion: Option<Conversion>,
        are_references: bool,
    },
    Lima(LimaStatus),
}

impl DataCursor {
    /// Follows a stream from the point `from` on; the stream of a detector always from its beginning.
    pub fn new(
        id: StreamId,
        key: &NodeKey,
        node_type: NodeType,
        known: Arc<Description>,
        from: u64,
    ) -> DataCursor {
        let (content, from) = match node_type {
            NodeType::Lima => (Content::Lima(LimaStatus::default()), 0),
            _ => {
                let content = Content::Points {
                    decoder: known
                        .element
                        .map_or_else(PointDecoder::new, PointDecoder::with_type),
                    conversion: None,
                    known,
                    are_references: node_type == NodeType::References,
                };
                (content, from)
            }
        };
        DataCursor {
            id,
            key: key.data(),
            after: EntryId {
                first: from,
                second: 0,
            },
            inside: from > 0,
            size: FIRST_SIZE + ENTRY_OVERHEAD,
            ended: false,
            vanished: false,
            next: from,
            content,
        }
    }

    /// Returns a cursor of the same stream that reads entries from elsewhere, from the point `next` on.
    pub fn copy_from(&self, next: u64) -> DataCursor {
        let content = match &self.content {
            Content::Points {
                decoder,
                known,
                conversion,
                are_references,
            } => Content::Points {
                decoder: match decoder.element().or(known.element) {
                    Some(element) => PointDecoder::with_type(element),
                    None => PointDecoder::new(),
                },
                known: known.clone(),
                conversion: *conversion,
                are_references: *are_references,
            },
            Content::Lima(status) => Content::Lima(status.clone()),
        };
        DataCursor {
            key: self.key.clone(),
            ended: false,
            next,
            content,
            ..*self
        }
    }

    /// Returns `true` if the stream is to be read with the others.
    pub fn is_active(&self) -> bool {
        !self.ended && !self.inside
    }

    /// Returns `true` if it is not known yet what the stream has around its first point.
    pub fn is_entering(&self) -> bool {
        self.inside && !self.ended
    }

    /// Returns the index of the next point; of a detector, the number of images that were acquired.
    pub fn next(&self) -> u64 {
        match &self.content {
            Content::Points { .. } => self.next,
            Content::Lima(status) => status.acquired,
        }
    }

    /// Returns `true` if the entries are states of a detector.
    pub fn is_lima(&self) -> bool {
        matches!(self.content, Content::Lima(_))
    }

    /// Takes the entries of this stream in a reply.
    pub fn take<'a>(
        &mut self,
        scanner: &mut EventScanner<'a>,
        mut entries: usize,
        out: &mut EventCollector<'a>,
    ) -> Result<(), EntryReplyError> {
        let (start, asked) = (scanner.position(), entries as u64);
        let mut status = None;
        while let Some(entry) = scanner.next_entry()? {
            entries = entries.saturating_sub(1);
            match entry.event {
                Event::LimaStatus { status: pickle } if self.is_lima() => {
                    self.after = self.after.max(entry.id);
                    status = Some(pickle);
                }
                _ => self.entry(&entry, entries, out),
            }
        }
        // Each state replaces the one before.
        if let Some(pickle) = status.filter(|_| !self.ended) {
            self.status(&out.reply().slice_ref(pickle), out);
        }
        out.flush();
        self.vanished &= asked == 0;
        self.size = estimate_entry_size(self.size, (scanner.position() - start) as u64, asked);
        Ok(())
    }

    /// Takes one entry; `more` are still to come.
    #[inline]
    pub fn entry<'a>(&mut self, entry: &Entry<'a>, more: usize, out: &mut EventCollector<'a>) {
        if self.ended {
            return;
        }
        self.after = self.after.max(entry.id);
        let Event::ChannelData {
            description,
            count,
            data,
        } = entry.event
        else {
            return;
        };
        let Content::Points {
            decoder,
            known,
            conversion,
            are_references,
        } = &mut self.content
        else {
            return;
        };
        let Some(first) = first_point(entry.id) else {
            return;
        };
        let Some(count) = parse_count(count) else {
            let problem = "its number of points is not valid".to_owned();
            return self.corrupt(first, 1, problem, out);
        };
        if first.saturating_add(count) <= self.next {
            return;
        }
        let points = match decoder.decode(out.reply(), description, count, data) {
            Ok(points) => points,
            Err(error) => return self.corrupt(first, count, with_causes(&error), out),
        };
        if decoder.take_change()
            && let Some(changed) = changed(known, decoder)
        {
            *known = Arc::new(changed);
            out.event(ReaderEvent::Described {
                stream: self.id,
                description: known.clone(),
            });
        }
        if let Some(new) = decoder.take_conversion()
            && *conversion != Some(new)
        {
            *conversion = Some(new);
            out.event(ReaderEvent::Converted {
                stream: self.id,
                conversion: new,
            });
        }
        let are_references = *are_references;
        self.deliver(first, count, points, are_references, more, out);
    }

    /// Delivers what is not known yet of the points of an event.
    #[inline]
    fn deliver<'a>(
        &mut self,
        first: u64,
        count: u64,
        points: Points<'a>,
        are_references: bool,
        more: usize,
        out: &mut EventCollector<'a>,
    ) {
        if first > self.next {
            self.lose(first - self.next, LossReason::Trimmed, out);
        }
        // An event that was read in part before, or one that overlaps the one before.
        let skip = self.next - first;
        let stream = self.id;
        let next = self.next;
        match points {
            Points::Numbers { dtype, shape, data } => {
                let points = NewPoints {
                    stream,
                    first: next,
                    count: count - skip,
                    dtype,
                    shape,
                    data: without_first(data, skip, count),
                };
                out.points(points, more);
            }
            Points::References(keys) => self.references(skip, keys, out),
            Points::Texts { texts, .. } if are_references => self.references(skip, texts, out),
            Points::Texts { shape, mut texts } => {
                texts.drain(..texts.len() / count as usize * skip as usize);
                let count = count - skip;
                match out.last() {
                    Some(ReaderEvent::Texts {
                        stream: last,
                        first,
                        count: known,
                        shape: known_shape,
                        texts: known_texts,
                    }) if *last == stream && *first + *known == next && *known_shape == shape => {
                        *known += count;
                        known_texts.append(&mut texts);
                    }
                    _ => out.event(ReaderEvent::Texts {
                        stream,
                        first: next,
                        count,
                        shape,
                        texts,
                    }),
                }
            }
        }
        self.next = first.saturating_add(count);
    }

    fn references(&mut self, skip: u64, mut keys: Vec<String>, out: &mut EventCollector<'_>) {
        keys.drain(..keys.len().min(skip as usize));
        match out.last() {
            Some(ReaderEvent::References {
                stream,
                first,
                keys: known,
            }) if *stream == self.id && *first + known.len() as u64 == self.next => {
                known.append(&mut keys);
            }
            _ => out.event(ReaderEvent::References {
                stream: self.id,
                first: self.next,
                keys,
            }),
        }
    }

    fn status(&mut self, pickle: &Bytes, out: &mut EventCollector<'_>) {
        match LimaStatus::decode(pickle) {
            Ok(status) => {
                out.event(ReaderEvent::LimaStatus {
                    stream: self.id,
                    status: status.clone(),
                });
                self.content = Content::Lima(status);
            }
            Err(error) => {
                let reason = LossReason::Corrupt(with_causes(&error));
                out.event(self.problem(reason));
            }
        }
    }

    /// Reports an event that cannot be read.
    #[cold]
    fn corrupt(&mut self, first: u64, count: u64, problem: String, out: &mut EventCollector<'_>) {
        let end = first.saturating_add(count);
        if first > self.next {
            self.lose(first - self.next, LossReason::Trimmed, out);
        }
        if end > self.next {
            self.lose(end - self.next, LossReason::Corrupt(problem), out);
        }
    }

    /// Reports points that are lost, and continues behind them.
    fn lose(&mut self, count: u64, reason: LossReason, out: &mut EventCollector<'_>) {
        out.event(ReaderEvent::Lost {
            stream: self.id,
            first: self.next,
            count,
            reason,
        });
        self.next += count;
    }

    /// Returns an event that reports a problem at the present place.
    pub fn problem(&self, reason: LossReason) -> ReaderEvent {
        ReaderEvent::Lost {
            stream: self.id,
            first: self.next(),
            count: 0,
            reason,
        }
    }

    /// Ends the stream.
    pub fn end(&mut self) -> ReaderEvent {
        self.ended = true;
        ReaderEvent::End {
            stream: self.id,
            total: self.next(),
        }
    }
}

/// Returns the description of the data, if it is another than the known one.
fn changed(known: &Description, decoder: &PointDecoder) -> Option<Description> {
    let published = decoder.description();
    let description = Description {
        is_reference: published.is_reference,
        // The type of a stream does not change: data are converted to it.
        element: decoder.element().or(known.element),
        shape: published.shape.clone().or_else(|| known.shape.clone()),
        unit: published.unit.clone().or_else(|| known.unit.clone()),
    };
    (description != *known).then_some(description)
}

/// Returns the data of an event of `count` points without the first `skip` of them.
#[inline]
fn without_first(data: PointData<'_>, skip: u64, count: u64) -> PointData<'_> {
    if skip == 0 {
        return data;
    }
    let from = data.as_slice().len() / count as usize * skip as usize;
    match data {
        PointData::InReply(data) => PointData::InReply(&data[from..]),
        PointData::Converted(data) => PointData::Converted(data.slice(from..)),
    }
}
