//! Collects the events of one reply: small entries in common blocks, large ones without copy.

use bytes::Bytes;

use super::event::{PointBlock, ReaderEvent, StreamId};

/// Payloads from this size on are worth a block of their own that refers to the reply.
const SLICE: usize = 4096;

/// Events that come out of one reply.
pub(super) struct EventCollector<'a> {
    reply: &'a Bytes,
    events: &'a mut Vec<ReaderEvent>,
    open: Option<Open>,
    /// Places in `events` of the blocks that refer to the reply, and their bytes.
    slices: Vec<usize>,
    sliced: usize,
}

/// A block that still grows.
struct Open {
    stream: StreamId,
    first: u64,
    count: u64,
    shape: Option<Box<[u64]>>,
    data: Vec<u8>,
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

    /// Adds points, which follow those added last when that was the same stream. `more` is the
    /// number of entries that are still to come, to make room for them at once.
    #[inline]
    pub fn points(
        &mut self,
        stream: StreamId,
        first: u64,
        count: u64,
        shape: Option<&[u64]>,
        data: &[u8],
        more: usize,
    ) {
        if let Some(open) = &mut self.open
            && open.stream == stream
            && open.first + open.count == first
            && open.shape.as_deref() == shape
            && data.len() < SLICE
        {
            open.count += count;
            open.data.extend_from_slice(data);
            return;
        }
        self.flush();
        let shape = shape.map(Box::from);
        if data.len() >= SLICE {
            self.slices.push(self.events.len());
            self.sliced += data.len();
            let data = self.reply.slice_ref(data);
            self.events.push(ReaderEvent::Points(PointBlock {
                stream,
                first,
                count,
                shape,
                data,
            }));
        } else {
            let room = data
                .len()
                .saturating_mul(more.saturating_add(1))
                .min(self.reply.len());
            let mut gathered = Vec::with_capacity(room);
            gathered.extend_from_slice(data);
            self.open = Some(Open {
                stream,
                first,
                count,
                shape,
                data: gathered,
            });
        }
    }

    /// Adds another event, behind the points so far.
    pub fn event(&mut self, event: ReaderEvent) {
        self.flush();
        self.events.push(event);
    }

    /// The last event, when it may still be extended.
    pub fn last(&mut self) -> Option<&mut ReaderEvent> {
        self.flush();
        self.events.last_mut()
    }

    /// Ends the block that grows.
    pub fn flush(&mut self) {
        if let Some(Open {
            stream,
            first,
            count,
            shape,
            data,
        }) = self.open.take()
        {
            let data = data.into();
            self.events.push(ReaderEvent::Points(PointBlock {
                stream,
                first,
                count,
                shape,
                data,
            }));
        }
    }
}

impl Drop for EventCollector<'_> {
    /// Ends the collection, also of a reply that turned out to be broken: positions have moved
    /// behind these points already.
    fn drop(&mut self) {
        self.flush();
        // A reply that is mostly something else than the points which refer to it is not worth
        // keeping in memory for them.
        if self.sliced * 2 < self.reply.len() {
            for place in &self.slices {
                if let Some(ReaderEvent::Points(block)) = self.events.get_mut(*place) {
                    block.data = Bytes::copy_from_slice(&block.data);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(events: &[ReaderEvent]) -> Vec<(u64, u64, usize)> {
        let points = |event: &ReaderEvent| match event {
            ReaderEvent::Points(block) => (block.first, block.count, block.data.len()),
            other => panic!("{other:?}"),
        };
        events.iter().map(points).collect()
    }

    #[test]
    fn small_points_share_a_block() {
        let reply = Bytes::from(vec![0; 64]);
        let mut events = Vec::new();
        let mut collector = EventCollector::new(&reply, &mut events);
        collector.points(StreamId(0), 0, 1, None, &reply[..8], 9);
        collector.points(StreamId(0), 1, 2, None, &reply[..16], 9);
        collector.points(StreamId(0), 5, 1, None, &reply[..8], 9);
        collector.points(StreamId(1), 6, 1, None, &reply[..8], 9);
        collector.points(StreamId(1), 7, 1, Some(&[1]), &reply[..8], 9);
        drop(collector);
        assert_eq!(
            blocks(&events),
            [(0, 3, 24), (5, 1, 8), (6, 1, 8), (7, 1, 8)]
        );
    }

    #[test]
    fn large_points_refer_to_the_reply_when_they_are_most_of_it() {
        let refers = |reply_size: usize| {
            let reply = Bytes::from(vec![0; reply_size]);
            let mut events = Vec::new();
            let mut collector = EventCollector::new(&reply, &mut events);
            collector.points(StreamId(0), 0, 1, None, &reply[100..100 + SLICE], 0);
            collector.points(StreamId(0), 1, 1, None, &reply[..8], 0);
            drop(collector);
            assert_eq!(blocks(&events), [(0, 1, SLICE), (1, 1, 8)]);
            let ReaderEvent::Points(block) = &events[0] else {
                panic!("no points")
            };
            reply.as_ptr_range().contains(&block.data.as_ptr())
        };
        assert!(refers(2 * SLICE));
        assert!(!refers(2 * SLICE + 1));
    }
}
