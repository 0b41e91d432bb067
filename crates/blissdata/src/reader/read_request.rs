//! One read over many streams.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use redis_client::{BatchSizer, Command};

use super::stream_cursor::StreamCursor;
use crate::entries::EntryId;

/// Longest wait of one read. Redis does not wake up readers of keys that expire, so that the scan
/// must be looked at now and then.
const BLOCK: Duration = Duration::from_millis(500);

/// An `XREAD`, as sent.
#[derive(Debug)]
pub(super) struct ReadRequest {
    /// Indices of the cursors, in the order of the command.
    pub streams: Vec<usize>,
    /// Whether it reads the stream of states, too.
    pub has_states: bool,
    /// Entries per stream.
    pub count: u64,
    /// Whether it began after the end of the scan: streams without news have ended then.
    pub draining: bool,
    positions: Vec<(String, EntryId)>,
    block: Option<Duration>,
}

impl ReadRequest {
    /// Plans a read of the cursors that have not ended, and of the stream of states if given.
    /// `None` when there is nothing to read.
    pub fn new(
        cursors: &[StreamCursor],
        states: Option<(&str, EntryId)>,
        batch_sizer: &mut BatchSizer,
        draining: bool,
    ) -> Option<ReadRequest> {
        let active: Vec<&StreamCursor> = cursors.iter().filter(|f| !f.ended).collect();
        let sizes: Vec<u64> = active.iter().map(|cursor| cursor.size).collect();
        let plan = batch_sizer.plan(&sizes, Instant::now());
        let chosen = || plan.streams.iter().filter_map(|stream| active.get(*stream));
        let mut positions: Vec<(String, EntryId)> = chosen()
            .map(|cursor| (cursor.key.clone(), cursor.after))
            .collect();
        positions.extend(states.map(|(key, position)| (key.to_owned(), position)));
        (!positions.is_empty()).then(|| ReadRequest {
            streams: chosen().map(|cursor| cursor.id.0).collect(),
            has_states: states.is_some(),
            count: plan.count,
            draining,
            positions,
            block: (plan.wait && !draining).then_some(BLOCK),
        })
    }

    /// Returns `true` if both read a stream.
    pub fn overlaps(&self, other: &ReadRequest) -> bool {
        let streams: HashSet<usize> = self.streams.iter().copied().collect();
        other.streams.iter().any(|stream| streams.contains(stream))
    }

    /// Whether Redis waits for news when there are none.
    pub fn waits(&self) -> bool {
        self.block.is_some()
    }

    /// The command to send.
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
