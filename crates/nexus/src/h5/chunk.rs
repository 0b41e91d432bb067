//! Chunks as they are stored, past the filters of the library.

use hdf5_metno_sys::{h5d, h5p};

use super::create::same_size;
use super::dataset::Dataset;
use super::dataspace::{elements, same_rank};
use super::datatype::Datatype;
use super::error::{Error, Result};
use super::filter::{self, Filter};
use super::library::{Handle, call, enter};

/// What the library takes for "nowhere".
const NOWHERE: u64 = u64::MAX;

/// A chunk as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredChunk {
    /// First byte in the file.
    pub address: u64,
    /// Number of bytes.
    pub size: u64,
    /// Bit i is set if the i-th filter was left out.
    pub skipped: u32,
}

/// What the chunks of a dataset can be.
#[derive(Debug)]
pub(super) struct ChunkLimits {
    /// Number of dimensions.
    rank: usize,
    /// Bytes of a chunk before the filters.
    size: u64,
    /// Bit i is set if the i-th filter changes the number of bytes.
    resizing: u32,
}

impl ChunkLimits {
    pub(super) fn new(chunk: &[u64], datatype: &Datatype, filters: &[Filter]) -> Result<Self> {
        let resizing = filters.iter().map(|filter| filter.resizes());
        ChunkLimits::with(chunk, datatype, resizing)
    }

    /// The format that the list of a dataset's creation has.
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

    /// Refuses bytes that cannot be a chunk: HDF5 would store as many as there are, over whatever
    /// follows in the file.
    fn check(&self, skipped: u32, bytes: &[u8]) -> Result<()> {
        if self.resizing & !skipped == 0 {
            return same_size(self.size, bytes);
        }
        match bytes.len() {
            1..=MAX_STORED => Ok(()),
            given => Err(Error::Type(format!("{given} bytes are no chunk"))),
        }
    }
}

/// Most bytes of a chunk: HDF5 counts them with 32 bits.
const MAX_STORED: usize = u32::MAX as usize;

impl Dataset {
    /// Stores one whole chunk as it is, already filtered.
    ///
    /// `offset` is the first element of the chunk, `bytes` the chunk after the filters. Bit i of
    /// Bit i of `skipped` is set if the i-th filter was left out for this chunk. The chunk must lie inside
    /// the extent, so extend before; chunks at the edge are stored whole, padded.
    ///
    /// # Errors
    /// If the bytes cannot be a chunk: where no filter that ran changes their number, there must be
    /// as many as the elements of a chunk have.
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

    /// The chunk that begins at this element, if it is stored.
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

    /// The bytes of the chunk that begins at this element, as they are stored; `None` if it is not.
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
