//! Values that are known when the tree is created.

use super::ElementType;

/// A scalar or array, in C order, with its HDF5 type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Numbers, booleans or texts of fixed length, as the bytes that the file holds.
    Numbers {
        /// The type of one element, which is neither a text of variable length nor a compound.
        element: ElementType,
        /// The shape, which is empty for a scalar.
        shape: Vec<u64>,
        /// The bytes of all elements.
        bytes: Vec<u8>,
    },
    /// UTF-8 texts.
    Texts {
        /// The shape, which is empty for a scalar.
        shape: Vec<u64>,
        /// The texts, as many as the shape has elements.
        texts: Vec<String>,
    },
    /// A table of columns, which all have the shape of the table.
    Compound {
        /// The shape, which is empty for a scalar.
        shape: Vec<u64>,
        /// The columns, at least one.
        columns: Vec<Column>,
    },
}

/// The values of one member of a compound, for all elements.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The name of the member.
    pub name: String,
    /// The values.
    pub value: Value,
}

impl Value {
    /// Returns a scalar text.
    pub fn text(text: impl Into<String>) -> Value {
        Value::Texts {
            shape: Vec::new(),
            texts: vec![text.into()],
        }
    }

    /// Returns the extent in elements, which is empty for a scalar.
    pub fn shape(&self) -> &[u64] {
        match self {
            Value::Numbers { shape, .. }
            | Value::Texts { shape, .. }
            | Value::Compound { shape, .. } => shape,
        }
    }

    /// Returns the type of one element.
    pub fn element(&self) -> ElementType {
        match self {
            Value::Numbers { element, .. } => element.clone(),
            Value::Texts { .. } => ElementType::Text,
            Value::Compound { columns, .. } => ElementType::Compound(
                columns
                    .iter()
                    .map(|column| (column.name.clone(), column.value.element()))
                    .collect(),
            ),
        }
    }
}

macro_rules! scalar {
    ($($number:ty => $element:expr),* $(,)?) => {$(
        impl From<$number> for Value {
            fn from(number: $number) -> Value {
                let bytes = number.to_le_bytes().to_vec();
                Value::Numbers { element: $element, shape: Vec::new(), bytes }
            }
        }
    )*};
}

scalar! {
    i64 => ElementType::Int(8, super::ByteOrder::Little),
    u64 => ElementType::Uint(8, super::ByteOrder::Little),
    f64 => ElementType::Float(8, super::ByteOrder::Little),
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Numbers {
            element: ElementType::Bool,
            shape: Vec::new(),
            bytes: vec![flag.into()],
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::text(text)
    }
}
