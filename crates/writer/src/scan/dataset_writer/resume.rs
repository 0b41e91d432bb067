//! A dataset that an earlier writer has begun to fill.

use std::borrow::Cow;

use nexus::tree::Storage;

use super::{DatasetContent, DatasetWriter};
use crate::scan::diagnostics::Diagnostics;
use crate::scan::file::ScanFile;
use crate::scan::tally::Tally;
use crate::source::{Block, SourceEvent};

impl DatasetWriter {
    /// Takes note of what an earlier writer has left here. Gives the index of the first point that is
    /// not there; of a grid nothing tells how many are.
    pub fn resume(&mut self, file: &ScanFile) -> u64 {
        let is_list = match &self.storage {
            Storage::Free => true,
            Storage::Declared(declared) => declared.scan.len() == 1,
        };
        let points = match file.rows(&self.path) {
            Some(rows) if is_list => rows,
            _ => 0,
        };
        let noted = file.partial.as_ref();
        let noted = noted.and_then(|there| there.stream(&self.stream, &self.path));
        let holes = noted.map_or(&[][..], |stream| &stream.holes);
        self.tally = Tally::resumed(points, holes);
        points
    }

    /// The dataset is as full as it can get: counts its points.
    pub fn count_as_complete(&self) {
        self.counter.add(self.tally.received, 0);
    }

    /// Counts what is there of the dataset that is about to go on.
    pub(super) fn count_existing(&mut self, file: &ScanFile, diagnostics: &mut Diagnostics) {
        let DatasetContent::Points(dataset) = &self.content else {
            // Detectors tell from the start again how many frames they have.
            self.tally = Tally::default();
            return;
        };
        let is_old = dataset.is_old();
        self.visible = dataset.visible();
        if self.tally.received > 0 {
            self.counter
                .add(self.tally.received, file.bytes(&self.path));
        }
        if self.visible > 0 {
            self.describe(file, diagnostics);
            self.described = !is_old;
        }
    }

    /// What an event brings beyond what is there: another place of the stream may need more of it.
    pub(super) fn beyond<'e>(&self, event: &'e SourceEvent) -> Option<Cow<'e, SourceEvent>> {
        let DatasetContent::Points(dataset) = &self.content else {
            return Some(Cow::Borrowed(event));
        };
        let known = |first: u64, count: u64| dataset.points().saturating_sub(first).min(count);
        match event {
            SourceEvent::Points(block) => match known(block.first, block.count) {
                0 => Some(Cow::Borrowed(event)),
                skip if skip == block.count => None,
                skip => {
                    let point = block.data.len() as u64 / block.count;
                    Some(Cow::Owned(SourceEvent::Points(Block {
                        first: block.first + skip,
                        count: block.count - skip,
                        data: block.data.slice((skip * point) as usize..),
                        ..block.clone()
                    })))
                }
            },
            SourceEvent::Lost {
                stream,
                first,
                count,
                reason,
            } => match known(*first, *count) {
                skip if skip == *count && skip > 0 => None,
                skip => Some(Cow::Owned(SourceEvent::Lost {
                    stream: *stream,
                    first: first + skip,
                    count: count - skip,
                    reason: reason.clone(),
                })),
            },
            _ => Some(Cow::Borrowed(event)),
        }
    }
}
