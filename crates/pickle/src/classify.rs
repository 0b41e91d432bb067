//! The kind and the origin of each failure.

use observation::{Classified, ErrorKind, ErrorOrigin};

use crate::DecodeError;
use crate::numpy::{ArrayDecodeError, ArrayError, DtypeError};

macro_rules! classified {
    ($($error:ty),*) => {$(
        impl Classified for $error {
            fn kind(&self) -> ErrorKind {
                ErrorKind::Protocol
            }

            fn origin(&self) -> ErrorOrigin {
                ErrorOrigin::Data
            }
        }
    )*};
}

classified!(DecodeError, DtypeError, ArrayError, ArrayDecodeError);
