//! What tells the objects of a file apart.

use std::mem::{MaybeUninit, transmute};

use hdf5_metno_sys::h5o::{self, H5O_info2_t, H5O_token_t};

use super::error::Result;
use super::library::{Handle, call};

/// Returns the token of an object, which is unique in the file and does not depend on the path.
pub(super) fn of(object: &Handle) -> Result<[u8; 16]> {
    let mut info = MaybeUninit::<H5O_info2_t>::zeroed();
    call!(h5o::H5Oget_info3(
        object.id(),
        info.as_mut_ptr(),
        h5o::H5O_INFO_BASIC
    ))?;
    // SAFETY: the call has filled the token, which is an array of bytes and nothing else.
    Ok(unsafe { transmute::<H5O_token_t, [u8; 16]>((&raw const (*info.as_ptr()).token).read()) })
}
