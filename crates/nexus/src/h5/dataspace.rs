//! Extents and selections.

use hdf5_metno_sys::h5s::{self, H5S_class_t, H5S_seloper_t};

use super::error::{Error, Result};
use super::library::{Handle, call};
use crate::tree::Hyperslab;

/// Extent of a dataset or attribute and what is selected of it.
#[derive(Debug)]
pub(super) struct Dataspace {
    pub(super) handle: Handle,
    rank: usize,
}

/// Present and largest extent; the latter is `None` where there is no limit.
pub(super) type Extent = (Vec<u64>, Vec<Option<u64>>);

/// What the library takes for "grows without limit".
pub(super) const UNLIMITED: u64 = h5s::H5S_UNLIMITED;

impl Dataspace {
    /// Scalar for an empty shape, fixed otherwise.
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

    /// One that may grow; `None` grows without limit.
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

    /// Takes over a dataspace that the library has made.
    pub(super) fn from_handle(handle: Handle) -> Result<Dataspace> {
        let rank = call!(h5s::H5Sget_simple_extent_ndims(handle.id()))?;
        Ok(Dataspace {
            handle,
            rank: rank.unsigned_abs() as usize,
        })
    }

    /// Extent and limits; both empty for a scalar, `None` for a null space.
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

    /// Selects one block and nothing else.
    pub(super) fn select_block(&self, start: &[u64], count: &[u64]) -> Result<()> {
        same_rank(self.rank, start.len())?;
        same_rank(self.rank, count.len())?;
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

    /// Selects a regular hyperslab and nothing else.
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

/// An error unless the two numbers of dimensions are the same.
pub(super) fn same_rank(expected: usize, given: usize) -> Result<()> {
    if expected == given {
        Ok(())
    } else {
        Err(Error::Rank { expected, given })
    }
}

/// Number of elements of a shape; one for a scalar. An error if it does not fit 64 bits.
pub(super) fn elements(shape: &[u64]) -> Result<u64> {
    shape
        .iter()
        .try_fold(1u64, |product, extent| product.checked_mul(*extent))
        .ok_or_else(|| Error::Type(format!("shape {shape:?} has more than 2^64 elements")))
}
