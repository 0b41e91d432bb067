//! Scalars and arrays.

use bytes::Bytes;

use super::dtype::{Dtype, DtypeError};
use super::element::Element;
use crate::error::DecodeError;
use crate::value::Value;

/// A scalar or an array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Type of the elements.
    pub dtype: Dtype,
    /// Length along each dimension; no dimensions for scalars.
    pub shape: Vec<u64>,
    /// The elements in the order of C, each in the byte order of the type. A slice of the pickle, unless numpy
    /// has stored the array in the order of Fortran.
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
    #[error("an array of {dtype} of shape {shape:?} cannot have {bytes} bytes")]
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
    #[error("a call of {function} has unexpected arguments or no state")]
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
    /// Decodes a pickle of an array. This is faster than [`decode`](crate::decode()) and [`Array::of`] for
    /// the two forms that numpy writes in the protocols 3 and 4, and equal to it for all others.
    ///
    /// # Errors
    /// If the pickle cannot be decoded, or its value is not an array.
    pub fn decode(pickle: &Bytes) -> Result<Array, ArrayDecodeError> {
        Ok(Array::of(&crate::decode(pickle)?)?)
    }

    /// Returns the array that a value is: a scalar or an array of numpy, a number or a text of Python, or a
    /// list of those.
    ///
    /// # Errors
    /// If the value is something else, or its elements have a type that is not supported.
    pub fn of(value: &Value) -> Result<Array, ArrayError> {
        todo!("{value:?}")
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
    pub fn elements(&self) -> impl ExactSizeIterator<Item = Element> {
        (0..self.len()).map(|_| todo!())
    }

    /// Returns the texts in the order of C, or `None` if the elements are not texts.
    pub fn texts(&self) -> Option<Vec<String>> {
        todo!()
    }

    /// Returns the array with elements in little-endian order; a copy is made only if it has another one.
    pub fn into_little_endian(self) -> Array {
        todo!()
    }
}
