//! Carries out one change from a version of a tree to the next.

use super::tree_writer::TreeWriter;
use crate::h5;
use crate::tree::{Change, Content, Dataset, Item, Value};

impl<'t> TreeWriter<'_, 't> {
    /// Carries out one change, or records the error.
    pub(super) fn apply(&mut self, root: &h5::Group, change: &'t Change<'t>) {
        match change {
            Change::Add { path, item } => self.item_at(root, path, item),
            Change::Remove { path, .. } => {
                let removed = self.remove(root, path);
                self.record(removed);
            }
            Change::Replace {
                path,
                before,
                after,
            } => {
                let rewritten = match value_only(before, after) {
                    Some(value) => self.rewrite(root, path, value),
                    None => Ok(false),
                };
                let removed = match rewritten {
                    Ok(true) => return,
                    Ok(false) => self.remove(root, path),
                    Err(error) => Err(error),
                };
                match removed {
                    Ok(()) => self.item_at(root, path, after),
                    Err(error) => self.record(Err(error)),
                }
            }
            Change::Attributes { path, set, delete } => {
                self.change_attributes(root, path, set, delete);
            }
            // The data stay at the path where they were written. The caller knows the change and can
            // log a warning.
            Change::StreamMoved { .. } => {}
        }
    }

    fn item_at(&mut self, root: &h5::Group, path: &'t str, item: &'t Item) {
        self.item(root, "", path, item);
    }
}

/// Returns the new value, if both items are datasets with the same attributes.
fn value_only<'t>(before: &Item, after: &'t Item) -> Option<&'t Value> {
    let (Item::Dataset(before), Item::Dataset(after)) = (before, after) else {
        return None;
    };
    let Dataset {
        attributes,
        content: Content::Value(value),
    } = after
    else {
        return None;
    };
    (before.attributes == *attributes).then_some(value)
}
