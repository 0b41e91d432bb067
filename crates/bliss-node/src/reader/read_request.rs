//! One read over many streams.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use redis_client::{BatchSizer, Command, EntryId};

use super::cursor::DataCursor;
use super::event::StreamId;

/// Longest wait of one read. Redis does not wake up readers of keys that expire, so that the keys must be looked at now
/// and then.
const BLOCK: Duration = Duration::from_millis(500);

/// How a read is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadKind {
    /// It waits for news.
    Waiting,
    /// It must be known at once if there are news.
    Immediate,
    /// The same after the end of the scan: no news come any more.
    Draining,
}

/// An `XREAD`, as sent.
#[derive(Debug)]
pub(super) struct ReadRequest {
    /// The followed streams in it.
    pub streams: Vec<StreamId>,
    /// Number of other streams in it.
    pub controls: usize,
    /// Set if all streams that were followed then are in it.
    pub is_complete: bool,
    /// Entries per stream.
    pub count: u64,
    /// Set if the read began after the end of the scan, and holds all streams that were followed then: if it has no
    /// news, nothing will ever come.
    pub is_last: bool,
    positions: Vec<(String, EntryId)>,
    block: Option<Duration>,
}

impl ReadRequest {
    /// Plans a read of the followed streams that have not ended, and of the other streams of a scan. Returns `None` if
    /// there is nothing to read.
    pub fn new(
        cursors: &[DataCursor],
        controls: Vec<(String, EntryId)>,
        batch_sizer: &mut BatchSizer,
        kind: ReadKind,
    ) -> Option<ReadRequest> {
        let active: Vec<&DataCursor> = cursors.iter().filter(|cursor| cursor.is_active()).collect();
        let sizes: Vec<u64> = active.iter().map(|cursor| cursor.size).collect();
        let plan = batch_sizer.plan(&sizes, Instant::now());
        let control_count = controls.len();
        let mut positions = controls;
        let chosen = || plan.streams.iter().filter_map(|stream| active.get(*stream));
        positions.extend(chosen().map(|cursor| (cursor.key.clone(), cursor.after)));
        (!positions.is_empty()).then(|| ReadRequest {
            streams: chosen().map(|cursor| cursor.id).collect(),
            controls: control_count,
            is_complete: plan.wait,
            count: plan.count,
            is_last: kind == ReadKind::Draining && plan.wait,
            positions,
            block: (plan.wait && kind == ReadKind::Waiting).then_some(BLOCK),
        })
    }

    /// Returns `true` if both read a stream.
    pub fn overlaps(&self, other: &ReadRequest) -> bool {
        let streams: HashSet<StreamId> = self.streams.iter().copied().collect();
        other.streams.iter().any(|stream| streams.contains(stream))
    }

    /// Returns `true` if Redis waits for news when there are none.
    pub fn waits(&self) -> bool {
        self.block.is_some()
    }

    /// Returns the command to send.
    pub fn command(&self) -> Command {
        let mut command = Command::new("XREAD").arg("COUNT").arg(self.count);
        if let Some(block) = self.block {
            command = command
                .arg("BLOCK")
                .arg(block.as_millis() as u64)
                .blocking(block);
        }
        let keys = self.positions.iter().map(|(key, _)| key.as_str());
        let ids = self.positions.iter().map(|(_, after)| after.to_string());
        command.arg("STREAMS").args(keys).args(ids)
    }
}
