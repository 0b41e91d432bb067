//! Writing over what an earlier writer has left.

use super::tree_writer::TreeWriter;
use crate::error::Result;
use crate::h5::{self, Link, ObjectKind};
use crate::tree::{Content, Dataset, Item};

impl TreeWriter<'_, '_> {
    /// Removes a link that is another one than the item. Returns `true` if it is the same.
    pub(super) fn clear(
        &mut self,
        group: &h5::Group,
        name: &str,
        here: &str,
        item: &Item,
    ) -> Result<bool> {
        let failed = |reason| self.failed(here, "look at", reason);
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
            // Whether an object can stay is seen where it is wanted.
            _ => return Ok(false),
        };
        if same {
            self.pending.forget(here);
        } else {
            self.unlink(group, name, here)?;
        }
        Ok(same)
    }

    /// Brings a dataset that is there to the value and attributes of this one; takes it away if that
    /// cannot be done. Returns `true` if it is done.
    pub(super) fn renew(
        &mut self,
        group: &h5::Group,
        name: &str,
        here: &str,
        dataset: &Dataset,
    ) -> Result<bool> {
        let failed = |reason| self.failed(here, "look at", reason);
        let kind = match group.has_link(name).map_err(failed)? {
            true => group.kind(name).map_err(failed)?,
            false => return Ok(false),
        };
        if kind != Some(ObjectKind::Dataset) {
            return Ok(false);
        }
        if let Content::Value(value) = &dataset.content {
            let failed = |reason| self.failed(here, "write", reason);
            let present = group.open_dataset(name).map_err(failed)?;
            if present.rewrite(value).map_err(failed)? {
                for (name, value) in &dataset.attributes {
                    self.attribute(here, name, present.set_attribute(name, value));
                }
                self.rewritten.push(present);
                return Ok(true);
            }
        }
        self.unlink(group, name, here)?;
        Ok(false)
    }

    fn unlink(&self, group: &h5::Group, name: &str, here: &str) -> Result<()> {
        let unlinked = group.unlink(name);
        unlinked.map_err(|reason| self.failed(here, "replace", reason))
    }
}
