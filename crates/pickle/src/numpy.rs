//! Types, scalars and arrays of numpy.
//!
//! Values that BLISS publishes as data are [`Array`]s: scalars have no dimensions. [`Array::decode`] reads
//! the pickles that numpy writes without building a [`Value`](crate::Value) in between.

mod array;
mod direct;
mod dtype;
mod element;
mod form;
mod fortran;
mod python;

pub use array::{Array, ArrayDecodeError, ArrayError};
pub use dtype::{ByteOrder, Dtype, DtypeError, DtypeKind};
pub use element::{Element, Elements};

pub(crate) use form::is_numpy;

/// Returns `true` if a module is the one in which numpy has the functions that pickles call. It has been
/// renamed in numpy 2.
fn is_multiarray(module: &[u8]) -> bool {
    module == b"numpy.core.multiarray" || module == b"numpy._core.multiarray"
}
