//! Continues a dataset that an earlier writer left.

use std::time::Instant;

use super::{Chunked, PointList, State};
use crate::chunk::ChunkShape;
use crate::dataset::Error;
use crate::dataset::chunked_dataset::ChunkedDataset;
use crate::dataset::existing::ExistingDataset;
use crate::dataset::stream::PointStore;

impl PointList {
    /// Continues the dataset that an earlier writer left, if there is one. The next point follows its
    /// last row.
    ///
    /// If the last chunk is not full, it is stored without filters, and its points are read into the
    /// buffer, unless points are written directly into the file. A contiguous dataset is read, and stays
    /// in the file until more points have to be stored.
    pub(super) fn resume_found(&mut self) -> Result<(), Error> {
        let Some(existing) = self.buffer.spec.find()? else {
            return Ok(());
        };
        let ExistingDataset { extent, chunks } = existing;
        let Some((&points, element)) = extent.split_first() else {
            return Ok(());
        };
        self.buffer.note_shape(element);
        self.buffer.points = points;
        let Some((chunk, scheme)) = chunks else {
            self.read(0, points)?;
            self.state = State::Contiguous {
                dataset: self.buffer.spec.open(None)?,
                visible: points,
                since: Instant::now(),
            };
            return Ok(());
        };
        let Some((&length, chunk)) = chunk.split_first() else {
            return Ok(());
        };
        let element = chunk.to_vec();
        let partial = points % length;
        let spec = &self.buffer.spec;
        let direct = spec.is_direct(scheme);
        if !direct && partial > 0 {
            self.read(points - partial, partial)?;
        }
        let spec = &self.buffer.spec;
        let shape = ChunkShape { length, element };
        let dataset = spec.open(direct.then_some(0))?;
        let (format, written) = (
            spec.format(shape, scheme),
            self.buffer.store_queue.written(),
        );
        let store = ChunkedDataset::new(spec, dataset, format, extent, written);
        self.state = State::Chunked(Chunked::resumed(store, partial, &mut self.buffer));
        self.check()
    }

    /// Reads rows into the buffer. Missing points become ordinary points with the fill value.
    fn read(&mut self, first: u64, rows: u64) -> Result<(), Error> {
        let buffer = &mut self.buffer;
        let mut start = vec![0; buffer.element.len() + 1];
        start[0] = first;
        let count: Vec<u64> = std::iter::once(&rows)
            .chain(&buffer.element)
            .copied()
            .collect();
        // The dataset is closed immediately, so that the library does not cache chunks that this writer
        // replaces without the cache.
        let read = buffer.spec.open(None)?.read_block(&start, &count);
        let bytes = read.map_err(|source| buffer.spec.failure("read the last points", source))?;
        if rows > 0 {
            buffer.slab.push(rows, &buffer.element, &bytes, bytes.len());
        }
        Ok(())
    }
}
