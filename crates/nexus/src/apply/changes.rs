//! One step from a version of a tree to the next.

use super::builder::Builder;
use crate::h5;
use crate::tree::{Change, Item};

impl<'t> Builder<'_, 't> {
    /// Carries out one step, or notes why not.
    pub(super) fn apply(&mut self, root: &h5::Group, change: &'t Change<'t>) {
        match change {
            Change::Add { path, item } => self.item_at(root, path, item),
            Change::Remove { path, .. } => {
                let removed = self.remove(root, path);
                self.note(removed);
            }
            Change::Replace { path, after, .. } => match self.remove(root, path) {
                Ok(()) => self.item_at(root, path, after),
                Err(error) => self.note(Err(error)),
            },
            Change::Attributes { path, set, delete } => {
                self.change_attributes(root, path, set, delete);
            }
            // The data stay where they were written; the caller knows the change and can warn.
            Change::StreamMoved { .. } => {}
        }
    }

    fn item_at(&mut self, root: &h5::Group, path: &'t str, item: &'t Item) {
        self.item(root, "", path, item);
    }
}
