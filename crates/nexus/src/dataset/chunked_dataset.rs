//! An open chunked dataset and its extent.

mod compressed_part;
mod overwrite;
mod partial;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use observation::{Hdf5Stage, WrittenBytes};
use partial::offset;

use super::Error;
use super::spec::DatasetSpec;
use super::store_queue::StoreResources;
use crate::chunk::{
    ChunkFormat, CompressionScheme, Encoded, Slab, all_corners, chunk_bytes, corners_with_data,
};
use crate::h5;

/// A chunked dataset, used by its stream and by the [`StoreQueue`](super::StoreQueue).
///
/// The extent grows immediately before the rows are stored, and no flush happens in between. So readers
/// never see rows that are not stored.
pub(super) struct ChunkedDataset {
    pub path: String,
    pub dataset: h5::Dataset,
    pub format: Arc<ChunkFormat>,
    /// `true` if chunks that were never written read as missing points, so that they may be left out.
    pub sparse: bool,
    /// `true` if blocks are written directly into their chunks in the file.
    pub direct: bool,
    /// `true` if the rows are those of a grid. All of them are there from the begin, and chunks are replaced in any order.
    is_grid: bool,
    pub extent: RefCell<Vec<u64>>,
    /// The number of slabs of this dataset in the queue.
    pub pending: Cell<usize>,
    /// The first error, after which nothing is stored any more.
    pub failure: RefCell<Option<Error>>,
    written: WrittenBytes,
}

impl ChunkedDataset {
    /// Returns the chunked dataset for an open dataset with this extent.
    pub fn new(
        spec: &DatasetSpec,
        dataset: h5::Dataset,
        format: ChunkFormat,
        extent: Vec<u64>,
        written: &WrittenBytes,
    ) -> Rc<ChunkedDataset> {
        Rc::new(ChunkedDataset {
            path: spec.path.clone(),
            dataset,
            sparse: spec.is_sparse(),
            direct: spec.is_direct(format.scheme),
            is_grid: spec
                .declared()
                .is_some_and(|declared| declared.scan.len() > 1),
            format: Arc::new(format),
            extent: RefCell::new(extent),
            pending: Cell::new(0),
            failure: RefCell::new(None),
            written: written.clone(),
        })
    }

    /// Returns `true` if chunks have filters.
    pub fn filtered(&self) -> bool {
        self.format.scheme != CompressionScheme::None
    }

    /// Returns the first corners of the chunks to store for a slab whose points are not larger than
    /// `element`.
    pub fn corners_with_data(&self, slab: &Slab, element: &[u64]) -> Vec<Vec<u64>> {
        let missing_shape = (!self.sparse).then_some(element);
        corners_with_data(slab, &self.format.shape, self.format.item, missing_shape)
    }

    /// Stores the encoded chunks of `rows` points. In a grid with `is_new`, they were not stored before.
    pub fn store_encoded(
        &self,
        first: u64,
        rows: u64,
        element: &[u64],
        mut chunks: Vec<Encoded>,
        is_new: bool,
        resources: &mut StoreResources,
    ) {
        self.try_store("store chunks", || match self.is_grid {
            true => {
                self.overwrite_chunks(first, first + rows, element, &mut chunks, is_new, resources)
            }
            false => self.replace_chunks(first, first + rows, element, &chunks, resources),
        });
    }

    /// Stores the chunks that begin at row `first`, and replaces those that readers already see.
    fn replace_chunks(
        &self,
        first: u64,
        rows: u64,
        element: &[u64],
        chunks: &[Encoded],
        resources: &mut StoreResources,
    ) -> h5::Result<()> {
        let plain = |chunk: &Encoded| chunk.filter_mask != 0;
        if !chunks.iter().all(plain) {
            self.remove_chunks(first, resources)?;
        }
        self.grow(rows, element)?;
        for chunk in chunks {
            self.write_chunk(first, &chunk.corner, chunk.filter_mask, &chunk.bytes)?;
        }
        Ok(())
    }

    /// Stores the chunks of a slab without filters. If they are stored again with more points, they keep
    /// their address in the file.
    pub fn store_plain(&self, first: u64, slab: &Slab, element: &[u64], scratch: &mut Vec<u8>) {
        self.try_store("store plain chunks", || {
            self.grow(first + slab.rows(), element)?;
            let mask = self.format.skip_all();
            for corner in self.corners_with_data(slab, element) {
                let bytes = chunk_bytes(slab, &self.format, &corner, scratch);
                self.write_chunk(first, &corner, mask, bytes)?;
            }
            Ok(())
        });
    }

