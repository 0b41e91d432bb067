//! Extends, writes and reads datasets.

use std::ffi::c_void;
use std::sync::OnceLock;

use hdf5_metno_sys::h5t::{self, H5T_class_t};
use hdf5_metno_sys::{h5d, h5p, h5s};

use super::chunk::ChunkLimits;
use super::create::same_size;
use super::dataspace::{Dataspace, elements, same_rank};
use super::datatype::Datatype;
use super::element_format::ElementFormat;
use super::error::{Error, Result};
use super::library::{Handle, call, enter};
use super::token;
use crate::tree::{ByteOrder, ElementType};

/// The largest number of numbers that are read at once, which is one gibibyte.
const MAX_NUMBERS: u64 = 1 << 27;

/// The type of `f64` in memory.
const NATIVE_DOUBLE: ElementType = ElementType::Float(
    8,
    if cfg!(target_endian = "big") {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    },
);

/// An open dataset.
#[derive(Debug)]
pub struct Dataset {
    pub(super) handle: Handle,
    pub(super) datatype: Datatype,
    /// The valid sizes of chunks, which are determined when the first chunk is stored.
    pub(super) chunk_limits: OnceLock<ChunkLimits>,
}

impl Dataset {
    pub(super) fn from_handle(handle: Handle) -> Result<Dataset> {
        let id = call!(h5d::H5Dget_type(handle.id()))?;
        let datatype = Datatype::from_handle(Handle::new(id))?;
        Ok(Dataset {
            handle,
            datatype,
            chunk_limits: OnceLock::new(),
        })
    }

    /// Returns the address of the dataset in its file. Without a user block, that is the position.
    pub(super) fn address(&self) -> Result<u64> {
        // `H5VLnative_addr_to_token` puts the address into the token, with the least significant byte first.
        let token = token::of(&self.handle)?;
        let (address, _) = token.split_at(size_of::<u64>());
        Ok(address
            .iter()
            .rev()
            .fold(0, |all, byte| all << 8 | u64::from(*byte)))
    }

    /// Returns the current extent in elements, which is empty for a scalar and for a null dataspace.
    pub fn shape(&self) -> Result<Vec<u64>> {
        Ok(self
            .space()?
            .extent()?
            .map(|(shape, _)| shape)
            .unwrap_or_default())
    }

    /// Returns the current extent in elements, which is empty for a scalar, or `None` for a null dataspace.
    pub fn extent(&self) -> Result<Option<Vec<u64>>> {
        Ok(self.space()?.extent()?.map(|(shape, _)| shape))
    }

    /// Returns `true` if the elements have this type.
    pub fn holds(&self, element: &ElementType) -> Result<bool> {
        let wanted = Datatype::of(element)?;
        let (present, wanted) = (&self.datatype.handle, &wanted.handle);
        Ok(call!(h5t::H5Tequal(present.id(), wanted.id()))? > 0)
    }

    /// Returns the type of the elements if they are real or complex numbers, or truth values as h5py stores them.
    /// Returns `None` for all other types, and for formats of numbers that numpy does not have.
    pub fn number_type(&self) -> Result<Option<ElementType>> {
        let order = |big: bool, size: usize| match big && size > 1 {
            true => ByteOrder::Big,
            false => ByteOrder::Little,
        };
        let element = match ElementFormat::of(self.datatype.handle.id())? {
            ElementFormat::Integer {
                signed: true,
                size,
                big,
            } => ElementType::Int(size, order(big, size)),
            ElementFormat::Integer { size, big, .. } => ElementType::Uint(size, order(big, size)),
            ElementFormat::Float { size, big } => ElementType::Float(size, order(big, size)),
            ElementFormat::Enumeration { size, big, .. } => {
                let is_bool = self.holds(&ElementType::Bool)?;
                return Ok(match size {
                    1 if is_bool => Some(ElementType::Bool),
                    // The library converts enumerations to their integers.
                    1 | 2 | 4 | 8 => Some(ElementType::Uint(size, order(big, size))),
                    _ => None,
                });
            }
            ElementFormat::Compound(_) => return self.complex_type(),
            _ => return Ok(None),
        };
        // Numbers can have any size and precision.
        let is_known = match element {
            ElementType::Int(size, _) | ElementType::Uint(size, _) => matches!(size, 1 | 2 | 4 | 8),
            ElementType::Float(size, _) => matches!(size, 2 | 4 | 8 | 16),
            _ => true,
        };
        Ok(match is_known && self.holds(&element)? {
            true => Some(element),
            false => None,
        })
    }

