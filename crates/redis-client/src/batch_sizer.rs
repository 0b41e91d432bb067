//! How much to ask of Redis at once.
//!
//! `XREAD` takes a number of entries per stream, while what matters is the size of the reply: large
//! enough to be efficient, small enough for bounded memory. So the size of the entries is estimated
//! per stream from those seen, and the count begins small and grows while replies are full.
//!
//! While they are, half of the streams are read at a time. Two reads in a row have no stream in common then, so that
//! the second can be sent before the reply to the first is looked at: Redis works on one half while we work on the
//! other.

use std::time::{Duration, Instant};

/// Wanted size of a reply, in bytes, unless memory is short.
const TARGET: u64 = 4 << 20;
const FIRST_COUNT: u64 = 4;
const GROWTH: u64 = 8;
const MAX_COUNT: u64 = 1 << 16;
/// After such a pause the streams may have a backlog of entries larger than any seen before.
const STALL: Duration = Duration::from_secs(1);
/// What an entry takes in a reply besides its payload, if its fields have short names.
pub const ENTRY_OVERHEAD: u64 = 64;

/// Controls the `COUNT` of the reads, and which streams take part.
#[derive(Debug)]
pub struct BatchSizer {
    /// Wanted size of a reply, in bytes.
    target: u64,
    limit: u64,
    read: Option<Instant>,
    /// Where the next turn begins, when not all streams can be read at once.
    turn: usize,
    /// Streams without news since the last that had some.
    quiet: usize,
    /// The last reply was full.
    is_behind: bool,
}

/// What to read next.
#[derive(Debug, PartialEq, Eq)]
pub struct ReadPlan {
    /// Streams to read, as indices of the sizes given.
    pub streams: Vec<usize>,
    /// Entries per stream.
    pub count: u64,
    /// Whether to wait for news: every stream takes part, or was found without news.
    pub wait: bool,
}

impl BatchSizer {
    /// Begins with a few entries per stream.
    pub fn new() -> BatchSizer {
        BatchSizer {
            target: TARGET,
            limit: FIRST_COUNT,
            read: None,
            turn: 0,
            quiet: 0,
            is_behind: false,
        }
    }

    /// Sets the wanted size of a reply in bytes, 4 MiB at first.
    pub fn set_target(&mut self, target: u64) {
        self.target = target;
    }

    /// Returns `true` if these many streams are read by halves at present.
    pub fn takes_halves(&self, streams: usize) -> bool {
        self.is_behind && streams > 1
    }

    /// Plans a read of streams whose entries are estimated to have these sizes.
    pub fn plan(&mut self, sizes: &[u64], now: Instant) -> ReadPlan {
        if self
            .read
            .is_some_and(|read| now.duration_since(read) > STALL)
        {
            self.limit = FIRST_COUNT;
        }
        let all: u64 = sizes.iter().sum();
        let takes_halves = self.takes_halves(sizes.len());
        if all <= self.target && !takes_halves {
            let count = (self.target / all.max(1)).clamp(1, self.limit);
            return ReadPlan {
                streams: (0..sizes.len()).collect(),
                count,
                wait: true,
            };
        }
        if self.quiet >= sizes.len() {
            return ReadPlan {
                streams: (0..sizes.len()).collect(),
                count: 1,
                wait: true,
            };
        }
        let (most, target) = match takes_halves {
            true => (sizes.len() / 2, self.target / 2),
            false => (sizes.len(), self.target),
        };
        let mut streams = Vec::new();
        let mut sum = 0;
        for step in 0..most {
            let stream = (self.turn + step) % sizes.len();
            if sum > 0 && sum + sizes[stream] > target {
                break;
            }
            sum += sizes[stream];
            streams.push(stream);
        }
        self.turn = (self.turn + streams.len()) % sizes.len();
        let count = (target / sum.max(1)).clamp(1, self.limit);
        ReadPlan {
            streams,
            count,
            wait: false,
        }
    }

    /// Notes a reply to a plan for `asked` streams: whether any had news, and whether any had as
    /// many entries as asked for.
    pub fn note(&mut self, asked: usize, news: bool, full: bool, now: Instant) {
        self.read = Some(now);
        self.quiet = if news { 0 } else { self.quiet + asked };
        self.is_behind = full;
        if full {
            self.limit = (self.limit * GROWTH).min(MAX_COUNT);
        }
    }
}

