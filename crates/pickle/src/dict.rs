//! Dictionaries of Python.

use std::hash::{Hash, Hasher};
use std::mem;

use indexmap::{Equivalent, IndexMap};

use crate::value::Value;

/// A dictionary, in the order in which its keys were inserted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dict {
    entries: IndexMap<Key, Value>,
}

impl Dict {
    /// Returns the value of a text key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)
    }

    /// Returns the value of a key of any type.
    pub fn get_value(&self, key: &Value) -> Option<&Value> {
        self.entries.get(&Key(key.clone()))
    }

    /// Assigns a value to a key, which keeps its place if it was there.
    pub fn insert(&mut self, key: Value, value: Value) {
        self.entries.insert(Key(key), value);
    }

    /// Returns the keys and their values, in the order of insertion.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value, &Value)> {
        self.entries.iter().map(|(key, value)| (&key.0, value))
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns `true` if there are no keys.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl FromIterator<(Value, Value)> for Dict {
    fn from_iter<T: IntoIterator<Item = (Value, Value)>>(entries: T) -> Dict {
        let entries = entries.into_iter();
        Dict {
            entries: entries.map(|(key, value)| (Key(key), value)).collect(),
        }
    }
}

/// A key. Texts hash as `str` does, so that they can be looked up without an allocation.
#[derive(Debug, Clone, PartialEq)]
struct Key(Value);

// A NaN does not equal itself, in Python neither: such a key is only found by iteration.
impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
    }
}

impl Equivalent<Key> for str {
    fn equivalent(&self, key: &Key) -> bool {
        key.0.as_text() == Some(self)
    }
}

fn hash(value: &Value, state: &mut impl Hasher) {
    if let Value::Text(text) = value {
        return text.hash(state);
    }
    mem::discriminant(value).hash(state);
    match value {
        Value::None | Value::Text(_) => {}
        Value::Bool(value) => value.hash(state),
        Value::Int(value) => value.hash(state),
        Value::BigInt(value) => value.hash(state),
        // Zero has two representations, which are equal.
        Value::Float(value) => (value + 0.0).to_bits().hash(state),
        Value::Bytes(bytes) => bytes.hash(state),
        Value::List(values) | Value::Tuple(values) | Value::Set(values) => {
            values.iter().for_each(|value| hash(value, state));
        }
        // Equal dictionaries can have another order.
        Value::Dict(dict) => dict.len().hash(state),
        Value::Global(global) => global.hash(state),
        Value::Object(object) => {
            hash(&object.callable, state);
            object.arguments.iter().for_each(|value| hash(value, state));
        }
    }
}
