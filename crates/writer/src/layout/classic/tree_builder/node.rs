//! Nodes of a file in the making, and their paths.

use indexmap::IndexMap;
use nexus::tree::{Group, Item, Value};

use crate::layout::NodeError;

/// A group.
#[derive(Default)]
pub(super) struct Branch {
    pub(super) attributes: IndexMap<String, Value>,
    pub(super) children: IndexMap<String, Node>,
}

/// A group, or what has no members.
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
    /// An empty group, of a class if it has one.
    pub(super) fn of_class(class: Option<&&str>) -> Branch {
        let mut branch = Branch::default();
        if let Some(class) = class {
            let class = Value::text(*class);
            branch.attributes.insert("NX_class".to_owned(), class);
        }
        branch
    }

    /// The group as it is written.
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
        }
    }
}

/// The names in a path.
pub(super) fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

/// The path of a member of a group; the path of the root is empty.
pub fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    }
}

/// Parent and name of a path.
pub(super) fn split(path: &str) -> Option<(&str, &str)> {
    let path = path.trim_matches('/');
    match path.rsplit_once('/') {
        _ if path.is_empty() => None,
        Some((parent, name)) => Some((parent, name)),
        None => Some(("", path)),
    }
}

/// Names that HDF5 has no place for.
pub(super) fn valid_name(name: &str) -> Result<(), NodeError> {
    match name {
        "." => Err(NodeError::Dot),
        name if name.contains('\0') => Err(NodeError::NulCharacter),
        _ => Ok(()),
    }
}
