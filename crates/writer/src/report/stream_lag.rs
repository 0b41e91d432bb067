//! How far the saving of each stream of a scan is behind its publisher.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How far the saving of a stream is behind, as it was measured last: once per second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamLag {
    /// Name of the stream.
    pub stream: String,
    /// Points that are published.
    pub published: u64,
    /// Points that are flushed to the files, including lost ones.
    pub stored: u64,
    /// Age of the oldest point that is published and not stored.
    pub age: Duration,
    /// Time until the server begins to drop points that are not stored, or to refuse new ones; `None` if that is
    /// not in sight.
    pub margin: Option<Duration>,
}

/// The streams of numbers of one scan.
#[derive(Debug, Default)]
pub(crate) struct StreamTable(Mutex<Vec<Arc<StreamFigures>>>);

/// The figures of one stream: what is stored comes from the writer thread, the rest from the hub that listens.
#[derive(Debug)]
pub(crate) struct StreamFigures {
    name: String,
    stored: AtomicU64,
    /// Index of the first point that the next process would read.
    needed: AtomicU64,
    measured: Mutex<Measured>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Measured {
    published: u64,
    age: Duration,
    margin: Option<Duration>,
}

/// The number of stored points of a stream of which nothing more will be stored, so that nothing is unread.
const ABANDONED: u64 = u64::MAX;

impl StreamTable {
    /// Returns the figures of the stream of this name, which are zero when it is named for the first time.
    pub fn stream(&self, name: &str) -> Arc<StreamFigures> {
        let mut streams = self.streams();
        if let Some(stream) = streams.iter().find(|stream| stream.name == name) {
            return stream.clone();
        }
        let stream = Arc::new(StreamFigures {
            name: name.to_owned(),
            stored: AtomicU64::new(0),
            needed: AtomicU64::new(0),
            measured: Mutex::default(),
        });
        streams.push(stream.clone());
        stream
    }

    /// Returns the lags of all streams, in the order in which they were named.
    pub fn lags(&self) -> Vec<StreamLag> {
        self.streams().iter().map(|stream| stream.lag()).collect()
    }

    fn streams(&self) -> MutexGuard<'_, Vec<Arc<StreamFigures>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StreamFigures {
    /// Sets the number of points that are flushed to the files, and the index of the first point that the next
    /// process would read to continue them.
    pub fn set_stored(&self, points: u64, needed: u64) {
        self.stored.store(points, Ordering::Relaxed);
        self.needed.store(needed, Ordering::Relaxed);
    }

    /// Notes that nothing more of the stream will be stored.
    pub fn abandon(&self) {
        self.set_stored(ABANDONED, ABANDONED);
    }

    /// Returns the index of the first point that the next process would read, or `None` if it needs nothing more.
    pub fn needed(&self) -> Option<u64> {
        Some(self.needed.load(Ordering::Relaxed)).filter(|needed| *needed != ABANDONED)
    }

    /// Returns the index of the first point that is not stored.
    pub fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    /// Sets what was measured.
    pub fn set_measured(&self, published: u64, age: Duration, margin: Option<Duration>) {
        *self.measured() = Measured {
            published,
            age,
            margin,
        };
    }

    fn lag(&self) -> StreamLag {
        let measured = *self.measured();
        StreamLag {
            stream: self.name.clone(),
            published: measured.published,
            stored: match self.stored() {
                ABANDONED => measured.published,
                stored => stored,
            },
            age: measured.age,
            margin: measured.margin,
        }
    }

    fn measured(&self) -> MutexGuard<'_, Measured> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_known_by_their_names() {
        let table = StreamTable::default();
        table.stream("diode").set_stored(3, 0);
        let margin = Some(Duration::from_secs(50));
        let age = Duration::from_secs(2);
        table.stream("diode").set_measured(10, age, margin);
        table.stream("broken").set_measured(4, age, None);
        table.stream("broken").abandon();
        let lag = |stream: &str, published, stored, margin| StreamLag {
            stream: stream.to_owned(),
            published,
            stored,
            age,
            margin,
        };
        let expected = [lag("diode", 10, 3, margin), lag("broken", 4, 4, None)];
        assert_eq!(table.lags(), expected);
        assert_eq!(table.stream("diode").needed(), Some(0));
        assert_eq!(table.stream("broken").needed(), None);
    }
}
