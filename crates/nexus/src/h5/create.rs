//! Creates datasets.

use hdf5_metno_sys::h5::hsize_t;
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::{h5d, h5p};

use super::chunk::ChunkLimits;
use super::dataset::Dataset;
use super::dataspace::{Dataspace, UNLIMITED, elements, same_rank};
use super::datatype::Datatype;
use super::error::{Error, Result};
use super::filter::{self, Filter};
use super::group::Group;
use super::library::{Handle, c_path, c_text, call};
use super::properties;
use crate::tree::{ElementType, ExternalFile, Hyperslab, VirtualSource};

/// The properties of a new dataset that is stored in chunks and may grow.
#[derive(Debug, Clone, Copy)]
pub struct ChunkedOptions<'a> {
    /// The type of one element.
    pub element: &'a ElementType,
    /// The initial extent in elements.
    pub shape: &'a [u64],
    /// The largest extent, with `None` for unlimited dimensions.
    pub max_shape: &'a [Option<u64>],
    /// The extent of a chunk in elements.
    pub chunk: &'a [u64],
    /// The filters, in the order in which they are applied to a chunk before it is stored.
    pub filters: &'a [Filter],
    /// The bytes of the fill value, which readers get for elements that were never written. `None` means
    /// zero, or an empty text. Texts cannot have another one.
    pub fill: Option<&'a [u8]>,
    /// The size of the chunk cache in bytes. `None` means the default of 1 MiB. If a chunk is larger than
    /// the cache and has no filters, blocks are written directly into the file.
    pub cache: Option<usize>,
}

/// The properties of a new dataset whose bytes lie in raw files.
#[derive(Debug, Clone, Copy)]
pub struct ExternalOptions<'a> {
    /// The type of one element, which must not contain text of variable length.
    pub element: &'a ElementType,
    /// The extent in elements.
    pub shape: &'a [u64],
    /// The files, in the order of the elements. Only the last file may have no size.
    pub files: &'a [ExternalFile],
    /// The bytes of the fill value, which readers get where a file is too short. `None` means the default
    /// of the library.
    pub fill: Option<&'a [u8]>,
}

/// The properties of a new virtual dataset, which consists of parts of other datasets.
#[derive(Debug, Clone, Copy)]
pub struct VirtualOptions<'a> {
    /// The type of one element, which must not contain text of variable length.
    pub element: &'a ElementType,
    /// The extent in elements.
    pub shape: &'a [u64],
    /// The largest extent, with `None` for unlimited dimensions.
    pub max_shape: &'a [Option<u64>],
    /// The parts.
    pub sources: &'a [VirtualSource],
    /// The bytes of the fill value, which readers get for elements that no part holds. `None` means zero.
    pub fill: Option<&'a [u8]>,
}

impl Group {
    /// Creates a chunked dataset. A name with slashes creates the groups in between.
    ///
    /// # Errors
    /// If the name exists, if there is a fill value for texts, and if the vectors differ in length.
    pub fn create_chunked(&self, name: &str, options: &ChunkedOptions) -> Result<Dataset> {
        let ChunkedOptions {
            element,
            shape,
            max_shape,
            chunk,
            filters,
            fill,
            cache,
        } = *options;
        same_rank(shape.len(), chunk.len())?;
        let space = Dataspace::growing(shape, max_shape)?;
        let list = properties::dataset_creation()?;
        let rank = i32::try_from(chunk.len()).unwrap_or(i32::MAX);
        call!(h5p::H5Pset_chunk(list.id(), rank, chunk.as_ptr()))?;
        let datatype = match fill {
            Some(_) => direct(element)?,
            None => Datatype::of(element)?,
        };
        for filter in filters {
            filter::add(list.id(), *filter, datatype.size())?;
        }
        if let Some(fill) = fill {
            set_fill(&list, &datatype, fill)?;
        }
        let access = cache.map(properties::dataset_access).transpose()?;
        let access = access.as_ref().map_or(h5p::H5P_DEFAULT, Handle::id);
        let dataset = self.create_with_access(name, &datatype, &space, &list, access)?;
        let limits = ChunkLimits::new(chunk, &datatype, filters)?;
        dataset.chunk_limits.get_or_init(|| limits);
        Ok(dataset)
    }