/// The new estimate of the size of a stream's entries, after `entries` of them took `bytes`. Grows
/// at once and falls slowly: underestimating costs memory, overestimating a little speed.
pub fn estimate_entry_size(old: u64, bytes: u64, entries: u64) -> u64 {
    match entries {
        0 => old,
        n => bytes.div_ceil(n).max(old - old / 8),
    }
}

impl Default for BatchSizer {
    fn default() -> BatchSizer {
        BatchSizer::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_grows_up_to_the_target() {
        let mut batch_sizer = BatchSizer::new();
        let now = Instant::now();
        let sizes = [64; 20];
        let mut counts = Vec::new();
        for _ in 0..6 {
            let plan = batch_sizer.plan(&sizes, now);
            // The first read is about all streams, those after a full reply about half of them.
            let expected = if counts.is_empty() {
                (20, true)
            } else {
                (10, false)
            };
            assert_eq!((plan.streams.len(), plan.wait), expected);
            counts.push(plan.count);
            batch_sizer.note(plan.streams.len(), true, true, now);
        }
        assert_eq!(counts, [4, 32, 256, 2048, 3276, 3276]);
        assert_eq!(batch_sizer.plan(&sizes, now + 2 * STALL).count, FIRST_COUNT);
    }

    #[test]
    fn two_reads_in_a_row_have_no_stream_in_common() {
        let now = Instant::now();
        for streams in 2..9 {
            let mut batch_sizer = BatchSizer::new();
            let sizes = vec![100; streams];
            batch_sizer.note(streams, true, true, now);
            let mut last = batch_sizer.plan(&sizes, now).streams;
            let mut seen = last.clone();
            for _ in 0..2 * streams {
                let next = batch_sizer.plan(&sizes, now).streams;
                assert!(
                    next.iter().all(|stream| !last.contains(stream)),
                    "{last:?}, {next:?}"
                );
                seen.extend(&next);
                last = next;
            }
            assert!(
                (0..streams).all(|stream| seen.contains(&stream)),
                "{seen:?}"
            );
        }
    }

    #[test]
    fn all_streams_are_waited_for_when_a_reply_is_not_full() {
        let now = Instant::now();
        let mut batch_sizer = BatchSizer::new();
        batch_sizer.note(4, true, true, now);
        assert!(!batch_sizer.plan(&[100; 4], now).wait);
        batch_sizer.note(2, true, false, now);
        let plan = batch_sizer.plan(&[100; 4], now);
        assert_eq!((plan.streams, plan.wait), (vec![0, 1, 2, 3], true));
    }

    #[test]
    fn large_entries_take_turns() {
        let mut batch_sizer = BatchSizer::new();
        let now = Instant::now();
        let sizes = [3 << 20, 8 << 20, 1 << 20, 1 << 20];
        let mut turn = |news| {
            let plan = batch_sizer.plan(&sizes, now);
            batch_sizer.note(plan.streams.len(), news, news, now);
            (plan.streams, plan.count, plan.wait)
        };
        assert_eq!(turn(true), (vec![0], 1, false));
        assert_eq!(turn(false), (vec![1], 1, false));
        assert_eq!(turn(false), (vec![2, 3], 2, false));
        assert_eq!(turn(false), (vec![0], 1, false));
        // No stream has news: wait for all of them together.
        assert_eq!(turn(true), (vec![0, 1, 2, 3], 1, true));
        assert_eq!(turn(true), (vec![1], 1, false));
    }

    #[test]
    fn a_smaller_target_asks_for_fewer_entries_of_fewer_streams() {
        let now = Instant::now();
        let mut batch_sizer = BatchSizer::new();
        batch_sizer.set_target(1000);
        batch_sizer.note(1, true, false, now);
        assert_eq!(batch_sizer.plan(&[100; 5], now).count, 2);
        let plan = batch_sizer.plan(&[400; 5], now);
        assert_eq!((plan.streams, plan.count), (vec![0, 1], 1));
    }

    #[test]
    fn estimates_grow_at_once_and_fall_slowly() {
        assert_eq!(estimate_entry_size(80, 8000, 10), 800);
        assert_eq!(estimate_entry_size(800, 80, 1), 700);
        assert_eq!(estimate_entry_size(800, 0, 0), 800);
    }
}
