//! Writing a tree into a file, and the difference between two versions of a tree.
//!
//! [`FileSession::write_tree`] writes what is known when a scan is prepared: groups, attributes,
//! static datasets, links. Places for streams are left out and returned in [`WriteOutcome`]; the code that
//! writes the streams makes those datasets and then sets their attributes with
//! [`FileSession::set_attributes`]. [`FileSession::apply_changes`] carries out the
//! [`difference`](crate::tree::difference) when the scan closes.
//!
//! **Nothing stops at the first failure.** Each item that cannot be written is reported with its path,
//! and all others are written.
//!
//! **Soft links wait for their targets**, because readers stumble over links that lead nowhere.
//! [`PendingLinks`] collects those whose target does not exist yet:
//! [`FileSession::retry_links`] makes the ones that can be made now, and
//! [`FileSession::force_links`] makes the rest when the scan is over.
//!
//! **`end_time` is written last**, after data and links, because it is the mark of a complete entry
//! (silx, `silx.io.h5py_utils.top_level_names`).

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

/// What became of a tree or of changes.
#[derive(Debug, Default)]
#[must_use]
pub struct WriteOutcome {
    /// Places for streams: nothing is there yet, but the groups around them are.
    pub streams: Vec<StreamLocation>,
    /// What could not be written, in the order in which it was tried.
    pub errors: Vec<Error>,
}

/// Where the data of a stream go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamLocation {
    /// Absolute path of the dataset.
    pub path: String,
    /// Name of the stream.
    pub stream: String,
}

impl FileSession {
    /// Writes a tree whose root is the root of the file.
    ///
    /// Groups that exist are used again and attributes replaced. Datasets and links must not exist.
    /// Soft links to what does not exist yet are added to `pending`. Large trees are flushed in
    /// between, which keeps the window small in which a file on disk is incomplete.
    pub fn write_tree(&self, tree: &Group, pending: &mut PendingLinks) -> WriteOutcome {
        self.build(ExistingItems::Nothing, pending, |writer, root| {
            writer.fill_group(root, "", tree);
        })
    }

    /// Writes a tree over what an earlier writer has left of it: what is missing is made, and what is
    /// different is made like the tree. Groups stay where something else is wanted, and so do
    /// datasets where a link or a stream is wanted.
    pub fn complete_tree(&self, tree: &Group, pending: &mut PendingLinks) -> WriteOutcome {
        self.build(ExistingItems::Resumed, pending, |writer, root| {
            writer.fill_group(root, "", tree);
        })
    }

    /// Carries out the steps from one version of a tree to the next, in their order.
    ///
    /// Links that wait for their target and are changed or removed no longer wait. A place for a
    /// stream that is new is handed back, and nothing is done about a moved one.
    pub fn apply_changes(&self, changes: &[Change], pending: &mut PendingLinks) -> WriteOutcome {
        self.change(ExistingItems::Nothing, changes, pending)
    }

    /// Carries out the steps in a file where an earlier writer may have carried out some of them already.
    pub fn complete_changes(&self, changes: &[Change], pending: &mut PendingLinks) -> WriteOutcome {
        self.change(ExistingItems::Resumed, changes, pending)
    }

    /// Sets attributes of the object at this path, one by one, and returns the failures.
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
