//! Collects the events of one reply: small events in common blocks, large ones without a copy.

use std::sync::Arc;

use acquisition::DType;
use bytes::{Bytes, BytesMut};

use super::event::{PointBlock, ReaderEvent, StreamId};
use crate::points::PointData;

/// Data from this size on are worth a block of their own that refers to the reply.
const SLICE: usize = 4096;

/// Events that come out of one reply.
pub(super) struct EventCollector<'a> {
    reply: &'a Bytes,
    events: &'a mut Vec<ReaderEvent>,
    open: Option<OpenBlock>,
    /// Places in `events` of the blocks that refer to the reply, and their bytes.
    slices: Vec<usize>,
    sliced: usize,
}

/// A block that still grows.
struct OpenBlock {
    stream: StreamId,
    first: u64,
    count: u64,
    dtype: DType,
    shape: Arc<[u64]>,
    data: BytesMut,
}

/// Points of one event, to be added.
pub(super) struct NewPoints<'a> {
    pub stream: StreamId,
    pub first: u64,
    pub count: u64,
    pub dtype: DType,
    pub shape: Arc<[u64]>,
    pub data: PointData<'a>,
}

impl<'a> EventCollector<'a> {
    pub fn new(reply: &'a Bytes, events: &'a mut Vec<ReaderEvent>) -> EventCollector<'a> {
        EventCollector {
            reply,
            events,
            open: None,
            slices: Vec::new(),
            sliced: 0,
        }
    }

    /// The reply of which everything is a part.
    pub fn reply(&self) -> &'a Bytes {
        self.reply
    }

    /// Adds points, which follow those added last if those were of the same stream. `more` is the number of events that
    /// are still to come, to make room for them at once.
    #[inline]
    pub fn points(&mut self, points: NewPoints<'_>, more: usize) {
        let data = points.data.as_slice();
        if let Some(open) = &mut self.open
            && open.stream == points.stream
            && open.first + open.count == points.first
            && open.dtype == points.dtype
            && open.shape == points.shape
            && data.len() < SLICE
        {
            open.count += points.count;
            open.data.extend_from_slice(data);
            return;
        }
        self.begin(points, more);
    }

    fn begin(&mut self, points: NewPoints<'_>, more: usize) {
        self.flush();
        let NewPoints {
            stream,
            first,
            count,
            dtype,
            shape,
            data,
        } = points;
        let data = match data {
            PointData::Converted(data) if data.len() >= SLICE => data,
            PointData::InReply(data) if data.len() >= SLICE => {
                self.slices.push(self.events.len());
                self.sliced += data.len();
                self.reply.slice_ref(data)
            }
            small => {
                let small = small.as_slice();
                let room = small.len().saturating_mul(more.saturating_add(1));
                let mut data = BytesMut::with_capacity(room.min(self.reply.len()));
                data.extend_from_slice(small);
                self.open = Some(OpenBlock {
                    stream,
                    first,
                    count,
                    dtype,
                    shape,
                    data,
                });
                return;
            }
        };
        self.events.push(ReaderEvent::Points(PointBlock {
            stream,
            first,
            count,
            dtype,
            shape,
            data,
        }));
    }

    /// Adds another event, behind the points so far.
    pub fn event(&mut self, event: ReaderEvent) {
        self.flush();
        self.events.push(event);
    }

    /// Returns the last event, if it may still be extended.
    pub fn last(&mut self) -> Option<&mut ReaderEvent> {
        self.flush();
        self.events.last_mut()
    }

    /// Ends the block that grows.
    pub fn flush(&mut self) {
        if let Some(block) = self.open.take() {
            self.events.push(ReaderEvent::Points(PointBlock {
                stream: block.stream,
                first: block.first,
                count: block.count,
                dtype: block.dtype,
                shape: block.shape,
                data: block.data.freeze(),
            }));
        }
    }
}

impl Drop for EventCollector<'_> {
    /// Ends the collection, also of a reply that turned out to be broken: positions have moved behind these points
    /// already.
    fn drop(&mut self) {
        self.flush();
        // A reply that is mostly something else than the points which refer to it is not worth keeping in memory for
        // them.
        if self.sliced * 2 < self.reply.len() {
            for place in &self.slices {
                if let Some(ReaderEvent::Points(block)) = self.events.get_mut(*place) {
                    block.data = Bytes::copy_from_slice(&block.data);
                }
            }
        }
    }
}
