//! Continues a dataset that an earlier writer has begun to fill.

use std::borrow::Cow;

use nexus::tree::StreamStorage;

use super::{DatasetContent, DatasetWriter};
use crate::scan::diagnostics::Diagnostics;
use crate::scan::file::ScanFile;
use crate::scan::tally::Tally;
use crate::source::{Block, SourceEvent};

impl DatasetWriter {
    /// Reads what an earlier writer has left in the dataset. Returns the index of the first missing point,
    /// which is 0 for a grid: its shape does not show how many points it holds.
    pub fn resume(&mut self, file: &ScanFile) -> u64 {
        let points = match file.rows(&self.path) {
            Some(rows) if self.is_list() => rows,
            _ => 0,
        };
        let noted = file.partial.as_ref();
        let noted = noted.and_then(|there| there.stream(&self.stream, &self.path));
        let holes = noted.map_or(&[][..], |stream| &stream.holes);
        self.tally = Tally::resumed(points, holes);
        points
    }

    /// Returns `true` if the length of the dataset shows how many points it holds.
    pub(super) fn is_list(&self) -> bool {
        match &self.storage {
            StreamStorage::Automatic => true,
            StreamStorage::Declared(declared) => declared.scan.len() == 1,
        }
    }

    /// Counts the points of a dataset that is already complete.
    pub fn count_as_complete(&self) {
        self.counter.add(self.tally.received, 0);
    }

    /// Counts the points that the dataset holds before it is continued.
    pub(super) fn count_existing(&mut self, file: &ScanFile, diagnostics: &mut Diagnostics) {
        let (visible, is_superseded) = match &self.content {
            DatasetContent::Points(dataset) => (dataset.visible(), dataset.is_superseded()),
            DatasetContent::Texts(dataset) => (dataset.visible(), false),
            _ => return self.count_existing_frames(),
        };
        self.visible = visible;
        if self.tally.received > 0 {
            self.counter
                .add(self.tally.received, file.bytes(&self.path));
        }
        if self.visible > 0 {
            self.write_attributes(file, diagnostics);
            self.has_attributes = !is_superseded;
        }
    }

    /// Counts the frames that the dataset holds before it is continued.
    fn count_existing_frames(&mut self) {
        // Detectors report their frames from the start again. What an earlier writer has copied stays, and so do the
        // holes in it.
        let is_copy = matches!(&self.content, DatasetContent::Frames(frames) if frames.is_copy());
        if !is_copy {
            self.tally = Tally::default();
        }
    }

    /// Returns the part of an event that the dataset does not hold yet, or `None` if it holds all of it.
    /// The event may have been read again because another dataset of the stream needs it.
    pub(super) fn skip_existing<'e>(&self, event: &'e SourceEvent) -> Option<Cow<'e, SourceEvent>> {
        let points = match &self.content {
            DatasetContent::Points(dataset) => dataset.points(),
            DatasetContent::Texts(dataset) => dataset.points(),
            _ => return Some(Cow::Borrowed(event)),
        };
        let known = |first: u64, count: u64| points.saturating_sub(first).min(count);
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
            SourceEvent::Texts(block) => match known(block.first, block.count) {
                0 => Some(Cow::Borrowed(event)),
                skip if skip == block.count => None,
                skip => Some(Cow::Owned(SourceEvent::Texts(block.without_first(skip)))),
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
