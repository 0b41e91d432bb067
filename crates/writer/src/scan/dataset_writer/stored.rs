//! What of a dataset is safe after a flush.

use super::{DatasetContent, DatasetWriter};

/// Points of a dataset that are safe after a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPoints {
    /// Points that readers can see.
    pub visible: u64,
    /// Points that the next process would find there. It would fill a grid again from the first point on.
    pub continued: u64,
}

impl DatasetWriter {
    /// Returns what is safe after a flush, or `None` if nothing more will be stored.
    pub fn stored_until(&self) -> Option<StoredPoints> {
        let is_finished = matches!(self.content, DatasetContent::Finished { .. });
        (!is_finished && !self.stopped).then(|| StoredPoints {
            visible: self.visible,
            continued: if self.is_list() { self.visible } else { 0 },
        })
    }
}
