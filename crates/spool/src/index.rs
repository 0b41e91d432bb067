//! What a spool holds, and where.

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;

use super::record::{RecordScanner, SpoolRecord, SpooledEntries};

/// The place of a record of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPlace {
    /// Index of its first point.
    pub first: u64,
    /// Index behind its last point.
    pub end: u64,
    /// Number of the file.
    pub file: u32,
    /// Offset in the file.
    pub offset: u64,
    /// Length in the file.
    pub length: u32,
}

/// The contents of the spool of one scan.
#[derive(Debug, Default)]
pub struct SpoolIndex {
    /// Which scan this is.
    pub scan: Option<Bytes>,
    /// The last document, and the number of the state of the scan before it was read.
    pub document: Option<(u8, Bytes)>,
    streams: HashMap<String, StreamIndex>,
}

#[derive(Debug, Default)]
struct StreamIndex {
    /// In the order of their points, without overlap.
    records: Vec<RecordPlace>,
    total: Option<u64>,
    /// Index behind the last point that was ever recorded.
    end: u64,
}

/// How far a stream was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecordedEnd {
    /// Index behind the last point.
    pub end: u64,
    /// The total number of points, if the stream is sealed.
    pub total: Option<u64>,
}

impl SpoolIndex {
    /// Adds the records of a file. Returns the offset behind the last whole one.
    pub fn add_file(&mut self, number: u32, file: &[u8]) -> usize {
        let mut scanner = RecordScanner::new(file);
        for (place, record) in scanner.by_ref() {
            match record {
                SpoolRecord::Scan(text) => self.scan = Some(Bytes::copy_from_slice(text)),
                SpoolRecord::Document { state, text } => {
                    self.document = Some((state, Bytes::copy_from_slice(text)));
                }
                SpoolRecord::Entries(entries) => self.add_entries(number, place, &entries),
                SpoolRecord::Unknown => {}
            }
        }
        scanner.position()
    }

    /// Adds a record of entries. Points that another record has are ignored.
    pub fn add_entries(&mut self, file: u32, place: Range<usize>, entries: &SpooledEntries<'_>) {
        let stream = self.streams.entry(entries.stream.to_owned()).or_default();
        stream.total = entries.total.or(stream.total);
        let is_new = stream
            .records
            .last()
            .is_none_or(|last| entries.first >= last.end);
        if let (true, Ok(length)) = (
            is_new && entries.end > entries.first,
            u32::try_from(place.len()),
        ) {
            stream.end = stream.end.max(entries.end);
            stream.records.push(RecordPlace {
                first: entries.first,
                end: entries.end,
                file,
                offset: place.start as u64,
                length,
            });
        }
    }

    /// Returns the first record of a stream with points in this range.
    pub fn locate(&self, stream: &str, points: Range<u64>) -> Option<RecordPlace> {
        let records = &self.streams.get(stream)?.records;
        let place = records.partition_point(|record| record.end <= points.start);
        let record = records.get(place).copied();
        record.filter(|record| record.first < points.end)
    }

    /// Returns all records of a stream.
    pub fn records(&self, stream: &str) -> Vec<RecordPlace> {
        let stream = self.streams.get(stream);
        stream.map_or_else(Vec::new, |stream| stream.records.clone())
    }

    /// Returns how far a stream was recorded.
    pub fn recorded_end(&self, stream: &str) -> RecordedEnd {
        let stream = self.streams.get(stream);
        stream.map_or_else(RecordedEnd::default, |stream| RecordedEnd {
            end: stream.end,
            total: stream.total,
        })
    }

    /// Forgets a record that cannot be read.
    pub fn remove(&mut self, stream: &str, place: RecordPlace) {
        if let Some(stream) = self.streams.get_mut(stream) {
            stream.records.retain(|record| *record != place);
        }
    }

    /// Returns the files of which `is_needed` needs no stream's record, and forgets these. `is_needed` has the name
    /// of a stream and the index behind the last point of a record.
    pub fn remove_unneeded(&mut self, file: u32, is_needed: impl Fn(&str, u64) -> bool) -> bool {
        let mut all = self.streams.iter();
        let is_unneeded = all.all(|(name, stream)| {
            let mut own = stream.records.iter().filter(|record| record.file == file);
            own.all(|record| !is_needed(name, record.end))
        });
        if is_unneeded {
            for stream in self.streams.values_mut() {
                stream.records.retain(|record| record.file != file);
            }
        }
        is_unneeded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(first: u64, end: u64) -> SpooledEntries<'static> {
        SpooledEntries {
            stream: "diode",
            first,
            end,
            total: None,
            reply: b"",
        }
    }

    #[test]
    fn points_are_found_by_their_index() {
        let mut index = SpoolIndex::default();
        index.add_entries(1, 8..20, &entries(0, 10));
        index.add_entries(1, 20..30, &entries(15, 20));
        // Another record has these already.
        index.add_entries(2, 8..20, &entries(18, 30));
        index.add_entries(2, 20..40, &entries(20, 30));
        let found = |points| index.locate("diode", points).map(|place| place.first);
        assert_eq!(found(0..1), Some(0));
        assert_eq!(found(9..100), Some(0));
        assert_eq!(found(10..100), Some(15));
        assert_eq!(found(10..15), None);
        assert_eq!(found(29..31), Some(20));
        assert_eq!(found(30..31), None);
        assert_eq!(index.locate("other", 0..9), None);
        assert_eq!(index.recorded_end("diode").end, 30);
    }

    #[test]
    fn a_file_is_unneeded_when_all_of_its_points_are() {
        let mut index = SpoolIndex::default();
        index.add_entries(1, 8..20, &entries(0, 10));
        index.add_entries(2, 8..20, &entries(10, 20));
        assert!(!index.remove_unneeded(1, |_, end| end > 9));
        assert!(index.remove_unneeded(1, |_, end| end > 10));
        assert_eq!(index.locate("diode", 0..10), None);
        assert!(index.locate("diode", 0..11).is_some());
        assert_eq!(index.recorded_end("diode").end, 20);
    }
}
