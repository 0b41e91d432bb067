//! Values that are known when the tree is made.

use super::ElementType;

/// A scalar or array, in C order, with its HDF5 type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Numbers, booleans or texts of fixed length, as the bytes that go into the file.
    Numbers {
        /// Type of one element; never text of variable length or compound.
        element: ElementType,
        /// Empty for a scalar.
        shape: Vec<u64>,
        /// The elements one after the other.
        bytes: Vec<u8>,
    },
    /// UTF-8 texts.
    Texts {
        /// Empty for a scalar.
        shape: Vec<u64>,
        /// As many as the shape has elements.
        texts: Vec<String>,
    },
    /// A table, column by column; all columns have the shape of the table.
    Compound {
        /// Empty for a scalar.
        shape: Vec<u64>,
        /// At least one.
        columns: Vec<Column>,
    },
}

/// One member of a compound, for all elements.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name of the member.
    pub name: String,
    /// Its values.
    pub value: Value,
}

impl Value {
    /// A scalar text.
    pub fn text(text: impl Into<String>) -> Value {
        Value::Texts {
            shape: Vec::new(),
            texts: vec![text.into()],
        }
    }

    /// Extent, in elements; empty for a scalar.
    pub fn shape(&self) -> &[u64] {
        match self {
            Value::Numbers { shape, .. }
            | Value::Texts { shape, .. }
            | Value::Compound { shape, .. } => shape,
        }
    }

    /// HDF5 type of one element.
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
