//! Reads and writes stored chunks without the filters of the library.

use hdf5_metno_sys::{h5d, h5p};

use super::create::same_size;
use super::dataset::Dataset;
use super::dataspace::{elements, same_rank};
use super::datatype::Datatype;
use super::error::{Error, Result};
use super::filter::{self, Filter};
use super::library::{Handle, call, enter};

/// The undefined address of the library (`HADDR_UNDEF`).
const NOWHERE: u64 = u64::MAX;

/// A chunk as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredChunk {
    /// The address of the first byte in the file.
    pub address: u64,
    /// The number of bytes.
    pub size: u64,
    /// The filter mask: bit i is set if the i-th filter was skipped.
    pub skipped: u32,
}

/// The valid sizes of the chunks of a dataset.
#[derive(Debug)]
pub(super) struct ChunkLimits {
    /// The number of dimensions.
    rank: usize,
    /// The size of a chunk in bytes before the filters.
    size: u64,
    /// Bit i is set if the i-th filter changes the number of bytes.
    resizing: u32,
}

impl ChunkLimits {
    pub(super) fn new(chunk: &[u64], datatype: &Datatype, filters: &[Filter]) -> Result<Self> {
        let resizing = filters.iter().map(|filter| filter.resizes());
        ChunkLimits::with(chunk, datatype, resizing)
    }

    /// Returns the limits for a dataset with this creation property list.
    fn of(list: &Handle, rank: usize, datatype: &Datatype) -> Result<Self> {
        let mut chunk = vec![0; rank];
        let length = i32::try_from(rank).unwrap_or(i32::MAX);
        call!(h5p::H5Pget_chunk(list.id(), length, chunk.as_mut_ptr()))?;
        let filters = filter::stored(list.id())?;
        let resizing = filters.iter().map(|filter| filter.resizes());
        ChunkLimits::with(&chunk, datatype, resizing)
    }

    fn with(
        chunk: &[u64],
        datatype: &Datatype,
        resizing: impl Iterator<Item = bool>,
    ) -> Result<Self> {
        let resizing = resizing.enumerate().filter(|(_, resizes)| *resizes);
        Ok(ChunkLimits {
            rank: chunk.len(),
            size: elements(chunk)?.saturating_mul(datatype.size() as u64),
            resizing: resizing.fold(0, |mask, (index, _)| mask | 1 << index),
        })
    }

    /// Returns an error for bytes that cannot be a chunk. HDF5 would store any number of bytes and could
    /// overwrite the following data in the file.
    fn check(&self, skipped: u32, bytes: &[u8]) -> Result<()> {
        if self.resizing & !skipped == 0 {
            return same_size(self.size, bytes);
        }
        match bytes.len() {
            1..=MAX_STORED => Ok(()),
            given => Err(Error::Type(format!("{given} bytes cannot be a chunk"))),
        }
    }
}

/// The largest size of a chunk in bytes, which HDF5 stores in 32 bits.
const MAX_STORED: usize = u32::MAX as usize;

impl Dataset {
    /// Stores the bytes of one whole chunk to which the filters have been applied already.
    ///
    /// `offset` is the index of the first element of the chunk, and `bytes` is the chunk after the
    /// filters. Bit i of `skipped` is set if the i-th filter was skipped for this chunk. The chunk must
    /// overlap the extent. Chunks at the edge are padded to their full size.
    ///
    /// # Errors
    /// If the bytes cannot be a chunk: unless a filter changes the size, they must have the size of the
    /// elements of a chunk.
    pub fn write_chunk(&self, offset: &[u64], skipped: u32, bytes: &[u8]) -> Result<()> {
        let limits = self.chunk_limits()?;
        same_rank(limits.rank, offset.len())?;
        if self.datatype.is_indirect() {
            return Err(Error::Type("text is not written as bytes".to_owned()));
        }
        limits.check(skipped, bytes)?;
        call!(h5d::H5Dwrite_chunk(
            self.handle.id(),
            h5p::H5P_DEFAULT,
            skipped,
            offset.as_ptr(),
            bytes.len(),
            bytes.as_ptr().cast()
        ))
        .map(drop)
    }

    /// Returns the chunk that begins at this element, if it is stored.
    pub(crate) fn stored_chunk(&self, offset: &[u64]) -> Result<Option<StoredChunk>> {
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

    /// Returns the chunk that begins at this element, and its stored bytes, or `None` if it is not stored.
    pub(crate) fn read_chunk(&self, offset: &[u64]) -> Result<Option<(StoredChunk, Vec<u8>)>> {
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

    fn chunk_limits(&self) -> Result<&ChunkLimits> {
        if let Some(limits) = self.chunk_limits.get() {
            return Ok(limits);
        }
        let list = Handle::new(call!(h5d::H5Dget_create_plist(self.handle.id()))?);
        let rank = self.shape()?.len();
        let limits = ChunkLimits::of(&list, rank, &self.datatype)?;
        Ok(self.chunk_limits.get_or_init(|| limits))
    }
}
