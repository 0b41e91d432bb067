//! Reserves spans of a file, so that HDF5 does not use them.

use hdf5_metno_sys::h5d::{self, H5D_alloc_time_t, H5D_fill_time_t};
use hdf5_metno_sys::h5p;

use super::dataset::Dataset;
use super::dataspace::Dataspace;
use super::datatype::Datatype;
use super::error::Result;
use super::library::{Handle, call, enter};
use super::properties;
use crate::tree::{ByteOrder, ElementType};

/// A contiguous part of a file that belongs to an anonymous dataset, until it is dropped.
#[derive(Debug)]
pub(crate) struct ReservedSpan {
    dataset: Dataset,
}

impl Dataset {
    /// Hands out parts of the file (address and size) again, that belong to no object any more, when that is safe.
    /// Returns `false` if the library does that itself, at once.
    pub(crate) fn release_space(&self, spans: &[(u64, u64)]) -> Result<bool> {
        Ok(journal::release_space(self.handle.id(), spans)?)
    }

    /// Returns the address of the data of a contiguous dataset, if they have one.
    pub(crate) fn offset(&self) -> Option<u64> {
        let _entered = enter();
        // SAFETY: the handle is alive; the library returns an undefined address if there is none.
        let address = unsafe { h5d::H5Dget_offset(self.handle.id()) };
        (address != u64::MAX).then_some(address)
    }

    /// Creates an anonymous dataset of `size` bytes in the file of this dataset. Its space is not allocated
    /// before [`ReservedSpan::allocate`].
    pub(crate) fn prepare_span(&self, size: u64) -> Result<ReservedSpan> {
        let list = properties::dataset_creation()?;
        // HDF5 must not overwrite the bytes of the span, because readers may still read them.
        call!(h5p::H5Pset_fill_time(
            list.id(),
            H5D_fill_time_t::H5D_FILL_TIME_NEVER
        ))?;
        call!(h5p::H5Pset_alloc_time(
            list.id(),
            H5D_alloc_time_t::H5D_ALLOC_TIME_LATE
        ))?;
        let byte = Datatype::of(&ElementType::Uint(1, ByteOrder::Little))?;
        let space = Dataspace::of(&[size])?;
        let id = call!(h5d::H5Dcreate_anon(
            self.handle.id(),
            byte.handle.id(),
            space.handle.id(),
            list.id(),
            h5p::H5P_DEFAULT
        ))?;
        let dataset = Dataset::from_handle(Handle::new(id))?;
        Ok(ReservedSpan { dataset })
    }
}

impl ReservedSpan {
    /// Returns the span of a dataset whose last link was removed.
    pub(crate) fn of(dataset: Dataset) -> ReservedSpan {
        ReservedSpan { dataset }
    }

    /// Allocates the first free space in the file that is large enough, and returns its address. Only the
    /// first byte of the space is written: it becomes `first`.
    pub(crate) fn allocate(&self, first: u8) -> Result<u64> {
        self.dataset.write_block(&[0], &[1], &[first])?;
        Ok(self.dataset.offset().unwrap_or(u64::MAX))
    }
}
