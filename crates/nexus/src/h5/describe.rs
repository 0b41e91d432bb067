//! Describes the datasets and attributes of a file, for users and tests.

use std::ffi::c_char;

use hdf5_metno_sys::h5d::{self, H5D_layout_t};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::{h5p, h5s};

use super::dataset::Dataset;
use super::dataspace::UNLIMITED;
use super::error::Result;
use super::filter::{self, StoredFilter};
use super::library::{Handle, call, enter, sized_text};
use super::render;

/// The elements of a small dataset or attribute as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedElements {
    /// The name of the type of one element, such as `float64`, `text` or `compound{x: int64}`.
    pub type_name: String,
    /// The extent, which is empty for a scalar, or `None` for a null dataspace.
    pub shape: Option<Vec<u64>>,
    /// The elements in C order, texts without quotes, or `None` if there are more than the limit.
    pub texts: Option<Vec<String>>,
}

/// The type, extent and storage of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetInfo {
    /// The name of the type of one element.
    pub type_name: String,
    /// The extent, which is empty for a scalar, or `None` for a null dataspace.
    pub shape: Option<Vec<u64>>,
    /// The largest extent, with `None` for unlimited dimensions.
    pub max_shape: Vec<Option<u64>>,
    /// The storage of the elements.
    pub storage: DatasetStorage,
}

/// The storage of the elements of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatasetStorage {
    /// The elements are stored in the header of the dataset.
    Compact,
    /// The elements are stored contiguously.
    Contiguous,
    /// The elements are stored in chunks.
    Chunked {
        /// The extent of one chunk.
        chunk: Vec<u64>,
        /// The filters, such as `shuffle` or `deflate 4`.
        filters: Vec<String>,
    },
    /// The bytes are stored in raw files, each with its name, the offset of the first byte, and the
    /// number of bytes (`None` for all bytes to the end).
    External(Vec<(String, u64, Option<u64>)>),
    /// The elements are parts of datasets in other files.
    Virtual(Vec<VirtualPart>),
}

/// A part of a virtual dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualPart {
    /// The name of the file, or `.` for the file of the virtual dataset.
    pub file: String,
    /// The path of the dataset in the file.
    pub path: String,
    /// The extent that the dataset needs at least, or `None` if the part grows with it.
    pub needed: Option<Vec<u64>>,
    /// The number of elements of the part, or the largest number if the part grows.
    pub elements: u64,
    /// The names of the file and the dataset of the first block, if the part consists of numbered blocks.
    /// Otherwise those of the part.
    pub first_source: (String, String),
}

impl Dataset {
    /// Returns the type, extent and storage of the dataset.
    pub fn info(&self) -> Result<DatasetInfo> {
        let (shape, max_shape) = match self.space()?.extent()? {
            Some((shape, limits)) => (Some(shape), limits),
            None => (None, Vec::new()),
        };
        Ok(DatasetInfo {
            type_name: render::type_name(self.datatype.handle.id())?,
            storage: self.storage()?,
            shape,
            max_shape,
        })
    }

    /// Returns the storage of the elements. No other file is opened for it, while the extent of some virtual datasets is
    /// that of their sources.
    pub fn storage(&self) -> Result<DatasetStorage> {
        let list = Handle::new(call!(h5d::H5Dget_create_plist(self.handle.id()))?);
        storage(list.id())
    }

    /// Returns the filters by their registered numbers and their names, as they are in the file.
    pub fn filters(&self) -> Result<Vec<(i32, String)>> {
        let list = Handle::new(call!(h5d::H5Dget_create_plist(self.handle.id()))?);
        let stored = filter::stored(list.id())?.into_iter();
        Ok(stored.map(StoredFilter::registered).collect())
    }

    /// Returns the elements as texts, if there are at most `limit`.
    pub fn elements(&self, limit: u64) -> Result<RenderedElements> {
        let (all, default) = (h5s::H5S_ALL, h5p::H5P_DEFAULT);
        let id = self.handle.id();
        render::elements(&self.datatype, &self.space()?, limit, |memory| {
            let datatype = self.datatype.handle.id();
            call!(h5d::H5Dread(id, datatype, all, all, default, memory)).map(drop)
        })
    }
}

/// The most dimensions of a dataset (`H5S_MAX_RANK`).
const MAX_RANK: usize = 32;

