//! Attributes of groups and datasets in a tree that is built.

use nexus::tree::{Item, Value};

use super::{Node, TreeBuilder};
use crate::layout::NodeError;

impl TreeBuilder {
    /// Returns `true` if the item has this attribute.
    pub fn has_attribute(&self, path: &str, name: &str) -> bool {
        match self.node(path) {
            Some(Node::Branch(branch)) => branch.attributes.contains_key(name),
            Some(Node::Leaf(Item::Dataset(dataset))) => {
                dataset.attributes.iter().any(|(n, _)| n == name)
            }
            _ => false,
        }
    }

    /// Returns the value of an attribute, if it is a text.
    pub fn text_attribute(&self, path: &str, name: &str) -> Option<&str> {
        let attribute = match self.node(path)? {
            Node::Branch(branch) => branch.attributes.get(name)?,
            Node::Leaf(Item::Dataset(dataset)) => {
                &dataset.attributes.iter().find(|(n, _)| n == name)?.1
            }
            Node::Leaf(_) => return None,
        };
        match attribute {
            Value::Texts { shape, texts } if shape.is_empty() => texts.first().map(String::as_str),
            _ => None,
        }
    }

    /// Sets an attribute of a group or dataset.
    pub fn attribute(&mut self, path: &str, name: &str, value: Value) -> bool {
        let set = match self.node_mut(path) {
            Some(Node::Branch(branch)) => {
                branch.attributes.insert(name.to_owned(), value);
                Ok(())
            }
            Some(Node::Leaf(Item::Dataset(dataset))) => {
                match dataset.attributes.iter_mut().find(|(n, _)| n == name) {
                    Some((_, old)) => *old = value,
                    None => dataset.attributes.push((name.to_owned(), value)),
                }
                Ok(())
            }
            Some(Node::Leaf(_)) => Err(NodeError::LinkAttribute),
            None => Err(NodeError::NoItem),
        };
        self.report(&format!("{path}@{name}"), set)
    }

    /// Removes an attribute, if there is one.
    pub fn remove_attribute(&mut self, path: &str, name: &str) {
        match self.node_mut(path) {
            Some(Node::Branch(branch)) => {
                branch.attributes.shift_remove(name);
            }
            Some(Node::Leaf(Item::Dataset(dataset))) => {
                dataset.attributes.retain(|(n, _)| n != name);
            }
            _ => {}
        }
    }
}
