//! Where chunks lie in a file, and places that are kept out of use.

use hdf5_metno_sys::h5d::{self, H5D_alloc_time_t, H5D_fill_time_t};
use hdf5_metno_sys::h5p;

use super::dataset::Dataset;
use super::dataspace::Dataspace;
use super::datatype::Datatype;
use super::error::{Error, Result};
use super::handle::Handle;
use super::library::{call, enter};
use super::properties;
use crate::tree::{ElementType, Order};

/// What the library takes for "nowhere".
const NOWHERE: u64 = u64::MAX;

/// A chunk as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredChunk {
    /// First byte in the file.
    pub address: u64,
    /// Number of bytes.
    pub size: u64,
    /// Bit i tells that the i-th filter was left out.
    pub skipped: u32,
}

/// A part of a file that belongs to a dataset without a name, until it is dropped.
#[derive(Debug)]
pub struct Hole {
    dataset: Dataset,
}

impl Dataset {
    /// The chunk that begins at this element, if it is stored.
    pub fn stored_chunk(&self, offset: &[u64]) -> Result<Option<StoredChunk>> {
        self.same_rank_as(offset)?;
        let (mut skipped, mut address, mut size) = (0, 0, 0);
        call!(h5d::H5Dget_chunk_info_by_coord(
            self.handle.id(),
            offset.as_ptr(),
            &mut skipped,
            &mut address,
            &mut size
        ))?;
        Ok((address != NOWHERE).then_some(StoredChunk {
            address,
            size,
            skipped,
        }))
    }

    /// The bytes of the chunk that begins at this element, as they are stored; `None` if it is not.
    pub fn read_chunk(&self, offset: &[u64]) -> Result<Option<(StoredChunk, Vec<u8>)>> {
        let _entered = enter();
        let Some(chunk) = self.stored_chunk(offset)? else {
            return Ok(None);
        };
        let length = usize::try_from(chunk.size)
            .map_err(|_| Error::Type(format!("{} bytes do not fit into memory", chunk.size)))?;
        let (mut bytes, mut skipped) = (vec![0u8; length], 0);
        call!(h5d::H5Dread_chunk(
            self.handle.id(),
            h5p::H5P_DEFAULT,
            offset.as_ptr(),
            &mut skipped,
            bytes.as_mut_ptr().cast()
        ))?;
        Ok(Some((chunk, bytes)))
    }

    /// Gets ready to own `size` bytes of this dataset's file, which [`Hole::take`] then looks for.
    pub fn prepare_hole(&self, size: u64) -> Result<Hole> {
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
        let byte = Datatype::of(&ElementType::Uint(1, Order::Little))?;
        let space = Dataspace::of(&[size])?;
        let id = call!(h5d::H5Dcreate_anon(
            self.handle.id(),
            byte.handle.id(),
            space.handle.id(),
            list.id(),
            h5p::H5P_DEFAULT
        ))?;
        let dataset = Dataset::from_handle(Handle::new(id))?;
        Ok(Hole { dataset })
    }
}

impl Hole {
    /// The place of a dataset whose last link was taken away.
    pub fn of(dataset: Dataset) -> Hole {
        Hole { dataset }
    }

    /// Takes the first place in the file that is free and large enough, and gives its address.
    /// Nothing is changed there but the first byte: it becomes `first`.
    pub fn take(&self, first: u8) -> Result<u64> {
        let _entered = enter();
        self.dataset.write_block(&[0], &[1], &[first])?;
        // SAFETY: the handle is alive; a failure is told by the address.
        Ok(unsafe { h5d::H5Dget_offset(self.dataset.handle.id()) })
    }
}