    /// Creates a contiguous dataset of fixed extent and writes it. An empty shape creates a scalar.
    ///
    /// # Errors
    /// If the name exists, if the type contains text (see [`Group::create_value`]), and if `bytes` does
    /// not have the size that the type and shape require.
    pub fn create_contiguous(
        &self,
        name: &str,
        element: &ElementType,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<Dataset> {
        let datatype = direct(element)?;
        let expected = elements(shape)?.saturating_mul(datatype.size() as u64);
        same_size(expected, bytes)?;
        let list = properties::plain_dataset_creation()?;
        let dataset = self.create_dataset(name, &datatype, &Dataspace::of(shape)?, &list)?;
        if !bytes.is_empty() {
            // SAFETY: the number of bytes was compared with shape and type above.
            unsafe { dataset.write_raw(&datatype, bytes.as_ptr().cast())? };
        }
        Ok(dataset)
    }

    /// Creates a dataset whose bytes lie in other files, which need not exist yet.
    ///
    /// # Errors
    /// If the name exists, if the type contains text, and if a file before the last one has no size.
    pub fn create_external(&self, name: &str, options: &ExternalOptions) -> Result<Dataset> {
        let list = properties::dataset_creation()?;
        for ExternalFile { name, offset, size } in options.files {
            let file = c_path(name)?;
            let offset = i64::try_from(*offset)
                .map_err(|_| Error::Type(format!("offset {offset} is beyond any file")))?;
            let size: hsize_t = size.unwrap_or(UNLIMITED);
            call!(h5p::H5Pset_external(list.id(), file.as_ptr(), offset, size))?;
        }
        let datatype = direct(options.element)?;
        if let Some(fill) = options.fill {
            set_fill(&list, &datatype, fill)?;
        }
        let space = Dataspace::of(options.shape)?;
        self.create_dataset(name, &datatype, &space, &list)
    }

    /// Creates a dataset that consists of parts of other datasets, which need not exist yet.
    ///
    /// Each source has an explicit selection. With a selection of *all* elements, the whole dataset would
    /// become unreadable as soon as a source has more elements than expected.
    ///
    /// # Errors
    /// If the name exists, if the type contains text, and if the vectors differ in length.
    pub fn create_virtual(&self, name: &str, options: &VirtualOptions) -> Result<Dataset> {
        let list = properties::dataset_creation()?;
        for VirtualSource {
            target,
            file,
            dataset,
            selection,
        } in options.sources
        {
            let space = Dataspace::growing(options.shape, options.max_shape)?;
            space.select(target)?;
            let source = Dataspace::of(&reach(selection)?)?;
            source.select(selection)?;
            // A percent sign starts a placeholder for the number of a block.
            let file = c_text(&file.replace('%', "%%"))?;
            let dataset = c_text(&dataset.replace('%', "%%"))?;
            call!(h5p::H5Pset_virtual(
                list.id(),
                space.handle.id(),
                file.as_ptr(),
                dataset.as_ptr(),
                source.handle.id()
            ))?;
        }
        if options.sources.is_empty() {
            call!(h5p::H5Pset_layout(
                list.id(),
                h5d::H5D_layout_t::H5D_VIRTUAL
            ))?;
        }
        let space = Dataspace::growing(options.shape, options.max_shape)?;
        let datatype = direct(options.element)?;
        if let Some(fill) = options.fill {
            set_fill(&list, &datatype, fill)?;
        }
        self.create_dataset(name, &datatype, &space, &list)
    }

    pub(super) fn create_dataset(
        &self,
        name: &str,
        datatype: &Datatype,
        space: &Dataspace,
        creation: &Handle,
    ) -> Result<Dataset> {
        self.create_with_access(name, datatype, space, creation, h5p::H5P_DEFAULT)
    }

    fn create_with_access(
        &self,
        name: &str,
        datatype: &Datatype,
        space: &Dataspace,
        creation: &Handle,
        access: hid_t,
    ) -> Result<Dataset> {
        let link = properties::link_creation(name)?;
        let name = c_text(name)?;
        let id = call!(h5d::H5Dcreate2(
            self.id(),
            name.as_ptr(),
            datatype.handle.id(),
            space.handle.id(),
            link.id(),
            creation.id(),
            access
        ))?;
        Dataset::from_handle(Handle::new(id))
    }
}

fn set_fill(list: &Handle, datatype: &Datatype, fill: &[u8]) -> Result<()> {
    same_size(datatype.size() as u64, fill)?;
    let id = datatype.handle.id();
    call!(h5p::H5Pset_fill_value(list.id(), id, fill.as_ptr().cast())).map(drop)
}

/// Returns the HDF5 type, if its elements do not contain pointers.
fn direct(element: &ElementType) -> Result<std::sync::Arc<Datatype>> {
    let datatype = Datatype::of(element)?;
    if datatype.is_indirect() {
        return Err(Error::Type("text is not written as bytes".to_owned()));
    }
    Ok(datatype)
}

pub(super) fn same_size(expected: u64, bytes: &[u8]) -> Result<()> {
    let given = bytes.len() as u64;
    if expected == given {
        Ok(())
    } else {
        Err(Error::Size { expected, given })
    }
}

/// Returns the smallest extent that contains a selection.
fn reach(selection: &Hyperslab) -> Result<Vec<u64>> {
    let Hyperslab {
        start,
        stride,
        count,
        block,
    } = selection;
    same_rank(start.len(), count.len())?;
    let at = |vector: &Option<Vec<u64>>, axis: usize| {
        vector
            .as_ref()
            .and_then(|vector| vector.get(axis))
            .copied()
            .unwrap_or(1)
    };
    start
        .iter()
        .zip(count)
        .enumerate()
        .map(|(axis, (start, count))| {
            let steps = count.saturating_sub(1).checked_mul(at(stride, axis));
            steps
                .and_then(|steps| steps.checked_add(at(block, axis)))
                .and_then(|length| length.checked_add(*start))
                .ok_or_else(|| Error::Type(format!("selection {selection:?} is beyond any extent")))
        })
        .collect()
}
