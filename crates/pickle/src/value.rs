//! What a pickle describes.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use crate::dict::Dict;
use crate::numpy::{Array, Element};

/// A Python value. Clones are cheap.
///
/// Byte strings are slices of the pickle. Values are never nested deeper than
/// [`MAX_DEPTH`](crate::MAX_DEPTH).
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer that `i64` cannot hold.
    BigInt(BigInt),
    /// A `float`.
    Float(f64),
    /// A text. Half surrogates, which Python allows in texts, are U+FFFD.
    Text(Arc<str>),
    /// `bytes` or `bytearray`.
    Bytes(Bytes),
    /// A list.
    List(Arc<[Value]>),
    /// A tuple.
    Tuple(Arc<[Value]>),
    /// A `set` or `frozenset`, in the order of the pickle.
    Set(Arc<[Value]>),
    /// A dictionary, also a `collections.OrderedDict`.
    Dict(Arc<Dict>),
    /// The name of a class or function.
    Global(Arc<Global>),
    /// Anything else: what Python would call to create it.
    Object(Arc<Object>),
}

/// The name of a class or function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Global {
    /// Module, such as `numpy`.
    pub module: Arc<str>,
    /// Name in the module, such as `float64`; dots separate nested classes.
    pub name: Arc<str>,
}

/// A call that creates a Python object, and what Python puts into the object afterwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Class or function; nearly always a [`Value::Global`].
    pub callable: Value,
    /// Positional arguments.
    pub arguments: Arc<[Value]>,
    /// Keyword arguments.
    pub keywords: Dict,
    /// State, which Python gives to `__setstate__`, or [`Value::None`].
    pub state: Value,
    /// Values that Python appends to the object.
    pub list_items: Vec<Value>,
    /// Values that Python assigns to keys of the object.
    pub dict_items: Dict,
}

impl Value {
    /// Returns `true` for `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }

    /// Returns the text, if the value is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the truth value, if the value is one of Python or numpy.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            Value::Object(_) => match self.numpy_scalar()? {
                Element::Bool(value) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the integer, if the value is one of Python or numpy that `i64` can hold.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(value) => Some(*value),
            Value::Object(_) => match self.numpy_scalar()? {
                Element::Int(value) => Some(value),
                Element::Uint(value) => value.try_into().ok(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the integer, if the value is one of Python or numpy that `u64` can hold.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Value::BigInt(value) => value.to_u64(),
            Value::Object(_) => match self.numpy_scalar()? {
                Element::Uint(value) => Some(value),
                Element::Int(value) => value.try_into().ok(),
                _ => None,
            },
            _ => self.as_i64()?.try_into().ok(),
        }
    }

    /// Returns the number, rounded to the nearest `f64`, if the value is an integer or a number of Python
    /// or numpy.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(value) => Some(*value),
            Value::Int(value) => Some(*value as f64),
            Value::BigInt(value) => value.to_f64(),
            Value::Object(_) => match self.numpy_scalar()? {
                Element::Float(value) => Some(value),
                Element::Int(value) => Some(value as f64),
                Element::Uint(value) => Some(value as f64),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the bytes, if the value is `bytes` or `bytearray`.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Returns the values in a list or a tuple.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(values) | Value::Tuple(values) => Some(values),
            _ => None,
        }
    }

    /// Returns the dictionary, if the value is one.
    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Value::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// Returns the class or function, if the value is one.
    pub fn as_global(&self) -> Option<&Global> {
        match self {
            Value::Global(global) => Some(global),
            _ => None,
        }
    }

    /// Returns the object, if the value is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Returns what Python's `bool()` returns for the value. Objects are true, except for scalars of numpy
    /// that are zero.
    pub fn is_truthy(&self) -> bool {
        match self {
            Value::None => false,
            Value::Bool(value) => *value,
            Value::Int(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Bytes(bytes) => !bytes.is_empty(),
            Value::List(values) | Value::Tuple(values) | Value::Set(values) => !values.is_empty(),
            Value::Dict(dict) => !dict.is_empty(),
            Value::Object(_) => self.numpy_scalar().is_none_or(|scalar| scalar.is_truthy()),
            Value::BigInt(_) | Value::Global(_) => true,
        }
    }

    /// Returns the element of a scalar of numpy.
    fn numpy_scalar(&self) -> Option<Element> {
        let array = Array::of(self).ok()?;
        match array.shape.is_empty() {
            true => array.elements().next(),
            false => None,
        }
    }
}

impl Global {
    /// Returns `true` if this is the class or function `name` of `module`.
    pub fn is(&self, module: &str, name: &str) -> bool {
        &*self.name == name && &*self.module == module
    }
}

impl fmt::Display for Global {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}

impl Object {
    /// Returns the class or function that Python calls, if it is known by name.
    pub fn class(&self) -> Option<&Global> {
        self.callable.as_global()
    }

    /// Returns `true` if Python calls the class or function `name` of `module`.
    pub fn is(&self, module: &str, name: &str) -> bool {
        self.class().is_some_and(|class| class.is(module, name))
    }
}
