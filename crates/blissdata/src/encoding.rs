//! How the points of a stream are laid out in the payloads of its entries.
//!
//! An [`Encoding`] is declared once per stream in the scan document. A *numeric* stream has a
//! [`DType`] and the shape of one point; its payloads are the raw bytes of the points, in C order,
//! so they can be stored without being decoded. When a dimension varies from entry to entry, each
//! payload carries the actual shape in front ([`VariableBatch`]). A *json* stream has one JSON value
//! per entry.
//!
//! Reference: blissdata 2.4.5, `blissdata.streams.encoding`.

mod variable;

use acquisition::{DType, DTypeError};
use serde_json::Value;

pub use variable::VariableBatch;

/// Encoding of the payloads of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoding {
    /// Raw numbers.
    Numeric {
        /// Type of one number, with its byte order.
        dtype: DType,
        /// Shape of one point; empty for scalars, `None` for a dimension that varies.
        shape: Vec<Option<u64>>,
    },
    /// One JSON value per entry.
    Json,
}

/// Why the declared encoding of a stream cannot be used. Only that stream is unreadable then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodingError {
    /// No encoding (null, empty or absent).
    #[error("the stream declares no encoding")]
    Missing,
    /// The stream description itself is not usable.
    #[error("malformed stream description: {0}")]
    Malformed(String),
    /// Neither numeric nor json.
    #[error("unknown encoding type {0:?}")]
    UnknownType(String),
    /// The type of the numbers is not usable.
    #[error(transparent)]
    DType(#[from] DTypeError),
    /// The shape is not a list of sizes.
    #[error("bad point shape {0}")]
    Shape(String),
}

/// Why the payload of one entry does not fit the encoding of its stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The number of bytes is not that of the points declared.
    #[error("payload of {actual} bytes instead of {expected} ({points} points)")]
    Size {
        /// Bytes received.
        actual: u64,
        /// Bytes of the declared number of points.
        expected: u64,
        /// Declared number of points.
        points: u64,
    },
    /// The MessagePack header of a variable-shape payload is broken.
    #[error("broken variable-shape payload: {0}")]
    MessagePack(&'static str),
    /// The actual shape contradicts the fixed dimensions of the declared one.
    #[error("point of shape {actual:?} in a stream of shape {declared:?}")]
    Shape {
        /// Shape found in the payload.
        actual: Vec<u64>,
        /// Declared shape, `None` where it may vary.
        declared: Vec<Option<u64>>,
    },
}

impl Encoding {
    /// Reads the `encoding` object of a stream model. Early 1.1 publishers stored it as text, so a
    /// string that holds the object is accepted too.
    ///
    /// # Errors
    /// [`EncodingError`] when blissdata could not decode the stream either.
    pub fn parse(value: &Value) -> Result<Encoding, EncodingError> {
        let fields = match value {
            Value::Object(fields) => fields,
            Value::Null => return Err(EncodingError::Missing),
            Value::String(text) if text.trim().is_empty() => return Err(EncodingError::Missing),
            Value::String(text) => {
                return match serde_json::from_str(text) {
                    Ok(inner @ Value::Object(_)) => Encoding::parse(&inner),
                    _ => Err(EncodingError::Malformed(format!(
                        "encoding is the text {text:?}"
                    ))),
                };
            }
            other => return Err(EncodingError::Malformed(format!("encoding is {other}"))),
        };
        match fields.get("type") {
            Some(Value::String(kind)) if kind == "json" => Ok(Encoding::Json),
            Some(Value::String(kind)) if kind == "numeric" => {
                let dtype = match fields.get("dtype_str") {
                    Some(Value::String(text)) => text.parse()?,
                    Some(other) => return Err(DTypeError::new(&other.to_string()).into()),
                    None => return Err(EncodingError::Malformed("no dtype_str".to_owned())),
                };
                Ok(Encoding::Numeric {
                    dtype,
                    shape: parse_shape(fields.get("shape"), &dtype)?,
                })
            }
            Some(Value::String(kind)) => Err(EncodingError::UnknownType(kind.clone())),
            Some(other) => Err(EncodingError::UnknownType(other.to_string())),
            None if fields.is_empty() => Err(EncodingError::Missing),
            None => Err(EncodingError::Malformed("encoding without type".to_owned())),
        }
    }

