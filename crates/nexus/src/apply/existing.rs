//! Writes items into a file where an earlier writer has left some of them.

use super::tree_writer::TreeWriter;
use crate::error::Result;
use crate::h5::{self, Link, ObjectKind};
use crate::tree::{Content, Dataset, Item};

impl TreeWriter<'_, '_> {
    /// Removes an existing link that differs from the item. Returns `true` if the item is a link and the
    /// file holds the same link.
    pub(super) fn remove_different_link(
        &mut self,
        group: &h5::Group,
        name: &str,
        item_path: &str,
        item: &Item,
    ) -> Result<bool> {
        let failed = |reason| self.failed(item_path, "inspect", reason);
        if !group.has_link(name).map_err(failed)? {
            return Ok(false);
        }
        let same = match (group.link(name).map_err(failed)?, item) {
            (Link::Soft { target }, Item::SoftLink { target: wanted }) => target == *wanted,
            (
                Link::External { file, target },
                Item::ExternalLink {
                    file: wanted,
                    target: path,
                },
            ) => file == *wanted && target == *path,
            (Link::Soft { .. } | Link::External { .. }, _) if item.stream().is_none() => false,
            // Whether an existing object can stay is decided where the item is written.
            _ => return Ok(false),
        };
        if same {
            self.pending.forget(item_path);
        } else {
            self.unlink(group, name, item_path)?;
        }
        Ok(same)
    }

    /// Writes the value and the attributes of an item into an existing dataset, and returns `true`.
    /// Removes the dataset if it cannot be written in place, and returns `false`.
    pub(super) fn update_dataset(
        &mut self,
        group: &h5::Group,
        name: &str,
        item_path: &str,
        dataset: &Dataset,
    ) -> Result<bool> {
        let failed = |reason| self.failed(item_path, "inspect", reason);
        let kind = match group.has_link(name).map_err(failed)? {
            true => group.kind(name).map_err(failed)?,
            false => return Ok(false),
        };
        if kind != Some(ObjectKind::Dataset) {
            return Ok(false);
        }
        if let Content::Value(value) = &dataset.content {
            let failed = |reason| self.failed(item_path, "write", reason);
            let present = group.open_dataset(name).map_err(failed)?;
            let is_known = self.session.is_known(&present).map_err(failed)?;
            if present.rewrite(value, is_known).map_err(failed)? {
                for (name, value) in &dataset.attributes {
                    self.attribute(item_path, name, present.set_attribute(name, value));
                }
                return Ok(true);
            }
        }
        self.unlink(group, name, item_path)?;
        Ok(false)
    }

    fn unlink(&self, group: &h5::Group, name: &str, item_path: &str) -> Result<()> {
        let unlinked = group.unlink(name);
        unlinked.map_err(|reason| self.failed(item_path, "replace", reason))
    }
}