    fn complex_type(&self) -> Result<Option<ElementType>> {
        let size = self.element_size();
        if !matches!(size, 8 | 16 | 32) {
            return Ok(None);
        }
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let element = ElementType::Complex(size, order);
            if self.holds(&element)? {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    /// Returns the size of one element in bytes.
    pub fn element_size(&self) -> usize {
        self.datatype.size()
    }

    /// Changes the extent of a chunked dataset. New elements have the fill value.
    pub fn set_extent(&self, shape: &[u64]) -> Result<()> {
        self.same_rank_as(shape)?;
        call!(h5d::H5Dset_extent(self.handle.id(), shape.as_ptr())).map(drop)
    }

    /// Writes one block of elements with the filters of the dataset. The block must lie inside the extent.
    pub fn write_block(&self, start: &[u64], count: &[u64], bytes: &[u8]) -> Result<()> {
        let (memory, file) = self.block(start, count, &self.datatype, bytes)?;
        if bytes.is_empty() {
            return Ok(());
        }
        call!(h5d::H5Dwrite(
            self.handle.id(),
            self.datatype.handle.id(),
            memory.handle.id(),
            file.handle.id(),
            h5p::H5P_DEFAULT,
            bytes.as_ptr().cast()
        ))
        .map(drop)
    }

    /// Reads one block of elements, as bytes of the type of the dataset.
    pub fn read_block(&self, start: &[u64], count: &[u64]) -> Result<Vec<u8>> {
        self.read_converted(start, count, &self.datatype)
    }

    /// Reads one block of elements. HDF5 converts them to this type.
    ///
    /// # Errors
    /// If HDF5 cannot convert the elements, and if the library lacks a filter of the dataset.
    pub fn read_block_as(
        &self,
        start: &[u64],
        count: &[u64],
        element: &ElementType,
    ) -> Result<Vec<u8>> {
        self.read_converted(start, count, &*Datatype::of(element)?)
    }

    fn read_converted(&self, start: &[u64], count: &[u64], into: &Datatype) -> Result<Vec<u8>> {
        let length = elements(count)?.saturating_mul(into.size() as u64);
        let length = usize::try_from(length)
            .map_err(|_| Error::Type(format!("{length} bytes do not fit into memory")))?;
        let bytes = vec![0u8; length];
        let (memory, file) = self.block(start, count, into, &bytes)?;
        self.read_between(into, &memory, &file, bytes)
    }

    /// Reads what is selected of a dataspace in the file into `bytes`, which have the size of the dataspace in memory.
    pub(super) fn read_between(
        &self,
        datatype: &Datatype,
        memory: &Dataspace,
        file: &Dataspace,
        mut bytes: Vec<u8>,
    ) -> Result<Vec<u8>> {
        if !bytes.is_empty() {
            call!(h5d::H5Dread(
                self.handle.id(),
                datatype.handle.id(),
                memory.handle.id(),
                file.handle.id(),
                h5p::H5P_DEFAULT,
                bytes.as_mut_ptr().cast()
            ))?;
        }
        Ok(bytes)
    }

    /// Reads all elements as numbers, in C order.
    ///
    /// # Errors
    /// If the elements are not real numbers, if they are too many for memory, or if they cannot be read.
    pub fn read_numbers(&self) -> Result<Vec<f64>> {
        let _entered = enter();
        // SAFETY: the handle is alive.
        let class = unsafe { h5t::H5Tget_class(self.datatype.handle.id()) };
        if !matches!(class, H5T_class_t::H5T_INTEGER | H5T_class_t::H5T_FLOAT) {
            return Err(Error::Type("the elements are not real numbers".to_owned()));
        }
        let count = match self.space()?.extent()? {
            Some((shape, _)) => elements(&shape)?,
            None => 0,
        };
        if count > MAX_NUMBERS {
            return Err(Error::Type(format!("{count} numbers are too many")));
        }
        let mut numbers = vec![0f64; count as usize];
        if !numbers.is_empty() {
            let double = Datatype::of(&NATIVE_DOUBLE)?;
            call!(h5d::H5Dread(
                self.handle.id(),
                double.handle.id(),
                h5s::H5S_ALL,
                h5s::H5S_ALL,
                h5p::H5P_DEFAULT,
                numbers.as_mut_ptr().cast()
            ))?;
        }
        Ok(numbers)
    }

    fn block(
        &self,
        start: &[u64],
        count: &[u64],
        memory: &Datatype,
        bytes: &[u8],
    ) -> Result<(Dataspace, Dataspace)> {
        if self.datatype.is_indirect() || memory.is_indirect() {
            return Err(Error::Type("text is not exchanged as bytes".to_owned()));
        }
        let expected = elements(count)?.saturating_mul(memory.size() as u64);
        same_size(expected, bytes)?;
        let file = self.space()?;
        file.select_block(start, count)?;
        Ok((Dataspace::of(count)?, file))
    }

    pub(super) fn same_rank_as(&self, vector: &[u64]) -> Result<()> {
        let extent = self.space()?.extent()?;
        same_rank(extent.map_or(0, |(shape, _)| shape.len()), vector.len())
    }

    pub(super) fn space(&self) -> Result<Dataspace> {
        let id = call!(h5d::H5Dget_space(self.handle.id()))?;
        Dataspace::from_handle(Handle::new(id))
    }

    /// Writes the whole dataset.
    ///
    /// # Safety
    /// `memory` must point to as many elements of type `datatype` as the dataset has.
    pub(super) unsafe fn write_raw(
        &self,
        datatype: &Datatype,
        memory: *const c_void,
    ) -> Result<()> {
        call!(h5d::H5Dwrite(
            self.handle.id(),
            datatype.handle.id(),
            h5s::H5S_ALL,
            h5s::H5S_ALL,
            h5p::H5P_DEFAULT,
            memory
        ))
        .map(drop)
    }
}
