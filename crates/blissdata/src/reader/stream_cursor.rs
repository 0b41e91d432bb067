//! One stream that is followed: from its entries to events, without gaps.

use observation::with_causes;
use redis_client::{ENTRY_OVERHEAD, estimate_entry_size};

use super::event::{LossReason, ReaderEvent, StreamId};
use super::event_collector::EventCollector;
use super::payload_format::PayloadFormat;
use crate::encoding::{PayloadError, VariableBatch};
use crate::entries::{Entry, EntryId, EntryReplyError, EntryScanner, SEAL, parse_uint};
use crate::json;
use crate::stream_kind::Progress;

/// A batch of more points than this is a broken number rather than a batch.
const MAX_BATCH: u64 = 1 << 32;

/// Position in one stream, and how to read it.
#[derive(Debug)]
pub(super) struct StreamCursor {
    pub id: StreamId,
    pub name: String,
    /// Redis key.
    pub key: String,
    /// Entry after which to read on.
    pub after: EntryId,
    /// Whether `next` may lie inside a batch, whose entry is before `after`.
    pub inside: bool,
    /// Estimated bytes of an entry in a reply.
    pub size: u64,
    /// No more events will come of this stream.
    pub ended: bool,
    /// Index of the point that is due.
    next: u64,
    format: PayloadFormat,
    /// An entry at `next` that cannot be read: the next entry shows how many points it had.
    corrupt: Option<CorruptEntry>,
    /// Of a detector: the greatest numbers reported to us, those that we passed on, and the index
    /// behind the last report that was understood.
    progress: Progress,
    reported: Progress,
    reports: u64,
}

#[derive(Debug)]
struct CorruptEntry {
    declared: u64,
    reason: String,
}

impl StreamCursor {
    /// Follows a stream from the point `from` on; a detector's stream always from its beginning.
    pub fn new(
        id: StreamId,
        name: &str,
        key: &str,
        format: PayloadFormat,
        from: u64,
    ) -> StreamCursor {
        let from = if format.is_progress() { 0 } else { from };
        StreamCursor {
            id,
            name: name.to_owned(),
            key: key.to_owned(),
            after: EntryId {
                first: from,
                second: 0,
            },
            inside: from > 0,
            size: format.entry_size() + ENTRY_OVERHEAD,
            ended: false,
            next: from,
            format,
            corrupt: None,
            progress: Progress::default(),
            reported: Progress::default(),
            reports: 0,
        }
    }

    /// Index of the next point.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Returns a cursor of the same stream that begins with another point.
    pub fn from(&self, point: u64) -> StreamCursor {
        StreamCursor::new(self.id, &self.name, &self.key, self.format.clone(), point)
    }

    /// Takes the entries of this stream in a reply.
    pub fn take(
        &mut self,
        scan: &mut EntryScanner<'_>,
        mut entries: usize,
        out: &mut EventCollector<'_>,
    ) -> Result<(), EntryReplyError> {
        let start = scan.position();
        let asked = entries as u64;
        while let Some(entry) = scan.next_entry()? {
            entries = entries.saturating_sub(1);
            self.entry(&entry, entries, out);
        }
        self.report_progress(out);
        out.flush();
        self.size = estimate_entry_size(self.size, (scan.position() - start) as u64, asked);
        Ok(())
    }