    /// Bytes of one point, when all points have the same size.
    pub fn point_size(&self) -> Option<u64> {
        match self {
            Encoding::Numeric { dtype, shape } => {
                shape.iter().try_fold(dtype.size as u64, |size, dimension| {
                    size.checked_mul((*dimension)?)
                })
            }
            Encoding::Json => None,
        }
    }

    /// Whether the payloads carry the shape of their points.
    pub fn is_variable(&self) -> bool {
        matches!(self, Encoding::Numeric { shape, .. } if shape.contains(&None))
    }
}

/// Reads the shape of a point: a list of sizes where -1 stands for "varies".
pub(crate) fn parse_shape(
    value: Option<&Value>,
    dtype: &DType,
) -> Result<Vec<Option<u64>>, EncodingError> {
    let bad = || EncodingError::Shape(value.map_or("(absent)".to_owned(), Value::to_string));
    let shape: Vec<Option<u64>> = value
        .and_then(Value::as_array)
        .ok_or_else(bad)?
        .iter()
        .map(|dimension| match (dimension.as_u64(), dimension.as_i64()) {
            (Some(size), _) => Ok(Some(size)),
            (None, Some(-1)) => Ok(None),
            _ => Err(bad()),
        })
        .collect::<Result<_, _>>()?;
    // Checked once here, so that sizes of points can be multiplied without care later.
    shape
        .iter()
        .flatten()
        .filter(|size| **size > 0)
        .try_fold(dtype.size as u64, |bytes, size| bytes.checked_mul(*size))
        .filter(|bytes| *bytes <= i64::MAX as u64)
        .ok_or_else(bad)?;
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numeric_with_fixed_and_variable_shape() {
        let image = json!({"type": "numeric", "dtype_str": ">u2", "shape": [4, 3]});
        let image = Encoding::parse(&image).unwrap();
        assert_eq!(image.point_size(), Some(24));
        assert!(!image.is_variable());
        let spectrum = json!({"type": "numeric", "dtype_str": "<f4", "shape": [-1, 2]});
        let spectrum = Encoding::parse(&spectrum).unwrap();
        assert_eq!(spectrum.point_size(), None);
        assert!(spectrum.is_variable());
    }

    #[test]
    fn json_and_text_forms() {
        assert_eq!(
            Encoding::parse(&json!({"type": "json"})),
            Ok(Encoding::Json)
        );
        assert_eq!(
            Encoding::parse(&json!("{\"type\": \"json\"}")),
            Ok(Encoding::Json)
        );
        for empty in [json!(null), json!(""), json!({})] {
            assert_eq!(Encoding::parse(&empty), Err(EncodingError::Missing));
        }
    }

    #[test]
    fn unusable_forms_say_why() {
        let of = |value| Encoding::parse(&value).unwrap_err().to_string();
        assert_eq!(of(json!({"type": "zip"})), "unknown encoding type \"zip\"");
        let dtype = of(json!({"type": "numeric", "dtype_str": "<U7", "shape": []}));
        assert!(dtype.contains("<U7"), "{dtype}");
        for shape in [
            json!([-2]),
            json!([1.5]),
            json!(null),
            json!([1u64 << 40, 1u64 << 40]),
        ] {
            let error = of(json!({"type": "numeric", "dtype_str": "<f8", "shape": shape}));
            assert!(error.starts_with("bad point shape"), "{error}");
        }
        assert!(of(json!({"type": "numeric", "dtype_str": "<f8"})).contains("absent"));
        assert!(of(json!([1])).contains("[1]"));
    }
}
