//! Computes the changes between two versions of the tree of a file.
//!
//! The layout creates the tree of a scan twice: when the scan is prepared and when it closes. A change
//! removes only items that the first version declared, and never a dataset that a stream has filled. The
//! attributes of such a dataset are changed in place, and a changed path of a stream is reported but not
//! carried out.

use std::collections::HashMap;

use super::{Content, Dataset, Group, Item, NamedList, Value};

/// One change from the first version of a tree to the second. Paths are absolute.
#[derive(Debug, Clone, PartialEq)]
pub enum Change<'a> {
    /// The item exists in the second version only.
    Add {
        /// The path of the new item.
        path: String,
        /// The item to write.
        item: &'a Item,
    },
    /// The item exists in the first version only.
    Remove {
        /// The path of the item.
        path: String,
        /// The item that the first version declared.
        item: &'a Item,
    },
    /// The item differs between the versions.
    Replace {
        /// The path of both items.
        path: String,
        /// The item that the first version declared.
        before: &'a Item,
        /// The item to write.
        after: &'a Item,
    },
    /// Attributes of a group, or of the dataset of a stream, are set or deleted.
    Attributes {
        /// The path of the object, `/` for the root.
        path: String,
        /// The attributes that are new or changed.
        set: Vec<(&'a str, &'a Value)>,
        /// The attributes that only the first version declared.
        delete: Vec<&'a str>,
    },
    /// The dataset of a stream was moved, removed or added, or replaces another item. The data stay at
    /// the path where they were written.
    StreamMoved {
        /// The path of the dataset, in the version that has it.
        path: String,
        /// The name of the stream.
        stream: String,
    },
}

/// Returns the changes from `before` to `after`, which are root groups of the same file.
///
/// Removals come first, so that an item may be moved. Links come after other items, so that their targets
/// exist. Items named `end_time` come last, because readers take them as the mark of a complete entry
/// (silx, `silx.io.h5py_utils`).
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

/// Removes an item. A group that holds streams is not removed, but its other children are.
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

/// Returns a map of the entries by name. Searching lists would be slow, because an entry may have
/// thousands of positioners.
fn by_name<T>(named: &NamedList<T>) -> HashMap<&str, &T> {
    named
        .iter()
        .map(|(name, item)| (name.as_str(), item))
        .collect()
}
