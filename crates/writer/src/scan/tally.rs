//! What became of the points of one stream: the proof that a scan is complete, or not.

use serde_json::{Value as Json, json};

/// Ranges kept; beyond that neighbours are joined, so that a stream of a million holes stays small.
const MOST_HOLES: usize = 1000;

/// Points of one stream at one place of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Points that the publisher says it published; none if it never told.
    pub expected: Option<u64>,
    /// Points that came.
    pub received: u64,
    /// Points that are in the file.
    pub written: u64,
    /// Ranges of points that are missing: index of the first, and of the one behind the last.
    holes: Vec<(u64, u64)>,
}

impl Tally {
    /// Notes that points are missing.
    pub fn hole(&mut self, first: u64, count: u64) {
        let end = first.saturating_add(count);
        let full = self.holes.len() == MOST_HOLES;
        match self.holes.last_mut() {
            _ if count == 0 => {}
            Some((_, last)) if full || *last >= first => *last = end.max(*last),
            _ => self.holes.push((first, end)),
        }
    }

    /// What an earlier writer has left: so many points, less those that it noted as missing.
    pub fn resumed(points: u64, holes: &[(u64, u64)]) -> Tally {
        let mut tally = Tally::default();
        for &(first, end) in holes {
            tally.hole(first, end.min(points).saturating_sub(first));
        }
        tally.stored(points);
        tally.received = tally.written;
        tally
    }

    /// Whether points are missing.
    pub fn has_holes(&self) -> bool {
        !self.holes.is_empty()
    }

    /// Points that are missing.
    pub fn missing(&self) -> u64 {
        self.holes.iter().map(|(first, end)| end - first).sum()
    }

    /// Notes how many points the dataset has, missing ones that came before others included.
    pub fn stored(&mut self, points: u64) {
        let missing: u64 = self
            .holes
            .iter()
            .map(|(first, end)| end.min(&points).saturating_sub(*first))
            .sum();
        self.written = points.saturating_sub(missing);
    }

    /// Whether every point is in the file.
    pub fn is_complete(&self) -> bool {
        self.holes.is_empty()
            && self.written == self.received
            && self
                .expected
                .is_none_or(|expected| expected == self.received)
    }

    /// The stream's part of the record; with its file, if there are several.
    pub fn to_json(&self, stream: &str, file: Option<&str>, path: &str) -> Json {
        let mut part = json!({
            "stream": stream,
            "path": path,
            "expected": self.expected,
            "received": self.received,
            "written": self.written,
            "holes": self.holes,
        });
        if let Some(file) = file {
            part["file"] = json!(file);
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_holes_are_one() {
        let mut tally = Tally::default();
        tally.hole(3, 2);
        tally.hole(5, 1);
        tally.hole(8, 0);
        tally.hole(9, 1);
        assert_eq!(tally.holes, [(3, 6), (9, 10)]);
        assert!(!tally.is_complete());
    }

    #[test]
    fn what_is_missing_is_not_written() {
        let mut tally = Tally {
            received: 8,
            ..Tally::default()
        };
        tally.hole(3, 2);
        tally.stored(10);
        assert_eq!(tally.written, 8);
        // The hole at the end has no place in the dataset.
        tally.hole(10, 5);
        tally.stored(10);
        assert_eq!(tally.written, 8);
    }

    #[test]
    fn what_an_earlier_writer_noted_counts_as_far_as_there_are_points() {
        let tally = Tally::resumed(10, &[(2, 5), (8, 12), (20, 30)]);
        assert_eq!(tally.holes, [(2, 5), (8, 10)]);
        assert_eq!((tally.received, tally.written, tally.missing()), (5, 5, 5));
        assert_eq!(Tally::resumed(0, &[(0, 3)]), Tally::default());
    }

    #[test]
    fn holes_without_number_stay_small() {
        let mut tally = Tally::default();
        (0..5000).for_each(|index| tally.hole(2 * index, 1));
        assert_eq!(tally.holes.len(), MOST_HOLES);
        assert_eq!(tally.holes.last(), Some(&(1998, 9999)));
    }
}
