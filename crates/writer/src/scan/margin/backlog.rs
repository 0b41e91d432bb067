//! The entries of a stream that are unread, of a server that keeps only the last ones.

use std::time::Duration;

use super::spooling::MIN_AGE;

/// Age of the oldest unread point from which on a stream counts that does not grow: the server forgets the streams of a
/// scan some time after its end.
const MAX_AGE: Duration = Duration::from_secs(60);

/// What is known of the entries of a stream that a source has not taken.
#[derive(Debug, Default)]
pub struct Backlog {
    /// Index behind the last point that the present source has delivered, if it has delivered any.
    taken: Option<u64>,
    /// How far the stream was published when it was first seen.
    seen: Option<u64>,
    /// The smallest number of points in an entry that was seen.
    entry_points: Option<u64>,
}

impl Backlog {
    /// Notes that an entry has so many points.
    pub fn note_entry(&mut self, points: u64) {
        let smallest = self.entry_points.unwrap_or(points).min(points);
        self.entry_points = Some(smallest.max(1));
    }

    /// Notes how far the stream is published.
    pub fn note_published(&mut self, published: u64) {
        self.seen.get_or_insert(published);
    }

    /// Notes that the source has delivered all points before this one.
    pub fn take(&mut self, end: u64) {
        self.taken = Some(end);
    }

    /// Forgets what the source has delivered, because there is no source any more.
    pub fn forget_taken(&mut self) {
        self.taken = None;
    }

    /// Returns `true` if the server, which keeps so many entries, may soon drop some that are needed: points that no
    /// source has taken, or points that a source has taken long ago. If the files cannot take these, they have to be read
    /// again. Entries are only dropped when new ones come: a scan that has ended and is read now is in no danger.
    ///
    /// `published` points exist, and `stored` of them are in the files. `age` is that of the oldest one that is not.
    pub fn is_long(&self, kept: u64, published: u64, stored: u64, age: Duration) -> bool {
        let entries = |from: u64| published.saturating_sub(from) / self.entry_points.unwrap_or(1);
        let untaken = entries(self.taken.map_or(stored, |taken| taken.max(stored)));
        let is_growing = self.seen.is_some_and(|seen| published > seen);
        let is_crowded = untaken >= kept / 4 || age >= MIN_AGE && entries(stored) >= kept / 2;
        is_growing && is_crowded || age >= MAX_AGE && published > stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: u64 = 2048;

    fn growing() -> Backlog {
        let mut backlog = Backlog::default();
        backlog.note_published(0);
        backlog
    }

    #[test]
    fn entries_that_no_source_has_taken_are_counted() {
        let mut backlog = growing();
        let is_long =
            |backlog: &Backlog, published| backlog.is_long(KEPT, published, 0, Duration::ZERO);
        assert!(!is_long(&backlog, 511));
        assert!(is_long(&backlog, 512));
        backlog.take(1000);
        assert!(!is_long(&backlog, 1511));
        assert!(is_long(&backlog, 1512));
        backlog.note_entry(10);
        assert!(!is_long(&backlog, 6119));
        assert!(is_long(&backlog, 6120));
        // The smallest entries count.
        backlog.note_entry(5);
        backlog.note_entry(10);
        assert!(is_long(&backlog, 3560));
        backlog.forget_taken();
        assert!(is_long(&backlog, 2560));
        assert!(!backlog.is_long(KEPT, 2560, 1000, Duration::ZERO));
    }

    #[test]
    fn a_stream_that_does_not_grow_counts_when_it_is_old() {
        let mut backlog = Backlog::default();
        backlog.note_published(1000);
        assert!(!backlog.is_long(KEPT, 1000, 0, MIN_AGE));
        assert!(backlog.is_long(KEPT, 1001, 0, MIN_AGE));
        assert!(backlog.is_long(KEPT, 1000, 999, MAX_AGE));
        assert!(!backlog.is_long(KEPT, 1000, 1000, MAX_AGE));
    }

    #[test]
    fn points_that_wait_for_the_disk_may_have_to_be_read_again() {
        let mut backlog = growing();
        backlog.take(5000);
        assert!(!backlog.is_long(KEPT, 5000, 1000, MIN_AGE / 2));
        assert!(backlog.is_long(KEPT, 5000, 1000, MIN_AGE));
        assert!(!backlog.is_long(KEPT, 5000, 4500, MIN_AGE));
    }
}
