//! The tree of a file while the modules of this layout build it.
//!
//! Metadata of BLISS are added one over the other, at the beginning and at the end of a scan. The
//! builder has the rules for this: existing groups are used again, existing values are assigned,
//! and nothing replaces acquired data. An item that cannot be added is left out and reported.

mod attributes;
mod metadata_path;
mod node;

use std::collections::{HashMap, HashSet};

use indexmap::IndexSet;
use nexus::tree::{Content, Dataset, Group, Item, NamedList, Stream, Value};

use super::assign::{assign, is_kept_by_h5py};
use crate::layout::{InvalidItem, NodeError};
pub use metadata_path::MetadataPurpose;
pub use node::join;
use node::{Branch, Node, parts, split, valid_name};

/// Builds the tree of a file. Paths are relative to its root, without a leading slash.
pub struct TreeBuilder {
    file: String,
    root: Node,
    /// Paths that acquired data, their aliases and links will have.
    reserved: HashSet<String>,
    /// Groups above these paths.
    above_reserved: HashSet<String>,
    /// Groups of the writer, with their classes.
    writer_groups: HashMap<String, &'static str>,
    /// The alternative paths of metadata whose own path was taken.
    alternatives: HashMap<String, String>,
    /// All alternative paths: nothing else may have them.
    alternatives_in_use: HashSet<String>,
    invalid: Vec<InvalidItem>,
    notices: IndexSet<String>,
}

/// A tree that was built.
pub struct BuiltTree {
    /// The tree.
    pub root: Group,
    /// Items that could not be added.
    pub invalid: Vec<InvalidItem>,
    /// Messages about items that are not exactly as they should be.
    pub notices: Vec<String>,
}

impl TreeBuilder {
    /// Starts with an empty tree for the file of this name.
    pub fn new(file: &str) -> TreeBuilder {
        TreeBuilder {
            file: file.to_owned(),
            root: Node::default(),
            reserved: HashSet::new(),
            above_reserved: HashSet::new(),
            writer_groups: HashMap::new(),
            alternatives: HashMap::new(),
            alternatives_in_use: HashSet::new(),
            invalid: Vec::new(),
            notices: IndexSet::new(),
        }
    }

    /// Returns the tree with all messages.
    pub fn finish(self) -> BuiltTree {
        let root = match self.root {
            Node::Branch(mut branch) => {
                let later = self.reserved.iter().chain(self.writer_groups.keys());
                later.for_each(|path| branch.expect(path));
                branch.into_group()
            }
            Node::Leaf(_) => Group::default(),
        };
        BuiltTree {
            root,
            invalid: self.invalid,
            notices: self.notices.into_iter().collect(),
        }
    }

    /// Adds a message about an item that is not exactly as it should be, while nothing is missing.
    /// Equal messages are added once.
    pub fn notice(&mut self, path: &str, text: impl std::fmt::Display) {
        self.notices
            .insert(format!("{}::/{path}: {text}", self.file));
    }

    /// Reports an item that cannot be added, which makes the scan incomplete. The path of an
    /// attribute is `path@name`.
    pub fn invalid(&mut self, path: &str, reason: NodeError) {
        self.invalid.push(InvalidItem {
            file: self.file.clone(),
            path: format!("/{path}"),
            reason: reason.into(),
        });
    }

    /// Returns `true` if there is an item at this path.
    pub fn has(&self, path: &str) -> bool {
        self.node(path).is_some()
    }

    /// Returns `true` if there is a group at this path.
    pub fn is_group(&self, path: &str) -> bool {
        matches!(self.node(path), Some(Node::Branch(_)))
    }

    /// Returns `true` if this is a group of the writer, with a class that metadata cannot change.
    pub fn is_writer_group(&self, path: &str) -> bool {
        self.writer_groups.contains_key(path)
    }

    /// Returns the target of a soft link.
    pub fn link_target(&self, path: &str) -> Option<&str> {
        match self.node(path)? {
            Node::Leaf(Item::SoftLink { target }) => Some(target),
            _ => None,
        }
    }

    /// Returns `true` if there is a dataset at this path.
    pub fn is_dataset(&self, path: &str) -> bool {
        matches!(self.node(path), Some(Node::Leaf(Item::Dataset(_))))
    }

    /// Reserves a path for acquired data: metadata cannot have it.
    pub fn reserve(&mut self, path: &str) {
        self.reserved.insert(path.to_owned());
        let mut above = path;
        while let Some((parent, _)) = above.rsplit_once('/') {
            self.above_reserved.insert(parent.to_owned());
            above = parent;
        }
    }

    /// Reserves a path for a group of the writer. It gets this class when it is created, even if
    /// metadata create it; metadata may add members, but cannot have the path.
    pub fn reserve_group(&mut self, path: &str, class: &'static str) {
        self.writer_groups.insert(path.to_owned(), class);
    }

    /// Returns `true` if the path belongs to acquired data.
    pub fn is_reserved(&self, path: &str) -> bool {
        self.reserved.contains(path)
    }

    /// Adds a group, and those above it, where they are missing. Returns `false` and reports the
    /// item if there is something else.
    pub fn group(&mut self, path: &str) -> bool {
        let made = self.branch(path).map(|_| ());
        self.report(path, made)
    }

