//! Scalars and arrays.

use bytes::{Bytes, BytesMut};

use super::dtype::{ByteOrder, Dtype, DtypeError, DtypeKind};
use super::element::{Element, Elements};
use super::{direct, form, python};
use crate::error::DecodeError;
use crate::value::Value;

/// Most dimensions of an array, as in numpy.
const MAX_RANK: usize = 64;

/// Most elements of an array whose elements have no bytes. numpy writes only scalars of that kind: empty texts.
const MAX_EMPTY_ELEMENTS: u64 = 1 << 10;

/// A scalar or an array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Type of the elements.
    pub dtype: Dtype,
    /// Length along each dimension; no dimensions for scalars.
    pub shape: Vec<u64>,
    /// The elements in the order of C, each in the byte order of the type. A slice of the pickle, unless numpy
    /// has stored the array in the order of Fortran, or Python has published numbers of its own.
    pub data: Bytes,
}

/// Why a value is not an array.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The value is neither a number, a text, a list of such, nor an array of numpy.
    #[error("{what} is no number, no text and no array of them")]
    NotAnArray {
        /// What it is.
        what: String,
    },
    /// The elements have a type that is not supported.
    #[error("an array has elements of a type that is not supported")]
    Dtype(#[from] DtypeError),
    /// The bytes do not fit the shape and the type.
    #[error("an array of {dtype} with shape {shape:?} cannot have {bytes} bytes")]
    Length {
        /// Type of the elements.
        dtype: Dtype,
        /// Length along each dimension.
        shape: Vec<u64>,
        /// Length of the data.
        bytes: usize,
    },
    /// A list whose values do not form an array.
    #[error("a list is no array: {problem}")]
    List {
        /// What is wrong.
        problem: &'static str,
    },
    /// An object of numpy that numpy does not write like that.
    #[error("a call of {function} has arguments or a state that numpy does not write")]
    Form {
        /// The function of numpy.
        function: String,
    },
}

/// Why a pickle is not an array.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayDecodeError {
    /// The pickle cannot be decoded.
    #[error(transparent)]
    Pickle(#[from] DecodeError),
    /// The value is not an array.
    #[error(transparent)]
    Array(#[from] ArrayError),
}

impl Array {
    /// Creates an array.
    ///
    /// # Errors
    /// If `data` has not the length that follows from the type and the shape.
    pub fn new(dtype: Dtype, shape: Vec<u64>, data: Bytes) -> Result<Array, ArrayError> {
        let elements = match shape.len() <= MAX_RANK {
            true => shape
                .iter()
                .try_fold(1u64, |product, length| product.checked_mul(*length)),
            false => None,
        };
        let fits = elements.is_some_and(|elements| {
            let bytes = elements.checked_mul(dtype.size as u64);
            bytes == Some(data.len() as u64) && (dtype.size > 0 || elements <= MAX_EMPTY_ELEMENTS)
        });
        match fits {
            true => Ok(Array { dtype, shape, data }),
            false => Err(ArrayError::Length {
                dtype,
                shape,
                bytes: data.len(),
            }),
        }
    }

    /// Decodes a pickle of an array.
    ///
    /// The two forms that numpy writes in the protocols 3 and 4 are read directly, without a [`Value`] and
    /// without an allocation other than that of the shape; all others through
    /// [`decode`](crate::decode()) and [`Array::of`].
    ///
    /// # Errors
    /// If the pickle cannot be decoded, or its value is not an array.
    pub fn decode(pickle: &Bytes) -> Result<Array, ArrayDecodeError> {
        match direct::array(pickle) {
            Some(array) => Ok(array),
            None => Ok(Array::of(&crate::decode(pickle)?)?),
        }
    }

    /// Returns the array that a value is: a scalar or an array of numpy, a number or a text of Python, or a
    /// list of those.
    ///
    /// # Errors
    /// If the value is something else, or its elements have a type that is not supported.
    pub fn of(value: &Value) -> Result<Array, ArrayError> {
        match value {
            Value::Object(object) => match form::array(object)? {
                Some(array) => Ok(array),
                None => python::array(value),
            },
            _ => python::array(value),
        }
    }

    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        match self.dtype.size {
            0 => self.shape.iter().product::<u64>() as usize,
            size => self.data.len() / size,
        }
    }

    /// Returns `true` if there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the elements in the order of C.
    pub fn elements(&self) -> Elements<'_> {
        Elements::new(self)
    }

    /// Returns the texts in the order of C, or `None` if the elements are no texts.
    pub fn texts(&self) -> Option<impl ExactSizeIterator<Item = String>> {
        let is_text = self.dtype.kind == DtypeKind::Text;
        is_text.then(|| {
            self.elements().map(|element| match element {
                Element::Text(text) => text,
                _ => String::new(),
            })
        })
    }

    /// Returns the array with its elements in little-endian order; they are copied only if they are not.
    pub fn into_little_endian(self) -> Array {
        if self.dtype.order == ByteOrder::Little {
            return self;
        }
        let mut data = BytesMut::from(self.data.as_ref());
        for unit in data.chunks_exact_mut(self.dtype.unit()) {
            unit.reverse();
        }
        Array {
            dtype: Dtype {
                order: ByteOrder::Little,
                ..self.dtype
            },
            shape: self.shape,
            data: data.freeze(),
        }
    }
}