    /// Takes one entry; `more` are still to come.
    #[inline]
    pub fn entry(&mut self, entry: &Entry<'_>, more: usize, out: &mut EventCollector<'_>) {
        if self.ended {
            return;
        }
        if entry.id.first == SEAL {
            return self.seal(entry, out);
        }
        self.after = self.after.max(entry.id);
        let len = match entry.len {
            None => Some(1),
            Some(text) => parse_uint(text).filter(|len| (1..=MAX_BATCH).contains(len)),
        };
        let index = entry.id.first;
        let (Some(payload), Some(len)) = (entry.payload, len) else {
            let problem = if len.is_none() {
                "bad number of points"
            } else {
                "no payload"
            };
            return self.corrupt(index, 1, problem.to_owned(), out);
        };
        match &self.format {
            PayloadFormat::Fixed { point } => {
                let point = *point;
                if point.checked_mul(len) != Some(payload.len() as u64) {
                    let expected = point.saturating_mul(len);
                    let actual = payload.len() as u64;
                    let reason = PayloadError::Size {
                        actual,
                        expected,
                        points: len,
                    }
                    .to_string();
                    return self.corrupt(index, len, reason, out);
                }
                if let Some(skip) = self.arrive(index, len, out) {
                    let data = &payload[(skip * point) as usize..];
                    out.points(self.id, self.next, len - skip, None, data, more);
                    self.next = index.saturating_add(len);
                }
            }
            PayloadFormat::Variable { .. } => self.variable(index, len, payload, more, out),
            PayloadFormat::Json => self.json(index, len, payload, out),
            PayloadFormat::Progress(reader) => {
                let report = reader.read(payload, len);
                self.take_report(index, len, report);
            }
        }
    }

    /// Ends a stream that was not sealed.
    pub fn end_unsealed(&mut self, out: &mut EventCollector<'_>) {
        self.end_record(out);
        self.end(false, out);
    }

    /// Reports an entry that cannot be read, if it was the last one: no other shows how many points it had.
    pub fn end_record(&mut self, out: &mut EventCollector<'_>) {
        if let Some(corrupt) = &self.corrupt {
            self.advance_to(self.next.saturating_add(corrupt.declared), out);
        }
    }

    /// Returns `true` if the entries are reports of a detector.
    pub fn is_progress(&self) -> bool {
        self.format.is_progress()
    }

    /// Returns the index behind the last report of a detector that was understood.
    pub fn reports(&self) -> u64 {
        self.reports
    }

    /// Returns the number of frames that a detector has acquired.
    pub fn acquired(&self) -> u64 {
        self.progress.acquired
    }

    /// Returns the progress of a detector, if it is greater than what `other` has reported.
    pub fn progress_beyond(&self, other: &StreamCursor) -> Option<ReaderEvent> {
        let Progress { acquired, saved } = self.progress.max(other.reported);
        (self.progress.max(other.reported) != other.reported).then_some(ReaderEvent::Frames {
            stream: self.id,
            acquired,
            saved,
        })
    }

    /// Ends a stream whose key turned out to be none.
    pub fn wrong_type(&mut self, kind: &str, out: &mut EventCollector<'_>) {
        out.event(self.problem(LossReason::WrongType(kind.to_owned())));
        self.end(false, out);
    }

    fn variable(
        &mut self,
        index: u64,
        len: u64,
        payload: &[u8],
        more: usize,
        out: &mut EventCollector<'_>,
    ) {
        let PayloadFormat::Variable { item, shape } = &self.format else {
            return;
        };
        let item = *item;
        match VariableBatch::decode(payload, shape, item, len) {
            Err(error) => self.corrupt(index, len, with_causes(&error), out),
            Ok(batch) => {
                if let Some(skip) = self.arrive(index, len, out) {
                    // As many points of the same size are in the data as `len` says.
                    let from = batch.data.len() / len as usize * skip as usize;
                    let data = &batch.data[from..];
                    out.points(
                        self.id,
                        self.next,
                        len - skip,
                        Some(&batch.shape),
                        data,
                        more,
                    );
                    self.next = index.saturating_add(len);
                }
            }
        }
    }

    fn json(&mut self, index: u64, len: u64, payload: &[u8], out: &mut EventCollector<'_>) {
        if len != 1 {
            return self.corrupt(index, len, "a batch of json values".to_owned(), out);
        }
        let text = match (json::parse(payload), std::str::from_utf8(payload)) {
            (Ok(_), Ok(text)) => text.to_owned(),
            (Ok(_), Err(error)) => return self.corrupt(index, len, error.to_string(), out),
            (Err(error), _) => return self.corrupt(index, len, with_causes(&error), out),
        };
        if self.arrive(index, len, out).is_none() {
            return;
        }
        match out.last() {
            Some(ReaderEvent::Json {
                stream,
                first,
                texts,
            }) if *stream == self.id && *first + texts.len() as u64 == index => {
                texts.push(text);
            }
            _ => out.event(ReaderEvent::Json {
                stream: self.id,
                first: index,
                texts: vec![text],
            }),
        }
        self.next = index.saturating_add(1);
    }

