//! Writes a tree into a file, and later the difference between two versions of the tree.
//!
//! [`FileSession::write_tree`] writes the items that are known when a scan is prepared: groups,
//! attributes, static datasets and links. It does not write the datasets of streams but returns their
//! paths in [`WriteOutcome`]; the code that writes the streams creates these datasets and then sets their
//! attributes with [`FileSession::set_attributes`]. [`FileSession::apply_changes`] carries out the
//! [`difference`](crate::tree::difference) when the scan closes.
//!
//! **An error does not stop the writing.** Each item that cannot be written is reported with its path,
//! and all others are written.
//!
//! **Soft links wait for their targets**, because many readers fail on links without a target.
//! [`PendingLinks`] collects the links whose target does not exist yet. [`FileSession::retry_links`]
//! creates the links whose target exists by then, and [`FileSession::force_links`] creates all remaining
//! ones at the end of the scan.
//!
//! **`end_time` is written last**, after data and links, because readers take it as the mark of a
//! complete entry (silx, `silx.io.h5py_utils.top_level_names`).

mod changes;
mod existing;
mod links;
mod tree_writer;

pub use links::{PendingLink, PendingLinks};
use tree_writer::{ExistingItems, TreeWriter};

use crate::error::Error;
use crate::file::FileSession;
use crate::h5;
use crate::tree::{Change, Group, NamedList, Value};

/// The result of writing a tree or changes.
#[derive(Debug, Default)]
#[must_use]
pub struct WriteOutcome {
    /// The locations of streams. The groups around them exist, but the datasets do not.
    pub streams: Vec<StreamLocation>,
    /// The errors of items that could not be written, in the order of the attempts.
    pub errors: Vec<Error>,
}

/// The path of the dataset of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamLocation {
    /// The absolute path of the dataset.
    pub path: String,
    /// The name of the stream.
    pub stream: String,
}

impl FileSession {
    /// Writes a tree whose root is the root of the file.
    ///
    /// Existing groups are reused, and existing attributes are replaced. Datasets and links must not
    /// exist. Soft links whose target does not exist yet are added to `pending`. Large trees are flushed
    /// several times, so that the file on disk is inconsistent only for a short time.
    pub fn write_tree(&self, tree: &Group, pending: &mut PendingLinks) -> WriteOutcome {
        self.build(ExistingItems::Nothing, pending, |writer, root| {
            writer.fill_group(root, "", tree);
        })
    }

    /// Writes a tree into a file where an earlier writer has written a part of it. Missing items are
    /// created, and different items are replaced. Existing groups are never replaced by other items, and
    /// existing datasets are not replaced by links or streams.
    pub fn complete_tree(&self, tree: &Group, pending: &mut PendingLinks) -> WriteOutcome {
        self.build(ExistingItems::Resumed, pending, |writer, root| {
            writer.fill_group(root, "", tree);
        })
    }

    /// Carries out the changes from one version of a tree to the next, in order.
    ///
    /// Links in `pending` that are changed or removed are dropped. The location of a new stream is
    /// returned, and nothing is done about a moved one.
    pub fn apply_changes(&self, changes: &[Change], pending: &mut PendingLinks) -> WriteOutcome {
        self.change(ExistingItems::Nothing, changes, pending)
    }

    /// Carries out the changes in a file where an earlier writer may already have carried out some of
    /// them.
    pub fn complete_changes(&self, changes: &[Change], pending: &mut PendingLinks) -> WriteOutcome {
        self.change(ExistingItems::Resumed, changes, pending)
    }

    /// Sets attributes of the object at this path, one by one, and returns the errors.
    pub fn set_attributes(&self, path: &str, attributes: &NamedList<Value>) -> Vec<Error> {
        let set: Vec<_> = attributes
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        let mut pending = PendingLinks::default();
        let written = self.build(ExistingItems::Nothing, &mut pending, |writer, root| {
            writer.change_attributes(root, path, &set, &[]);
        });
        written.errors
    }

    fn change(
        &self,
        existing: ExistingItems,
        changes: &[Change],
        pending: &mut PendingLinks,
    ) -> WriteOutcome {
        self.build(existing, pending, |writer, root| {
            for change in changes {
                writer.apply(root, change);
            }
        })
    }

    fn build<'t>(
        &self,
        existing: ExistingItems,
        pending: &mut PendingLinks,
        write: impl FnOnce(&mut TreeWriter<'_, 't>, &h5::Group),
    ) -> WriteOutcome {
        let mut writer = TreeWriter::new(self, existing, pending);
        match self.root() {
            Ok(root) => {
                write(&mut writer, &root);
                writer.finish(&root)
            }
            Err(error) => WriteOutcome {
                streams: Vec::new(),
                errors: vec![error],
            },
        }
    }
}