    /// Stores the last chunks, which begin at row `first` and are not full, again without filters, if
    /// they are stored with filters. The slab holds all their points.
    pub fn remove_filters(
        &self,
        first: u64,
        slab: &Slab,
        element: &[u64],
        resources: &mut StoreResources,
    ) {
        if !self.filtered() {
            return;
        }
        self.try_store("remove chunks", || {
            self.remove_filtered_chunks(first, resources)
        });
        self.store_plain(first, slab, element, &mut resources.scratch);
    }

    /// Removes the chunks that begin at row `first`, if any of them is stored with filters.
    fn remove_filtered_chunks(&self, first: u64, resources: &mut StoreResources) -> h5::Result<()> {
        let corners = all_corners(&self.extent.borrow()[1..], &self.format.shape);
        for corner in corners {
            let stored = self.dataset.stored_chunk(&offset(first, &corner))?;
            if stored.is_some_and(|chunk| chunk.skipped != self.format.skip_all()) {
                return self.remove_chunks(first, resources);
            }
        }
        Ok(())
    }

    /// Stores the points of a slab with the filters of the HDF5 library. This is slow, but the points
    /// need not fill whole chunks.
    pub fn write_blocks(
        &self,
        first: u64,
        slab: &Slab,
        element: &[u64],
        resources: &mut StoreResources,
    ) {
        self.try_store("store points", || {
            if !self.direct {
                self.remove_chunks(first, resources)?;
            }
            self.grow(first + slab.rows(), element)?;
            for (row, run, bytes) in slab.runs(self.format.item) {
                let Some(shape) = &run.shape else { continue };
                let mut start = vec![0; shape.len() + 1];
                start[0] = first + row;
                let count: Vec<u64> = std::iter::once(run.rows)
                    .chain(shape.iter().copied())
                    .collect();
                self.dataset.write_block(&start, &count, bytes)?;
                self.written.add(bytes.len() as u64);
            }
            Ok(())
        });
    }

    fn write_chunk(&self, first: u64, corner: &[u64], mask: u32, bytes: &[u8]) -> h5::Result<()> {
        self.dataset
            .write_chunk(&offset(first, corner), mask, bytes)?;
        self.written.add(bytes.len() as u64);
        Ok(())
    }

    /// Removes the chunks that begin at row `first`, if readers already see them, and reserves their
    /// space in the file. There are two reasons: HDF5 1.14 does not update the filter mask of a chunk
    /// that is stored again, and the new chunk must not overwrite the old one while a reader still reads
    /// it.
    fn remove_chunks(&self, first: u64, resources: &mut StoreResources) -> h5::Result<()> {
        let mut extent = self.extent.borrow_mut();
        if extent[0] <= first {
            return Ok(());
        }
        let mut shown = Vec::new();
        let is_start = first.is_multiple_of(self.format.shape.length);
        if is_start && self.filtered() {
            for corner in all_corners(&extent[1..], &self.format.shape) {
                if let Some((chunk, bytes)) = self.dataset.read_chunk(&offset(first, &corner))? {
                    shown.extend(bytes.first().map(|byte| (chunk, *byte)));
                }
            }
        }
        let mut shorter = extent.clone();
        shorter[0] = first;
        let free = || self.dataset.set_extent(&shorter);
        resources
            .freed_space
            .free_chunks(&self.dataset, shown, free)?;
        *extent = shorter;
        Ok(())
    }

    fn grow(&self, rows: u64, element: &[u64]) -> h5::Result<()> {
        let mut extent = self.extent.borrow_mut();
        let wanted: Vec<u64> = std::iter::once(&rows)
            .chain(element)
            .zip(extent.iter())
            .map(|(&wanted, &present)| wanted.max(present))
            .collect();
        if wanted != *extent {
            self.dataset.set_extent(&wanted)?;
            *extent = wanted;
        }
        Ok(())
    }

    /// Calls `store`, unless an earlier call failed. After the first error nothing is stored any more,
    /// because the following points would be at the wrong index.
    fn try_store(&self, action: &'static str, store: impl FnOnce() -> h5::Result<()>) {
        if self.failure.borrow().is_some() {
            return;
        }
        let stopwatch = self.written.observation().stopwatch();
        let stored = store();
        self.written
            .observation()
            .hdf5
            .finished(Hdf5Stage::Write, stopwatch);
        if let Err(source) = stored {
            self.fail(Error::Hdf5 {
                path: self.path.clone(),
                action,
                source,
            });
        }
    }

    pub fn fail(&self, error: Error) {
        self.failure.borrow_mut().get_or_insert(error);
    }

    pub fn check(&self) -> Result<(), Error> {
        match &*self.failure.borrow() {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}
