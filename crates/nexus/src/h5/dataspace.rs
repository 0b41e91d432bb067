//! Extents and selections.

use hdf5_metno_sys::h5s::{self, H5S_class_t, H5S_seloper_t};

use super::error::{Error, Result};
use super::library::{Handle, call};
use crate::tree::Hyperslab;

/// The extent of a dataset or attribute, and a selection of its elements.
#[derive(Debug)]
pub(super) struct Dataspace {
    pub(super) handle: Handle,
    rank: usize,
}

/// The current and the largest extent, the latter with `None` for unlimited dimensions.
pub(super) type Extent = (Vec<u64>, Vec<Option<u64>>);

/// The value that the library uses for an unlimited dimension or size.
pub(super) const UNLIMITED: u64 = h5s::H5S_UNLIMITED;

impl Dataspace {
    /// Returns a dataspace of fixed extent, or a scalar one for an empty shape.
    pub(super) fn of(shape: &[u64]) -> Result<Dataspace> {
        if shape.is_empty() {
            let id = call!(h5s::H5Screate(H5S_class_t::H5S_SCALAR))?;
            return Ok(Dataspace {
                handle: Handle::new(id),
                rank: 0,
            });
        }
        Dataspace::simple(shape, std::ptr::null())
    }

    /// Returns a dataspace that may grow up to `max_shape`, with `None` for unlimited dimensions.
    pub(super) fn growing(shape: &[u64], max_shape: &[Option<u64>]) -> Result<Dataspace> {
        same_rank(shape.len(), max_shape.len())?;
        let limits: Vec<u64> = max_shape
            .iter()
            .map(|max| max.unwrap_or(UNLIMITED))
            .collect();
        Dataspace::simple(shape, limits.as_ptr())
    }

    fn simple(shape: &[u64], limits: *const u64) -> Result<Dataspace> {
        let rank = i32::try_from(shape.len()).unwrap_or(i32::MAX);
        let id = call!(h5s::H5Screate_simple(rank, shape.as_ptr(), limits))?;
        Ok(Dataspace {
            handle: Handle::new(id),
            rank: shape.len(),
        })
    }

    /// Takes ownership of a dataspace that the library has created.
    pub(super) fn from_handle(handle: Handle) -> Result<Dataspace> {
        let rank = call!(h5s::H5Sget_simple_extent_ndims(handle.id()))?;
        Ok(Dataspace {
            handle,
            rank: rank.unsigned_abs() as usize,
        })
    }

    /// Returns the current and the largest extent, which are empty for a scalar. Returns `None` for a null
    /// dataspace.
    pub(super) fn extent(&self) -> Result<Option<Extent>> {
        let _entered = super::library::enter();
        // SAFETY: the handle is alive.
        let class = unsafe { h5s::H5Sget_simple_extent_type(self.handle.id()) };
        if class == H5S_class_t::H5S_NULL {
            return Ok(None);
        }
        let (mut shape, mut limits) = (vec![0; self.rank], vec![0; self.rank]);
        call!(h5s::H5Sget_simple_extent_dims(
            self.handle.id(),
            shape.as_mut_ptr(),
            limits.as_mut_ptr()
        ))?;
        let limits = limits
            .into_iter()
            .map(|max| (max != UNLIMITED).then_some(max))
            .collect();
        Ok(Some((shape, limits)))
    }

    /// Replaces the selection by one block.
    pub(super) fn select_block(&self, start: &[u64], count: &[u64]) -> Result<()> {
        same_rank(self.rank, start.len())?;
        same_rank(self.rank, count.len())?;
        if self.rank == 0 {
            // A scalar is always selected, and has no hyperslabs.
            return Ok(());
        }
        call!(h5s::H5Sselect_hyperslab(
            self.handle.id(),
            H5S_seloper_t::H5S_SELECT_SET,
            start.as_ptr(),
            std::ptr::null(),
            count.as_ptr(),
            std::ptr::null()
        ))
        .map(drop)
    }

    /// Replaces the selection by a regular hyperslab.
    pub(super) fn select(&self, selection: &Hyperslab) -> Result<()> {
        let Hyperslab {
            start,
            stride,
            count,
            block,
        } = selection;
        for vector in [Some(start), stride.as_ref(), Some(count), block.as_ref()] {
            same_rank(self.rank, vector.map_or(self.rank, Vec::len))?;
        }
        call!(h5s::H5Sselect_hyperslab(
            self.handle.id(),
            H5S_seloper_t::H5S_SELECT_SET,
            start.as_ptr(),
            stride
                .as_ref()
                .map_or(std::ptr::null(), |stride| stride.as_ptr()),
            count.as_ptr(),
            block
                .as_ref()
                .map_or(std::ptr::null(), |block| block.as_ptr())
        ))
        .map(drop)
    }
}

/// Returns an error unless the two numbers of dimensions are equal.
pub(super) fn same_rank(expected: usize, given: usize) -> Result<()> {
    if expected == given {
        Ok(())
    } else {
        Err(Error::Rank { expected, given })
    }
}

/// Returns the number of elements of a shape, which is 1 for a scalar, or an error if the number exceeds
/// 64 bits.
pub(super) fn elements(shape: &[u64]) -> Result<u64> {
    shape
        .iter()
        .try_fold(1u64, |product, extent| product.checked_mul(*extent))
        .ok_or_else(|| Error::Type(format!("shape {shape:?} has more than 2^64 elements")))
}
