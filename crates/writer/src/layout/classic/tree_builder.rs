//! A file in the making: the tree that the modules of this layout draw on.
//!
//! Metadata of BLISS are dumped one over the other, at the beginning and at the end of a scan. The
//! canvas has the rules of that: groups are used again, values that exist are assigned, and nothing
//! is ever drawn over acquired data. What cannot be drawn is a finding, and costs only itself.

mod attributes;
mod metadata_path;
mod node;

use std::collections::{HashMap, HashSet};

use indexmap::IndexSet;
use nexus::tree::{Content, Dataset, Group, Item, Named, Stream, Value};

use super::assign::assign;
use crate::layout::{InvalidItem, NodeError};
pub use metadata_path::MetadataPurpose;
pub use node::join;
use node::{Branch, Node, parts, split, valid_name};

/// A file in the making. Paths are relative to its root, without a slash in front.
pub struct TreeBuilder {
    file: String,
    root: Node,
    /// Paths that acquired data, their aliases and links will have.
    reserved: HashSet<String>,
    /// Groups above these paths.
    above_reserved: HashSet<String>,
    /// Groups of the writer, with their classes.
    writer_groups: HashMap<String, &'static str>,
    /// Where metadata went whose path was taken.
    alternatives: HashMap<String, String>,
    /// The same paths, to be used by nothing else.
    alternatives_in_use: HashSet<String>,
    invalid: Vec<InvalidItem>,
    notices: IndexSet<String>,
}

/// What was drawn.
pub struct BuiltTree {
    /// The tree.
    pub root: Group,
    /// What could not be drawn.
    pub invalid: Vec<InvalidItem>,
    /// What is there, but not as it was asked for.
    pub notices: Vec<String>,
}

impl TreeBuilder {
    /// An empty file of this name.
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

    /// The tree, and what there is to say about it.
    pub fn finish(self) -> BuiltTree {
        let root = match self.root {
            Node::Branch(branch) => branch.into_group(),
            Node::Leaf(_) => Group::default(),
        };
        BuiltTree {
            root,
            invalid: self.invalid,
            notices: self.notices.into_iter().collect(),
        }
    }

    /// Notes something that people should know, while nothing is missing: an item that is not quite
    /// what was asked for. The same is told once.
    pub fn notice(&mut self, path: &str, text: impl std::fmt::Display) {
        self.notices
            .insert(format!("{}::/{path}: {text}", self.file));
    }

    /// Notes something that cannot be drawn, which makes the scan incomplete. Attributes are told as
    /// `path@name`.
    pub fn invalid(&mut self, path: &str, reason: NodeError) {
        self.invalid.push(InvalidItem {
            file: self.file.clone(),
            path: format!("/{path}"),
            reason: reason.into(),
        });
    }

    /// Whether something is at this path.
    pub fn has(&self, path: &str) -> bool {
        self.node(path).is_some()
    }

    /// Whether a group is at this path.
    pub fn is_group(&self, path: &str) -> bool {
        matches!(self.node(path), Some(Node::Branch(_)))
    }

    /// Whether this is a group of the writer, with a class that metadata cannot change.
    pub fn is_writer_group(&self, path: &str) -> bool {
        self.writer_groups.contains_key(path)
    }

    /// Where a soft link points to.
    pub fn link_target(&self, path: &str) -> Option<&str> {
        match self.node(path)? {
            Node::Leaf(Item::SoftLink { target }) => Some(target),
            _ => None,
        }
    }

    /// Whether a dataset is at this path.
    pub fn is_dataset(&self, path: &str) -> bool {
        matches!(self.node(path), Some(Node::Leaf(Item::Dataset(_))))
    }

    /// Keeps metadata away from this path: it belongs to acquired data.
    pub fn reserve(&mut self, path: &str) {
        self.reserved.insert(path.to_owned());
        let mut above = path;
        while let Some((parent, _)) = above.rsplit_once('/') {
            self.above_reserved.insert(parent.to_owned());
            above = parent;
        }
    }

    /// Declares a group of the writer: it gets this class as soon as it is made, whoever makes it,
    /// and metadata may add members to it but not take its place.
    pub fn reserve_group(&mut self, path: &str, class: &'static str) {
        self.writer_groups.insert(path.to_owned(), class);
    }

    /// Whether the path belongs to acquired data.
    pub fn is_reserved(&self, path: &str) -> bool {
        self.reserved.contains(path)
    }

    /// Makes a group, and those above it, where they are missing. False (and a finding) if something
    /// else is in the way.
    pub fn group(&mut self, path: &str) -> bool {
        let made = self.branch(path).map(|_| ());
        self.report(path, made)
    }

    /// The same with a class. A group that has another class keeps it, and that is a finding.
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

    /// Writes a value. A dataset that exists is assigned as h5py does it: it keeps its type if the
    /// value can be converted and has the same shape or fills the array; else it is made anew and
    /// keeps its attributes. Groups and links stay as they are.
    pub fn value(&mut self, path: &str, value: Value) -> bool {
        let mut changed = false;
        let written =
            self.parent(path)
                .and_then(|(branch, name)| match branch.children.get_mut(name) {
                    None => {
                        let dataset = Dataset {
                            attributes: Named::new(),
                            content: Content::Value(value),
                        };
                        let leaf = Node::Leaf(Item::Dataset(dataset));
                        branch.children.insert(name.to_owned(), leaf);
                        Ok(())
                    }
                    Some(Node::Leaf(Item::Dataset(Dataset { content, .. }))) => match content {
                        Content::Value(old) => {
                            *old = match assign(old, &value) {
                                None => value,
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
        self.report(path, written)
    }

    /// Writes any item where nothing is yet. False, without a finding, if something is there.
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

    /// A place for a stream.
    pub fn stream(&mut self, path: &str, stream: Stream, attributes: Named<Value>) -> bool {
        self.item(
            path,
            Item::Dataset(Dataset {
                attributes,
                content: Content::Stream(stream),
            }),
        )
    }

    /// A soft link with exactly this text, where nothing is yet.
    pub fn link(&mut self, path: &str, target: &str) -> bool {
        let target = target.to_owned();
        self.item(path, Item::SoftLink { target })
    }

    /// Removes what is at this path, if anything is.
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

    /// The group at a path, made with those above it where they are missing.
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
