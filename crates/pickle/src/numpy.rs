//! Types, scalars and arrays of numpy.
//!
//! Values that BLISS publishes as data are [`Array`]s: scalars have no dimensions. [`Array::decode`] reads
//! the pickles that numpy writes without building a [`Value`](crate::Value) in between.

mod array;
mod dtype;
mod element;

pub use array::{Array, ArrayDecodeError, ArrayError};
pub use dtype::{ByteOrder, Dtype, DtypeError, DtypeKind};
pub use element::Element;
