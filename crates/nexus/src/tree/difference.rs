//! What changed between two versions of a file's tree.
//!
//! A scan's tree is known twice: when it is prepared and when it is closed. Only what the first
//! version declared is ever removed, and never a dataset that a stream has filled: those lose and
//! gain attributes in place, and a changed place for a stream is reported instead of carried out.

use std::collections::HashMap;

use super::{Content, Dataset, Group, Item, NamedList, Value};

/// One step from the first version of a tree to the second. Paths are absolute.
#[derive(Debug, Clone, PartialEq)]
pub enum Change<'a> {
    /// The item exists in the second version only.
    Add {
        /// Path of the new item.
        path: String,
        /// What to write.
        item: &'a Item,
    },
    /// The item exists in the first version only.
    Remove {
        /// Path of the item.
        path: String,
        /// What the first version declared.
        item: &'a Item,
    },
    /// The item is another one now.
    Replace {
        /// Path of both.
        path: String,
        /// What the first version declared.
        before: &'a Item,
        /// What to write.
        after: &'a Item,
    },
    /// Attributes to set (new or changed) and to delete on a group or streamed dataset.
    Attributes {
        /// Path of the object, `/` for the root.
        path: String,
        /// New or changed.
        set: Vec<(&'a str, &'a Value)>,
        /// Declared by the first version only.
        delete: Vec<&'a str>,
    },
    /// The place of a stream was moved, removed, or put where something else was: the data that
    /// were written stay where they are.
    StreamMoved {
        /// Path of the place, in the version that has it.
        path: String,
        /// Name of the stream.
        stream: String,
    },
}

/// The steps from `before` to `after`, both root groups of one file.
///
/// Removals come first, so that an item may be moved; links come last, so that their targets
/// exist, and of all new items those named `end_time` are the very last, because readers take
/// them for the mark of a finished entry (silx, `silx.io.h5py_utils`).
pub fn difference<'a>(before: &'a Group, after: &'a Group) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    groups("", before, after, &mut changes);
    changes.sort_by_key(rank);
    changes
}

fn rank(change: &Change) -> u8 {
    match change {
        Change::Remove { .. } => 0,
        Change::StreamMoved { .. } => 1,
        Change::Add { path, .. } | Change::Replace { path, .. } if path.ends_with("/end_time") => 5,
        Change::Attributes { .. } => 4,
        Change::Add { item, .. } | Change::Replace { after: item, .. } => match item {
            Item::SoftLink { .. } | Item::ExternalLink { .. } => 3,
            _ => 2,
        },
    }
}

fn groups<'a>(path: &str, before: &'a Group, after: &'a Group, changes: &mut Vec<Change<'a>>) {
    attributes(
        if path.is_empty() { "/" } else { path },
        &before.attributes,
        &after.attributes,
        changes,
    );
    let (old, new) = (by_name(&before.children), by_name(&after.children));
    for (name, item) in &before.children {
        if !new.contains_key(name.as_str()) {
            removed(format!("{path}/{name}"), item, changes);
        }
    }
    for (name, item) in &after.children {
        let path = format!("{path}/{name}");
        match old.get(name.as_str()) {
            None => added(path, item, changes),
            Some(old) => items(path, old, item, changes),
        }
    }
}

fn items<'a>(path: String, before: &'a Item, after: &'a Item, changes: &mut Vec<Change<'a>>) {
    match (before, after) {
        (Item::Group(before), Item::Group(after)) => groups(&path, before, after, changes),
        (
            Item::Dataset(Dataset {
                content: Content::Stream(old),
                attributes: before,
            }),
            Item::Dataset(Dataset {
                content: Content::Stream(new),
                attributes: after,
            }),
        ) if old.name == new.name => attributes(&path, before, after, changes),
        (before, after) if before == after => {}
        (before, after) => match before.stream().or(after.stream()) {
            Some(stream) => changes.push(Change::StreamMoved {
                path,
                stream: stream.to_owned(),
            }),
            None if holds_streams(before) => removed(path, before, changes),
            None => changes.push(Change::Replace {
                path,
                before,
                after,
            }),
        },
    }
}

/// A group that holds streams is not removed as a whole: its other children are.
fn removed<'a>(path: String, item: &'a Item, changes: &mut Vec<Change<'a>>) {
    match item {
        Item::Group(group) if holds_streams(item) => {
            for (name, child) in &group.children {
                removed(format!("{path}/{name}"), child, changes);
            }
        }
        item => changes.push(match item.stream() {
            Some(stream) => Change::StreamMoved {
                path,
                stream: stream.to_owned(),
            },
            None => Change::Remove { path, item },
        }),
    }
}

fn added<'a>(path: String, item: &'a Item, changes: &mut Vec<Change<'a>>) {
    changes.push(match item.stream() {
        Some(stream) => Change::StreamMoved {
            path,
            stream: stream.to_owned(),
        },
        None => Change::Add { path, item },
    });
}

fn holds_streams(item: &Item) -> bool {
    match item {
        Item::Group(group) => !group.streams().is_empty(),
        item => item.stream().is_some(),
    }
}

fn attributes<'a>(
    path: &str,
    before: &'a NamedList<Value>,
    after: &'a NamedList<Value>,
    changes: &mut Vec<Change<'a>>,
) {
    let (old, new) = (by_name(before), by_name(after));
    let set: Vec<_> = after
        .iter()
        .filter(|(name, value)| old.get(name.as_str()) != Some(&value))
        .map(|(name, value)| (name.as_str(), value))
        .collect();
    let delete: Vec<_> = before
        .iter()
        .filter(|(name, _)| !new.contains_key(name.as_str()))
        .map(|(name, _)| name.as_str())
        .collect();
    if !set.is_empty() || !delete.is_empty() {
        changes.push(Change::Attributes {
            path: path.to_owned(),
            set,
            delete,
        });
    }
}

/// An entry may have thousands of positioners: looking each up in a list would be slow.
fn by_name<T>(named: &NamedList<T>) -> HashMap<&str, &T> {
    named
        .iter()
        .map(|(name, item)| (name.as_str(), item))
        .collect()
}
