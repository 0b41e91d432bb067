//! Nodes of a tree that is built, and their paths.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use nexus::tree::{Group, Item, Value};

use crate::layout::NodeError;

/// A group.
#[derive(Default)]
pub(super) struct Branch {
    pub(super) attributes: IndexMap<String, Value>,
    pub(super) children: IndexMap<String, Node>,
    /// Names of children that may come.
    pub(super) later_names: BTreeSet<String>,
}

/// A group, or an item without members.
pub(super) enum Node {
    Branch(Branch),
    Leaf(Item),
}

impl Default for Node {
    fn default() -> Node {
        Node::Branch(Branch::default())
    }
}

impl Branch {
    /// Returns an empty group with this class, if there is one.
    pub(super) fn of_class(class: Option<&&str>) -> Branch {
        let mut branch = Branch::default();
        if let Some(class) = class {
            let class = Value::text(*class);
            branch.attributes.insert("NX_class".to_owned(), class);
        }
        branch
    }

    /// Returns the group as part of a finished tree.
    pub(super) fn into_group(self) -> Group {
        let children = self.children.into_iter().map(|(name, node)| {
            let item = match node {
                Node::Branch(branch) => Item::Group(branch.into_group()),
                Node::Leaf(item) => item,
            };
            (name, item)
        });
        Group {
            attributes: self.attributes.into_iter().collect(),
            children: children.collect(),
            later_names: self.later_names,
        }
    }

    /// Notes that something may be added at this path, in the group above it that is there already.
    pub(super) fn expect(&mut self, path: &str) {
        let mut branch = self;
        for name in parts(path) {
            match branch.children.get_mut(name) {
                Some(Node::Branch(below)) => branch = below,
                Some(Node::Leaf(_)) => return,
                None => {
                    branch.later_names.insert(name.to_owned());
                    return;
                }
            }
        }
    }
}

/// Returns the names in a path.
pub(super) fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

/// Returns the path of a member of a group; the path of the root is empty.
pub fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    }
}

/// Splits a path into the path of the parent and the name.
pub(super) fn split(path: &str) -> Option<(&str, &str)> {
    let path = path.trim_matches('/');
    match path.rsplit_once('/') {
        _ if path.is_empty() => None,
        Some((parent, name)) => Some((parent, name)),
        None => Some(("", path)),
    }
}

/// Returns an error for names that HDF5 does not support.
pub(super) fn valid_name(name: &str) -> Result<(), NodeError> {
    match name {
        "." => Err(NodeError::Dot),
        name if name.contains('\0') => Err(NodeError::NulCharacter),
        _ => Ok(()),
    }
}
