//! Fills what is left of the collections in which the library has put texts.

use std::ffi::c_void;
use std::ptr;

use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::{LOCK, h5d, h5i, h5p, h5s, h5t};

use crate::error::{Error, Result};

/// An identifier of the library, which is closed when it is dropped.
struct Id(hid_t);

impl Id {
    fn new(function: &'static str, id: hid_t) -> Result<Id> {
        match id {
            0.. => Ok(Id(id)),
            _ => Err(Error::Library { function }),
        }
    }
}

impl Drop for Id {
    fn drop(&mut self) {
        // SAFETY: the identifier is valid, and `fill` holds the lock of the library.
        unsafe {
            h5i::H5Idec_ref(self.0);
        }
    }
}

/// Puts objects of these lengths into the global heap of a file. Nothing refers to them afterwards.
pub(crate) fn fill(file: hid_t, mut lengths: Vec<u64>) -> Result<()> {
    // The library takes the first collection that has room, so the largest object comes first.
    lengths.sort_unstable_by(|first, second| second.cmp(first));
    let most = lengths.first().copied().unwrap_or_default();
    let filling = vec![0u8; usize::try_from(most).unwrap_or_default()];
    let elements: Vec<h5t::hvl_t> = lengths
        .iter()
        .map(|length| h5t::hvl_t {
            len: usize::try_from(*length).unwrap_or_default(),
            p: filling.as_ptr().cast_mut().cast::<c_void>(),
        })
        .collect();
    let count = elements.len() as u64;
    let lock = LOCK.lock();
    // SAFETY: the lock of the library is held, and it checks the identifiers. There are as many elements as the space
    // says, none is longer than `filling`, and the library only reads them.
    let written = unsafe {
        let element = h5t::H5Tvlen_create(*h5t::H5T_NATIVE_UINT8);
        let element = Id::new("H5Tvlen_create", element)?;
        let space = h5s::H5Screate_simple(1, &count, ptr::null());
        let space = Id::new("H5Screate_simple", space)?;
        let creation = Id::new("H5Pcreate", h5p::H5Pcreate(*h5p::H5P_CLS_DATASET_CREATE))?;
        if h5p::H5Pset_layout(creation.0, h5d::H5D_layout_t::H5D_COMPACT) < 0 {
            return Err(Error::Library {
                function: "H5Pset_layout",
            });
        }
        // A dataset without a name, which the library removes when it is closed. What it has in the heap remains.
        let default = h5p::H5P_DEFAULT;
        let dataset = h5d::H5Dcreate_anon(file, element.0, space.0, creation.0, default);
        let dataset = Id::new("H5Dcreate_anon", dataset)?;
        h5d::H5Dwrite(
            dataset.0,
            element.0,
            h5s::H5S_ALL,
            h5s::H5S_ALL,
            default,
            elements.as_ptr().cast(),
        )
    };
    drop(lock);
    match written {
        0.. => Ok(()),
        _ => Err(Error::Library {
            function: "H5Dwrite",
        }),
    }
}
