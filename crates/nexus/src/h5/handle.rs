//! Ownership of one identifier of the C library.

use hdf5_metno_sys::h5i::{self, hid_t};

use super::error::Result;
use super::library::call;

/// Owns one identifier: it counts as one reference, given back when dropped.
#[derive(Debug)]
pub(super) struct Handle(hid_t);

impl Handle {
    /// Takes over the reference that a call has just returned.
    pub(super) fn new(id: hid_t) -> Handle {
        Handle(id)
    }

    pub(super) fn id(&self) -> hid_t {
        self.0
    }

    /// Whether the library still knows the identifier: a file that was closed takes those of its
    /// objects with it.
    pub(super) fn is_valid(&self) -> bool {
        matches!(call!(h5i::H5Iis_valid(self.0)), Ok(1..))
    }

    /// Gives the reference back and tells whether that worked: closing may write.
    /// The handle is good for nothing afterwards.
    pub(super) fn close(&mut self) -> Result<()> {
        let id = std::mem::replace(&mut self.0, h5i::H5I_INVALID_HID);
        call!(h5i::H5Idec_ref(id)).map(drop)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if !self.is_valid() {
            return;
        }
        if let Err(error) = call!(h5i::H5Idec_ref(self.0)) {
            tracing::warn!(%error, "an HDF5 object could not be closed");
        }
    }
}