    /// A detector's report. Reports that are lost do no harm as long as later ones come.
    fn take_report(&mut self, index: u64, len: u64, report: Result<Progress, String>) {
        self.next = index.saturating_add(len);
        match report {
            Ok(progress) => {
                self.progress = self.progress.max(progress);
                self.reports = self.next;
            }
            Err(problem) => {
                tracing::warn!(
                    stream = self.name,
                    index,
                    "unreadable progress report: {problem}"
                );
            }
        }
    }

    /// Makes ready for the points of an entry: reports the hole in front of them, and returns how
    /// many of them are known already; `None` when all are.
    #[inline]
    fn arrive(&mut self, index: u64, len: u64, out: &mut EventCollector<'_>) -> Option<u64> {
        if index == self.next && self.corrupt.is_none() {
            return Some(0);
        }
        if index >= self.next {
            self.advance_to(index, out);
            return Some(0);
        }
        // A batch that was read in part before, or one that overlaps the previous.
        Some(self.next - index).filter(|skip| *skip < len)
    }

    fn corrupt(&mut self, index: u64, declared: u64, reason: String, out: &mut EventCollector<'_>) {
        if index.saturating_add(declared) <= self.next {
            return;
        }
        self.advance_to(index.max(self.next), out);
        let declared = index.saturating_add(declared) - self.next;
        self.corrupt = Some(CorruptEntry { declared, reason });
    }

    /// Reports the points up to `index` as lost.
    fn advance_to(&mut self, index: u64, out: &mut EventCollector<'_>) {
        let corrupt = self.corrupt.take();
        if index > self.next || corrupt.is_some() {
            out.event(ReaderEvent::Lost {
                stream: self.id,
                first: self.next,
                count: index - self.next,
                reason: match corrupt {
                    Some(corrupt) => LossReason::Corrupt(corrupt.reason),
                    None => LossReason::Trimmed,
                },
            });
            self.next = index;
        }
    }

    fn seal(&mut self, seal: &Entry<'_>, out: &mut EventCollector<'_>) {
        let declared = seal.total.and_then(parse_uint);
        if self.format.is_progress() {
            self.report_progress(out);
            if declared.is_some_and(|total| total > self.reports) {
                out.event(self.problem(LossReason::StatusTrimmed));
            }
            return self.end(true, out);
        }
        match declared {
            Some(total) if total >= self.next => self.advance_to(total, out),
            declared => {
                if let Some(corrupt) = &self.corrupt {
                    self.advance_to(self.next.saturating_add(corrupt.declared), out);
                }
                let declared = declared.unwrap_or(0);
                out.event(self.problem(LossReason::InconsistentSeal { declared }));
            }
        }
        self.end(true, out);
    }

    fn end(&mut self, sealed: bool, out: &mut EventCollector<'_>) {
        self.ended = true;
        let total = if self.format.is_progress() {
            self.progress.acquired
        } else {
            self.next
        };
        out.event(ReaderEvent::End {
            stream: self.id,
            total,
            sealed,
        });
    }

    /// Reports the progress of a detector, if there was any.
    fn report_progress(&mut self, out: &mut EventCollector<'_>) {
        if self.progress != self.reported {
            self.reported = self.progress;
            let Progress { acquired, saved } = self.progress;
            out.event(ReaderEvent::Frames {
                stream: self.id,
                acquired,
                saved,
            });
        }
    }

    fn problem(&self, reason: LossReason) -> ReaderEvent {
        let first = if self.format.is_progress() {
            self.progress.acquired
        } else {
            self.next
        };
        ReaderEvent::Lost {
            stream: self.id,
            first,
            count: 0,
            reason,
        }
    }
}

#[cfg(test)]
mod tests;
