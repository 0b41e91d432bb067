//! Values while they are built.
//!
//! A pickle refers to lists, dictionaries and objects before they are complete, so they are nodes in an
//! arena until the end. Then [`Arena::finish`] makes immutable values of them, each only once.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;

use super::MAX_DEPTH;
use crate::dict::Dict;
use crate::error::DecodeError;
use crate::value::{Object, Value};

/// A pickle of n bytes may describe values of 64 n bytes, and these, if every reference were a copy.
const SMALL: u64 = 1 << 20;

/// A value on the stack or in the memo.
#[derive(Clone)]
pub(super) enum Item {
    /// A value that holds no others.
    Leaf(Value),
    /// The number of a node.
    Node(usize),
}

/// A value that holds others.
pub(super) enum Node {
    List(Vec<Item>),
    Tuple(Vec<Item>),
    Set(Vec<Item>),
    Dict(Vec<(Item, Item)>),
    Object(Box<Call>),
}

/// An object while it is built.
pub(super) struct Call {
    pub(super) callable: Item,
    pub(super) arguments: Item,
    pub(super) keywords: Option<Item>,
    pub(super) state: Option<Item>,
    pub(super) list_items: Vec<Item>,
    pub(super) dict_items: Vec<(Item, Item)>,
}

enum State {
    Open(Node),
    /// What the node holds is being finished: whoever meets it again has found a cycle.
    Closing,
    Finished(Finished),
}

/// A finished value.
#[derive(Clone)]
struct Finished {
    value: Value,
    /// How many values and bytes it has, if every reference were a copy.
    weight: u64,
    /// How many levels of values are below it.
    height: usize,
}

/// All nodes of a pickle.
pub(super) struct Arena {
    nodes: Vec<State>,
    pickle_length: usize,
}

impl Arena {
    pub(super) fn new(pickle_length: usize) -> Arena {
        Arena {
            nodes: Vec::new(),
            pickle_length,
        }
    }

    pub(super) fn add(&mut self, node: Node) -> Item {
        self.nodes.push(State::Open(node));
        Item::Node(self.nodes.len() - 1)
    }

    /// Returns the node that an item refers to.
    pub(super) fn node(&mut self, item: &Item) -> Option<&mut Node> {
        match item {
            Item::Leaf(_) => None,
            Item::Node(number) => match self.nodes.get_mut(*number) {
                Some(State::Open(node)) => Some(node),
                _ => None,
            },
        }
    }

    /// Returns the value of an item, with all that it holds.
    pub(super) fn finish(&mut self, item: Item) -> Result<Value, DecodeError> {
        let mut root = Holder::new(self, 0);
        root.add(item)
    }

    fn finish_node(&mut self, number: usize, depth: usize) -> Result<Finished, DecodeError> {
        if depth > MAX_DEPTH {
            return Err(DecodeError::TooDeep);
        }
        let state = match self.nodes.get_mut(number) {
            Some(state) => mem::replace(state, State::Closing),
            None => return Err(DecodeError::Cycle),
        };
        let finished = match state {
            State::Closing => return Err(DecodeError::Cycle),
            State::Finished(finished) if depth + finished.height > MAX_DEPTH => {
                return Err(DecodeError::TooDeep);
            }
            State::Finished(finished) => finished,
            State::Open(node) => {
                let mut holder = Holder::new(self, depth);
                let value = holder.close(node)?;
                Finished {
                    value,
                    weight: holder.weight,
                    height: holder.height,
                }
            }
        };
        self.nodes[number] = State::Finished(finished.clone());
        Ok(finished)
    }
}

/// Finishes what one value holds.
struct Holder<'a> {
    arena: &'a mut Arena,
    depth: usize,
    weight: u64,
    height: usize,
}

impl<'a> Holder<'a> {
    fn new(arena: &'a mut Arena, depth: usize) -> Holder<'a> {
        Holder {
            arena,
            depth,
            weight: 1,
            height: 0,
        }
    }

    fn close(&mut self, node: Node) -> Result<Value, DecodeError> {
        Ok(match node {
            Node::List(items) => Value::List(self.add_all(items)?.into()),
            Node::Tuple(items) => Value::Tuple(self.add_all(items)?.into()),
            Node::Set(items) => Value::Set(self.add_all(items)?.into()),
            Node::Dict(items) => Value::Dict(Arc::new(self.add_pairs(items)?)),
            Node::Object(call) => self.close_call(*call)?,
        })
    }

    fn close_call(&mut self, call: Call) -> Result<Value, DecodeError> {
        let arguments = match self.add(call.arguments)? {
            Value::Tuple(arguments) => arguments,
            // The machine has made sure that it is a tuple.
            other => [other].into(),
        };
        let keywords = match call.keywords {
            Some(item) => match self.add(item)? {
                Value::Dict(keywords) => Dict::clone(&keywords),
                _ => Dict::default(),
            },
            None => Dict::default(),
        };
        let state = match call.state {
            Some(state) => self.add(state)?,
            None => Value::None,
        };
        let object = Object {
            callable: self.add(call.callable)?,
            arguments,
            keywords,
            state,
            list_items: self.add_all(call.list_items)?,
            dict_items: self.add_pairs(call.dict_items)?,
        };
        Ok(plain(object))
    }

    fn add_all(&mut self, items: Vec<Item>) -> Result<Vec<Value>, DecodeError> {
        items.into_iter().map(|item| self.add(item)).collect()
    }

    fn add_pairs(&mut self, items: Vec<(Item, Item)>) -> Result<Dict, DecodeError> {
        let pairs = items.into_iter();
        pairs
            .map(|(key, value)| Ok((self.add(key)?, self.add(value)?)))
            .collect()
    }

    fn add(&mut self, item: Item) -> Result<Value, DecodeError> {
        let (value, weight) = match item {
            Item::Leaf(value) => {
                let bytes = match &value {
                    Value::Text(text) => text.len(),
                    Value::Bytes(bytes) => bytes.len(),
                    Value::Global(global) => global.module.len() + global.name.len(),
                    Value::BigInt(value) => value.bits() as usize / 8,
                    _ => 0,
                };
                (value, 1 + bytes as u64)
            }
            Item::Node(number) => {
                let finished = self.arena.finish_node(number, self.depth + 1)?;
                self.height = self.height.max(finished.height + 1);
                (finished.value, finished.weight)
            }
        };
        self.weight = self.weight.saturating_add(weight);
        let length = self.arena.pickle_length;
        if self.weight > SMALL + 64 * length as u64 {
            return Err(DecodeError::TooLarge { bytes: length });
        }
        Ok(value)
    }
}

/// Returns the plain value that an object of Python's library is, or the object.
fn plain(object: Object) -> Value {
    let class = object.class();
    let class = class.map(|class| (class.module.as_ref(), class.name.as_ref()));
    match (class, object.arguments.as_ref()) {
        (Some(("collections", "OrderedDict")), []) => Value::Dict(Arc::new(object.dict_items)),
        // These have no opcodes in all protocols.
        (Some(("builtins", "set" | "frozenset")), [Value::List(values)]) => {
            Value::Set(values.clone())
        }
        (Some(("builtins", "bytearray")), []) => Value::Bytes(Bytes::new()),
        (Some(("builtins", "bytearray")), [Value::Bytes(bytes)]) => Value::Bytes(bytes.clone()),
        _ => Value::Object(Arc::new(object)),
    }
}
