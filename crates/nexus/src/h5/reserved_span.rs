//! Parts of a file that are kept out of use.

use hdf5_metno_sys::h5d::{self, H5D_alloc_time_t, H5D_fill_time_t};
use hdf5_metno_sys::h5p;

use super::dataset::Dataset;
use super::dataspace::Dataspace;
use super::datatype::Datatype;
use super::error::Result;
use super::library::{Handle, call, enter};
use super::properties;
use crate::tree::{ByteOrder, ElementType};

/// A part of a file that belongs to a dataset without a name, until it is dropped.
#[derive(Debug)]
pub(crate) struct ReservedSpan {
    dataset: Dataset,
}

impl Dataset {
    /// Gets ready to own `size` bytes of this dataset's file, which [`ReservedSpan::allocate`] then looks for.
    pub(crate) fn prepare_span(&self, size: u64) -> Result<ReservedSpan> {
        let list = properties::dataset_creation()?;
        // What lies there must stay.
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
    /// The place of a dataset whose last link was taken away.
    pub(crate) fn of(dataset: Dataset) -> ReservedSpan {
        ReservedSpan { dataset }
    }

    /// Takes the first free space in the file that is large enough, and returns its address.
    /// Nothing is changed there but the first byte: it becomes `first`.
    pub(crate) fn allocate(&self, first: u8) -> Result<u64> {
        let _entered = enter();
        self.dataset.write_block(&[0], &[1], &[first])?;
        // SAFETY: the handle is alive; the address shows a failure.
        Ok(unsafe { h5d::H5Dget_offset(self.dataset.handle.id()) })
    }
}