fn storage(list: hid_t) -> Result<DatasetStorage> {
    let files = call!(h5p::H5Pget_external_count(list))?;
    if files > 0 {
        return (0..files.unsigned_abs())
            .map(|index| external(list, index))
            .collect::<Result<_>>()
            .map(DatasetStorage::External);
    }
    let entered = enter();
    // SAFETY: the caller holds the list.
    let layout = unsafe { h5p::H5Pget_layout(list) };
    drop(entered);
    Ok(match layout {
        H5D_layout_t::H5D_COMPACT => DatasetStorage::Compact,
        H5D_layout_t::H5D_CHUNKED => {
            let mut chunk = vec![0; MAX_RANK];
            let size = MAX_RANK as i32;
            let rank = call!(h5p::H5Pget_chunk(list, size, chunk.as_mut_ptr()))?;
            chunk.truncate(rank.unsigned_abs() as usize);
            DatasetStorage::Chunked {
                chunk,
                filters: filter::stored(list)?
                    .iter()
                    .map(StoredFilter::to_string)
                    .collect(),
            }
        }
        H5D_layout_t::H5D_VIRTUAL => DatasetStorage::Virtual(sources(list)?),
        _ => DatasetStorage::Contiguous,
    })
}

fn external(list: hid_t, index: u32) -> Result<(String, u64, Option<u64>)> {
    let mut name = vec![0u8; 4096];
    let (mut offset, mut size) = (0, 0);
    call!(h5p::H5Pget_external(
        list,
        index,
        name.len() - 1,
        name.as_mut_ptr().cast(),
        &mut offset,
        &mut size
    ))?;
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(0);
    let name = String::from_utf8_lossy(&name[..end]).into_owned();
    let size = (size != UNLIMITED).then_some(size);
    Ok((name, offset.unsigned_abs(), size))
}

fn sources(list: hid_t) -> Result<Vec<VirtualPart>> {
    let mut count = 0;
    call!(h5p::H5Pget_virtual_count(list, &mut count))?;
    (0..count)
        .map(|index| {
            let file = sized_text(|buffer: *mut c_char, size| {
                call!(h5p::H5Pget_virtual_filename(list, index, buffer, size))
            })?;
            let dataset = sized_text(|buffer: *mut c_char, size| {
                call!(h5p::H5Pget_virtual_dsetname(list, index, buffer, size))
            })?;
            let source = Handle::new(call!(h5p::H5Pget_virtual_srcspace(list, index))?);
            let mapped = Handle::new(call!(h5p::H5Pget_virtual_vspace(list, index))?);
            Ok(VirtualPart {
                file: file.replace("%%", "%"),
                path: dataset.replace("%%", "%"),
                needed: needed_extent(&source, &mapped)?,
                elements: selected_elements(&mapped),
                first_source: (first_name(&file), first_name(&dataset)),
            })
        })
        .collect()
}

/// Returns the extent that a source dataset needs for its selection `source`, which fills the selection `mapped`
/// of the virtual dataset, or `None` if it has no limit.
fn needed_extent(source: &Handle, mapped: &Handle) -> Result<Option<Vec<u64>>> {
    if rank(source)? > 0 {
        let bounds = selected_bounds(source)?;
        return Ok(bounds.map(|(_, last)| last.iter().map(|last| last + 1).collect()));
    }
    // The library does not store the extent of a source that is selected as a whole.
    let bounds = selected_bounds(mapped)?;
    Ok(bounds.map(|(first, last)| {
        let lengths = first
            .iter()
            .zip(&last)
            .map(|(first, last)| last - first + 1);
        lengths.collect()
    }))
}

/// Returns the name of the source of the first block: `%b` is the number of the block, and `%%` a percent sign.
fn first_name(name: &str) -> String {
    let mut first = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('%') {
        first.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('b') {
            Some(after) => {
                first.push('0');
                rest = after;
            }
            None => {
                first.push('%');
                rest = rest.strip_prefix('%').unwrap_or(rest);
            }
        }
    }
    first + rest
}

fn selected_elements(space: &Handle) -> u64 {
    let _entered = enter();
    // SAFETY: the handle is alive.
    let count = unsafe { h5s::H5Sget_select_npoints(space.id()) };
    // The library returns -2 (`H5S_UNLIMITED`) for a selection without a limit.
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn rank(space: &Handle) -> Result<usize> {
    let rank = call!(h5s::H5Sget_simple_extent_ndims(space.id()))?;
    Ok(usize::try_from(rank).unwrap_or_default())
}

/// Returns the first and the last index of a selection in each dimension, or `None` if it has no limit.
fn selected_bounds(space: &Handle) -> Result<Option<(Vec<u64>, Vec<u64>)>> {
    let rank = rank(space)?;
    // The library has no bounds for nothing.
    if rank == 0 || selected_elements(space) == 0 {
        return Ok(None);
    }
    let (mut first, mut last) = (vec![0u64; rank], vec![0u64; rank]);
    let bounds = call!(h5s::H5Sget_select_bounds(
        space.id(),
        first.as_mut_ptr(),
        last.as_mut_ptr()
    ));
    // The library has no bounds for selections without a limit.
    let unlimited = |last: &u64| *last >= UNLIMITED - 1;
    Ok(match bounds {
        Ok(_) if !last.iter().any(unlimited) => Some((first, last)),
        _ => None,
    })
}
