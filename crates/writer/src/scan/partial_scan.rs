//! The part of a scan that an earlier writer has left in a file.
//!
//! Each entry has a record of completeness from the start. It has the key of the scan, so it shows to which
//! scan the entry belongs, and whether the scan was still being written.

use std::path::Path;

use nexus::h5::{self, DatasetStorage, Group, Link, ObjectKind};
use nexus::tree;

use super::file::ScanFile;
use crate::check::text;
use crate::check::{CompletenessRecord, RecordError, RecordedStream};
use crate::layout::{FileTree, RecordLocation};

/// The part of a scan that an earlier writer has left in one file.
pub struct PartialScan {
    record: CompletenessRecord,
    /// When the earlier writer began.
    pub began: Option<String>,
}

impl PartialScan {
    /// Returns what the file has of the scan, if the records in it say that it belongs to the scan.
    ///
    /// # Errors
    /// If a newer program has written a record, with where the record is. That program may be able
    /// to continue the scan, this one is not.
    pub fn find(
        root: &Group,
        file: &Path,
        tree: &FileTree,
        scan: &str,
    ) -> Result<Option<PartialScan>, (String, RecordError)> {
        let mut records = Vec::new();
        for location in &tree.records {
            let (path, text, began) = match location {
                RecordLocation::RootAttribute(name) => {
                    (format!("/@{name}"), text::first(root, name), None)
                }
                RecordLocation::Dataset { record, began } => {
                    let began = text::dataset(root, began);
                    (record.clone(), text::dataset(root, record), began)
                }
            };
            match text.map(|text| CompletenessRecord::parse(&text, file)) {
                Some(Ok(record)) => records.push(PartialScan { record, began }),
                Some(Err(error @ RecordError::Newer(_))) => return Err((path, error)),
                // The earlier writer was killed before it filled an entry without a record.
                Some(Err(RecordError::Malformed(_))) | None => {}
            }
        }
        let ours = records.iter().all(|there| there.record.scan == scan);
        Ok(records.into_iter().next().filter(|_| ours))
    }

    /// Returns what the record says about a dataset of a stream.
    pub fn stream(&self, stream: &str, path: &str) -> Option<&RecordedStream> {
        let mut streams = self.record.streams.iter();
        streams.find(|there| there.stream == stream && there.path == path)
    }
}

impl ScanFile {
    /// Returns `true` if the file has the whole scan: the record says so, and the items that are written
    /// last exist. `last` is the last version of the tree.
    pub fn is_already_complete(&self, last: &tree::Group) -> bool {
        let Some(partial) = &self.partial else {
            return false;
        };
        let Ok(root) = self.session.root() else {
            return false;
        };
        partial.record.complete
            && end_marks(last, "")
                .iter()
                .all(|path| root.has_link(path).unwrap_or(false))
    }

    /// Returns the number of rows that an earlier writer has left in the dataset of a list of points, or
    /// `None` if there is no such dataset.
    pub fn rows(&self, path: &str) -> Option<u64> {
        self.partial.as_ref()?;
        let root = self.session.root().ok()?;
        rows(&root, path).ok().flatten()
    }

    /// Returns `true` if an earlier writer has left something at this path.
    pub fn has_partial(&self, path: &str) -> bool {
        let there = |root: h5::Group| root.has_link(path).unwrap_or(false);
        self.partial.is_some() && self.session.root().is_ok_and(there)
    }
}

fn rows(root: &Group, path: &str) -> h5::Result<Option<u64>> {
    let is_dataset = root.has_link(path)?
        && root.link(path)? == Link::Hard
        && root.kind(path)? == Some(ObjectKind::Dataset);
    if !is_dataset {
        return Ok(None);
    }
    let info = root.open_dataset(path)?.info()?;
    Ok(match info.storage {
        DatasetStorage::Contiguous | DatasetStorage::Chunked { .. } => {
            info.shape.and_then(|shape| shape.first().copied())
        }
        _ => None,
    })
}

/// Returns the paths of the items that are written last and mark entries as finished.
fn end_marks(group: &tree::Group, path: &str) -> Vec<String> {
    let marks = group.children.iter().flat_map(|(name, item)| {
        let path = format!("{path}/{name}");
        match item {
            tree::Item::Group(group) => end_marks(group, &path),
            _ if name == "end_time" => vec![path],
            _ => Vec::new(),
        }
    });
    marks.collect()
}
