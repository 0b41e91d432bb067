//! Counts the points of one stream in one dataset, to prove that a scan is complete or not.

use crate::check::{MAX_RECORDED_NUMBER, RecordedStream};

/// Largest number of holes to keep. Further ones are joined with the last, so that a stream with a million
/// holes does not fill the memory.
const MAX_HOLES: usize = 1000;

/// Numbers of points of one stream in one dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Points that the publisher has declared; `None` if it has not declared the end.
    pub expected: Option<u64>,
    /// Points that were received.
    pub received: u64,
    /// Points that are in the file.
    pub written: u64,
    /// Ranges of points that are missing: index of the first, and of the one behind the last.
    holes: Vec<(u64, u64)>,
    /// The point from which on points may be missing that no record lists yet.
    unlisted_from: Option<u64>,
}

/// The end of a range in which any point may be missing.
const OPEN_END: u64 = MAX_RECORDED_NUMBER;

impl Tally {
    /// Adds a range of missing points.
    pub fn add_hole(&mut self, first: u64, count: u64) {
        let end = first.saturating_add(count);
        let full = self.holes.len() == MAX_HOLES;
        match self.holes.last_mut() {
            _ if count == 0 => {}
            Some((_, last)) if full || *last >= first => *last = end.max(*last),
            _ => self.holes.push((first, end)),
        }
    }

    /// Creates the tally of a dataset that an earlier writer has left: it has `points` points, except those
    /// in `holes`, which the earlier writer recorded.
    pub fn resumed(points: u64, holes: &[(u64, u64)]) -> Tally {
        let mut tally = Tally::default();
        for &(first, end) in holes {
            tally.add_hole(first, end.min(points).saturating_sub(first));
        }
        tally.set_stored(points);
        tally.received = tally.written;
        tally
    }

    /// Lets the record list all points from `first` on as missing, until the holes in it are known. Returns
    /// `false` if it does so already.
    pub fn expect_holes(&mut self, first: u64) -> bool {
        match &mut self.unlisted_from {
            Some(from) if *from <= first => false,
            from => {
                *from = Some(first);
                true
            }
        }
    }

    /// Lets the record list the known holes, and no others.
    pub fn list_holes(&mut self) {
        self.unlisted_from = None;
    }

    /// Returns `true` if the record lists the known holes, and no others.
    pub fn lists_holes(&self) -> bool {
        self.unlisted_from.is_none()
    }

    /// Returns `true` if the record has to list missing points.
    pub fn has_holes(&self) -> bool {
        !self.holes.is_empty() || self.unlisted_from.is_some()
    }

    /// Returns the holes as the record lists them.
    fn listed_holes(&self) -> Vec<(u64, u64)> {
        let Some(from) = self.unlisted_from else {
            return self.holes.clone();
        };
        let before = self.holes.iter().filter(|(first, _)| *first < from);
        let mut listed: Vec<(u64, u64)> =
            before.map(|&(first, end)| (first, end.min(from))).collect();
        listed.push((from, OPEN_END));
        listed
    }

    /// Sets `written` from the number of points in the dataset, which includes the missing ones before its
    /// last point.
    pub fn set_stored(&mut self, points: u64) {
        let missing: u64 = self
            .holes
            .iter()
            .map(|(first, end)| end.min(&points).saturating_sub(*first))
            .sum();
        self.written = points.saturating_sub(missing);
    }

    /// Returns `true` if every published point is in the file.
    pub fn is_complete(&self) -> bool {
        self.holes.is_empty()
            && self.written == self.received
            && self
                .expected
                .is_none_or(|expected| expected == self.received)
    }

    /// Returns the part of the record about the stream. `file` is empty if the scan has a single file.
    pub fn recorded(&self, stream: &str, file: &str, path: &str) -> RecordedStream {
        RecordedStream {
            stream: stream.to_owned(),
            file: file.to_owned(),
            path: path.to_owned(),
            expected: self.expected,
            received: self.received,
            written: self.written,
            holes: self.listed_holes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_holes_are_one() {
        let mut tally = Tally::default();
        tally.add_hole(3, 2);
        tally.add_hole(5, 1);
        tally.add_hole(8, 0);
        tally.add_hole(9, 1);
        assert_eq!(tally.holes, [(3, 6), (9, 10)]);
        assert!(!tally.is_complete());
    }

    #[test]
    fn expected_holes_are_listed_without_an_end() {
        let mut tally = Tally::default();
        tally.add_hole(3, 2);
        assert!(tally.expect_holes(7));
        assert!(!tally.expect_holes(20));
        let listed = |tally: &Tally| tally.recorded("diode", "", "/diode").holes;
        assert_eq!(listed(&tally), [(3, 5), (7, OPEN_END)]);
        tally.add_hole(7, 1);
        assert_eq!(listed(&tally), [(3, 5), (7, OPEN_END)]);
        tally.list_holes();
        assert_eq!(listed(&tally), [(3, 5), (7, 8)]);
        assert!(tally.expect_holes(20));
    }

    #[test]
    fn missing_points_are_not_written() {
        let mut tally = Tally {
            received: 8,
            ..Tally::default()
        };
        tally.add_hole(3, 2);
        tally.set_stored(10);
        assert_eq!(tally.written, 8);
        // The dataset has no rows for a hole at its end.
        tally.add_hole(10, 5);
        tally.set_stored(10);
        assert_eq!(tally.written, 8);
    }

    #[test]
    fn recorded_holes_count_as_far_as_there_are_points() {
        let tally = Tally::resumed(10, &[(2, 5), (8, 12), (20, 30)]);
        assert_eq!(tally.holes, [(2, 5), (8, 10)]);
        assert_eq!((tally.received, tally.written), (5, 5));
        assert_eq!(Tally::resumed(0, &[(0, 3)]), Tally::default());
    }

    #[test]
    fn holes_without_number_stay_small() {
        let mut tally = Tally::default();
        (0..5000).for_each(|index| tally.add_hole(2 * index, 1));
        assert_eq!(tally.holes.len(), MAX_HOLES);
        assert_eq!(tally.holes.last(), Some(&(1998, 9999)));
    }
}
