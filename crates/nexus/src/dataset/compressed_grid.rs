//! A dataset with filters that has the shape of the scan.

mod open;

use std::rc::Rc;

use bytes::Bytes;
use observation::Hdf5Stage;

use super::chunked_dataset::ChunkedDataset;
use super::existing::ExistingDataset;
use super::spec::DatasetSpec;
use super::stream::PointStore;
use super::{Error, StoreQueue, WriteMode, WritePolicy};
use crate::chunk::{BandLayout, ChunkGuess, ChunkShape, CompressionScheme};
use crate::h5;
use open::OpenGrid;

/// A dataset whose first dimensions are those of the scan, and whose chunks have filters. It is created at full size
/// with the first point.
///
/// Points fill it in C order. Surplus points extend the first dimension. The points of a band, one row of chunks, are
/// kept until the last of them is there; then the pool encodes its chunks. What readers have to see before is encoded
/// by the thread that writes.
pub(super) struct CompressedGrid {
    spec: DatasetSpec,
    /// The declared shape of the grid.
    scan: Vec<u64>,
    policy: WritePolicy,
    store_queue: StoreQueue,
    /// The largest length of a point so far, in each dimension.
    element: Vec<u64>,
    points: u64,
    state: State,
}

/// The state of the dataset in the file.
enum State {
    Nothing,
    Open(OpenGrid),
    Failed(Error),
}

impl CompressedGrid {
    pub fn new(
        spec: DatasetSpec,
        scan: Vec<u64>,
        policy: WritePolicy,
        store_queue: StoreQueue,
    ) -> CompressedGrid {
        let element = spec.shape.iter().map(|length| length.unwrap_or(0));
        CompressedGrid {
            element: element.collect(),
            spec,
            scan,
            policy,
            store_queue,
            points: 0,
            state: State::Nothing,
        }
    }

    /// Creates the dataset, if it does not exist.
    fn create(&mut self) -> Result<(), Error> {
        let State::Nothing = self.state else {
            return Ok(());
        };
        let Some(ChunkGuess { chunk, scheme }) = self.spec.guess() else {
            return Ok(());
        };
        let extent: Vec<u64> = self.scan.iter().chain(&self.element).copied().collect();
        let observation = self.store_queue.observation();
        let stopwatch = observation.stopwatch();
        let created = self.spec.create(&extent, &chunk, scheme, None);
        observation.hdf5.finished(Hdf5Stage::Build, stopwatch);
        match created {
            Ok(dataset) => {
                self.open(dataset, extent, &chunk, scheme, false);
                Ok(())
            }
            Err(error) => {
                self.state = State::Failed(error.clone());
                Err(error)
            }
        }
    }

    fn open(
        &mut self,
        dataset: h5::Dataset,
        extent: Vec<u64>,
        chunk: &[u64],
        scheme: CompressionScheme,
        is_continued: bool,
    ) {
        let Some((&length, element)) = chunk.split_first() else {
            return;
        };
        let element = element.to_vec();
        let format = self.spec.format(ChunkShape { length, element }, scheme);
        let written = self.store_queue.written();
        let store = ChunkedDataset::new(&self.spec, dataset, format, extent, written);
        let layout = BandLayout::new(&self.scan, chunk);
        let memory = self.policy.chunk;
        self.state = State::Open(OpenGrid::new(
            store,
            layout,
            self.store_queue.clone(),
            memory,
            is_continued,
        ));
    }

    /// Returns the lengths of the dataset after the first one.
    fn row_shape(&self) -> Vec<u64> {
        let inner = self.scan[1..].iter().chain(&self.element);
        inner.copied().collect()
    }
}

impl PointStore for CompressedGrid {
    fn spec(&self) -> &DatasetSpec {
        &self.spec
    }

    fn element(&self) -> &[u64] {
        &self.element
    }

    /// Opens the dataset that an earlier writer left. It is filled again from the first point on, because
    /// the file does not show how many points were written. Points that are missing now keep their value.
    fn resume(&mut self) -> Result<(), Error> {
        let Some(ExistingDataset { extent, chunks }) = self.spec.find()? else {
            return Ok(());
        };
        let Some((chunk, scheme)) = chunks else {
            return Ok(());
        };
        for (largest, length) in self.element.iter_mut().zip(&extent[self.scan.len()..]) {
            *largest = (*largest).max(*length);
        }
        let dataset = self.spec.open(None)?;
        self.open(dataset, extent, &chunk, scheme, true);
        Ok(())
    }

    fn points(&self) -> u64 {
        self.points
    }

    fn visible(&self) -> u64 {
        match &self.state {
            State::Open(open) => open.visible(),
            State::Nothing | State::Failed(_) => 0,
        }
    }

    fn exists(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    fn store(&self) -> Option<Rc<ChunkedDataset>> {
        match &self.state {
            State::Open(open) => Some(Rc::clone(&open.store)),
            State::Nothing | State::Failed(_) => None,
        }
    }

    fn add(&mut self, count: u64, data: Option<(&[u64], Bytes)>) -> Result<(), Error> {
        if let Some((shape, _)) = &data {
            for (largest, length) in self.element.iter_mut().zip(*shape) {
                *largest = (*largest).max(*length);
            }
        }
        self.create()?;
        let row_shape = self.row_shape();
        if let State::Open(open) = &mut self.state {
            open.add(self.points, count, data, &row_shape);
        }
        self.points += count;
        self.check()
    }

    fn expose(&mut self) -> Result<(), Error> {
        self.store_queue.advance();
        self.check()?;
        if self.policy.mode == WriteMode::Live {
            let row_shape = self.row_shape();
            if let State::Open(open) = &mut self.state {
                open.expose(&row_shape);
            }
        }
        self.check()
    }

    fn finish(&mut self) -> Result<(), Error> {
        let row_shape = self.row_shape();
        if let State::Open(open) = &mut self.state {
            open.finish(&row_shape);
        }
        self.check()
    }

    fn check(&self) -> Result<(), Error> {
        match &self.state {
            State::Nothing => Ok(()),
            State::Open(open) => open.store.check(),
            State::Failed(error) => Err(error.clone()),
        }
    }
}