    /// Adds a group with a class. Returns `false` and reports the group if it has another class,
    /// which it keeps.
    pub fn class_group(&mut self, path: &str, class: &str) -> bool {
        let made = self.branch(path).and_then(|branch| {
            match branch.attributes.entry("NX_class".to_owned()) {
                indexmap::map::Entry::Vacant(entry) => {
                    entry.insert(Value::text(class));
                    Ok(())
                }
                indexmap::map::Entry::Occupied(entry) if *entry.get() == Value::text(class) => {
                    Ok(())
                }
                indexmap::map::Entry::Occupied(_) => Err(NodeError::OtherClass(class.to_owned())),
            }
        });
        self.report(path, made)
    }

    /// Adds a value. An existing dataset is assigned as by h5py: it keeps its type if the value can
    /// be converted and has the same shape or can be broadcast to it. Otherwise it is replaced and
    /// keeps its attributes. Existing groups and links do not change.
    pub fn value(&mut self, path: &str, value: Value) -> bool {
        let (mut changed, mut replaced) = (false, false);
        let written =
            self.parent(path)
                .and_then(|(branch, name)| match branch.children.get_mut(name) {
                    None => {
                        let dataset = Dataset {
                            attributes: NamedList::new(),
                            content: Content::Value(value),
                        };
                        let leaf = Node::Leaf(Item::Dataset(dataset));
                        branch.children.insert(name.to_owned(), leaf);
                        Ok(())
                    }
                    Some(Node::Leaf(Item::Dataset(Dataset { content, .. }))) => match content {
                        Content::Value(old) => {
                            *old = match assign(old, &value) {
                                None => {
                                    replaced = is_kept_by_h5py(old, &value);
                                    value
                                }
                                Some(assigned) => {
                                    changed = !assigned.exact;
                                    assigned.value
                                }
                            };
                            Ok(())
                        }
                        _ => Err(NodeError::AcquiredData),
                    },
                    Some(Node::Branch(_)) => Err(NodeError::Group),
                    Some(Node::Leaf(_)) => Err(NodeError::Link),
                });
        if changed {
            self.notice(path, "the new value took type and shape of the old one");
        }
        if replaced {
            self.notice(path, "the new value has replaced one of another type");
        }
        self.report(path, written)
    }

    /// Adds an item. Returns `false`, without a report, if there is an item already.
    pub fn item(&mut self, path: &str, item: Item) -> bool {
        match self.parent(path) {
            Ok((branch, name)) if !branch.children.contains_key(name) => {
                branch.children.insert(name.to_owned(), Node::Leaf(item));
                true
            }
            Ok(_) => false,
            Err(reason) => {
                self.invalid(path, reason);
                false
            }
        }
    }

    /// Adds the dataset of a stream, unless there is an item already.
    pub fn stream(&mut self, path: &str, stream: Stream, attributes: NamedList<Value>) -> bool {
        self.item(
            path,
            Item::Dataset(Dataset {
                attributes,
                content: Content::Stream(stream),
            }),
        )
    }

    /// Adds a soft link with exactly this target, unless there is an item already.
    pub fn link(&mut self, path: &str, target: &str) -> bool {
        let target = target.to_owned();
        self.item(path, Item::SoftLink { target })
    }

    /// Removes the item at this path, if there is one.
    pub fn remove(&mut self, path: &str) {
        if let Some((parent, name)) = split(path)
            && let Some(Node::Branch(branch)) = self.node_mut(parent)
        {
            branch.children.shift_remove(name);
        }
    }

    fn report(&mut self, path: &str, done: Result<(), NodeError>) -> bool {
        match done {
            Ok(()) => true,
            Err(reason) => {
                self.invalid(path, reason);
                false
            }
        }
    }

    fn node(&self, path: &str) -> Option<&Node> {
        parts(path).try_fold(&self.root, |node, name| match node {
            Node::Branch(branch) => branch.children.get(name),
            Node::Leaf(_) => None,
        })
    }

    fn node_mut(&mut self, path: &str) -> Option<&mut Node> {
        parts(path).try_fold(&mut self.root, |node, name| match node {
            Node::Branch(branch) => branch.children.get_mut(name),
            Node::Leaf(_) => None,
        })
    }

    /// Returns the group at a path. Creates it, and those above it, if they are missing.
    fn branch(&mut self, path: &str) -> Result<&mut Branch, NodeError> {
        let (mut node, mut here) = (&mut self.root, String::new());
        for name in parts(path) {
            valid_name(name)?;
            here = join(&here, name);
            node = match node {
                Node::Branch(branch) => {
                    let class = self.writer_groups.get(&here);
                    let made = || Node::Branch(Branch::of_class(class));
                    branch.children.entry(name.to_owned()).or_insert_with(made)
                }
                Node::Leaf(_) => return Err(NodeError::BelowItem),
            };
        }
        match node {
            Node::Branch(branch) => Ok(branch),
            Node::Leaf(_) => Err(NodeError::NotGroup),
        }
    }

    fn parent<'a>(&mut self, path: &'a str) -> Result<(&mut Branch, &'a str), NodeError> {
        let (parent, name) = split(path).ok_or(NodeError::NoName)?;
        valid_name(name)?;
        Ok((self.branch(parent)?, name))
    }
}
