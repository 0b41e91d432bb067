//! A dataset that grows point by point.

mod buffer;
mod chunked;
mod resume;

use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;

use super::chunked_dataset::ChunkedDataset;
use super::spec::DatasetSpec;
use super::stream::PointStore;
use super::{Error, StoreQueue, WriteMode, WritePolicy};
use crate::chunk::{
    ChunkShape, CompressionScheme, ended_stream_chunk, live_stream_chunk, point_size,
};
use crate::h5;
use buffer::PointBuffer;
use chunked::Chunked;

/// The size in bytes below which the dataset of an ended stream is contiguous, without filters, as in
/// the files of blisswriter.
const CONTIGUOUS: u64 = 1 << 20;

/// A dataset of successive points.
///
/// If the scan declares chunks and filters, the dataset is created with the first point. Otherwise it is
/// created when the points fill a chunk, when readers have to see points, or when the stream ends;
/// only then it is known how to store the points.
pub(super) struct PointList {
    buffer: PointBuffer,
    state: State,
}

/// The state of the dataset, and where its points are.
enum State {
    /// All points are in the buffer. The file has no dataset.
    Buffered {
        /// The time of the first point.
        since: Option<Instant>,
    },
    /// All points are in the buffer, and the first of them also in a contiguous dataset that an earlier
    /// writer left. A chunked dataset replaces it when readers have to see more points.
    Contiguous {
        dataset: h5::Dataset,
        /// The number of points in the dataset.
        visible: u64,
        /// The time at which the dataset was found.
        since: Instant,
    },
    /// The points are in a chunked dataset. Those of the last chunk may be in the buffer.
    Chunked(Chunked),
    /// The dataset could not be created, and the points are lost.
    Failed {
        error: Error,
        /// The number of points in a dataset that an earlier writer left and that was not removed.
        visible: u64,
    },
}

impl PointList {
    pub fn new(spec: DatasetSpec, policy: WritePolicy, store_queue: StoreQueue) -> PointList {
        PointList {
            buffer: PointBuffer::new(spec, policy, store_queue),
            state: State::Buffered { since: None },
        }
    }

    /// Creates the dataset if the scan declares its chunks and filters.
    fn create_declared(&mut self) -> Result<(), Error> {
        let Some(guess) = self.buffer.spec.guess() else {
            return Ok(());
        };
        let Some((&length, element)) = guess.chunk.split_first() else {
            return Ok(());
        };
        let element = element.to_vec();
        self.create(ChunkShape { length, element }, guess.scheme)
    }

    /// Creates the chunked dataset, and moves the points of the buffer to its chunks.
    fn create(&mut self, chunk: ChunkShape, scheme: CompressionScheme) -> Result<(), Error> {
        let replaces = matches!(self.state, State::Contiguous { .. });
        let created = self
            .remove_contiguous()
            .and_then(|()| self.buffer.create_store(chunk, scheme));
        match created {
            Ok(store) => {
                // Points that readers have seen already become visible again at once.
                let filled = (!replaces).then(Instant::now);
                let mut chunked = Chunked::new(store, filled);
                chunked.take_over(&mut self.buffer);
                self.state = State::Chunked(chunked);
                self.check()
            }
            Err(error) => {
                self.state = State::Failed {
                    error: error.clone(),
                    visible: self.visible(),
                };
                Err(error)
            }
        }
    }

    /// Removes a contiguous dataset that another one is going to replace. Its space in the file stays
    /// reserved for a while, because readers see the old dataset until the next flush.
    fn remove_contiguous(&mut self) -> Result<(), Error> {
        let State::Contiguous { since, .. } = self.state else {
            return Ok(());
        };
        self.buffer.spec.unlink()?;
        let since = Some(since);
        let state = std::mem::replace(&mut self.state, State::Buffered { since });
        if let State::Contiguous { dataset, .. } = state {
            let size = self.buffer.slab.bytes().len() as u64;
            let freed = self
                .buffer
                .store_queue
                .with_resources(|resources| resources.freed_space.free_contiguous(dataset, size));
            if let Err(error) = freed {
                tracing::debug!(%error, "the space of a replaced dataset may be used again too early");
            }
        }
        Ok(())
    }

    /// Returns the chunks and the filters for a dataset that readers have to see before the stream ends,
    /// or `None` if they see all points already or a dataset with chunks exists.
    fn chunk_to_show(&self) -> Option<(ChunkShape, CompressionScheme)> {
        let (elapsed, visible) = match &self.state {
            State::Buffered { since } => (since.map(|since| since.elapsed()), 0),
            State::Contiguous { visible, since, .. } => (Some(since.elapsed()), *visible),
            State::Chunked(_) | State::Failed { .. } => return None,
        };
        let PointBuffer {
            spec,
            policy,
            element,
            ..
        } = &self.buffer;
        let points = self.buffer.points - visible;
        if points == 0 || spec.declared().is_some() {
            return None;
        }
        let elapsed = elapsed.unwrap_or_default();
        let (chunk, filtered) =
            live_stream_chunk(element, spec.item(), policy.chunk, points, elapsed)?;
        let scheme = if filtered {
            CompressionScheme::GzipByteShuffle
        } else {
            CompressionScheme::None
        };
        Some((chunk, scheme))
    }
}

impl PointStore for PointList {
    fn spec(&self) -> &DatasetSpec {
        &self.buffer.spec
    }

    fn element(&self) -> &[u64] {
        &self.buffer.element
    }

    fn resume(&mut self) -> Result<(), Error> {
        self.resume_found()
    }

    fn points(&self) -> u64 {
        self.buffer.points
    }

    fn visible(&self) -> u64 {
        match &self.state {
            State::Buffered { .. } => 0,
            State::Contiguous { visible, .. } | State::Failed { visible, .. } => *visible,
            State::Chunked(chunked) => chunked.store.extent.borrow()[0],
        }
    }

    fn exists(&self) -> bool {
        matches!(self.state, State::Contiguous { .. } | State::Chunked(_))
    }

    fn is_superseded(&self) -> bool {
        matches!(self.state, State::Contiguous { .. })
    }

    fn store(&self) -> Option<Rc<ChunkedDataset>> {
        match &self.state {
            State::Chunked(chunked) => Some(Rc::clone(&chunked.store)),
            _ => None,
        }
    }

    fn add(&mut self, count: u64, data: Option<(&[u64], Bytes)>) -> Result<(), Error> {
        if let Some((shape, _)) = &data {
            self.buffer.note_shape(shape);
        }
        if let State::Buffered { since } = &mut self.state {
            since.get_or_insert_with(Instant::now);
            self.create_declared()?;
        }
        if let State::Buffered { .. } | State::Contiguous { .. } = self.state {
            match self.buffer.full_chunk(count) {
                Some(chunk) => self.create(chunk, CompressionScheme::GzipByteShuffle)?,
                None => {
                    self.buffer.push(count, data);
                    return Ok(());
                }
            }
        }
        if let State::Chunked(chunked) = &mut self.state {
            chunked.fill(&mut self.buffer, count, data);
        }
        self.check()
    }

    fn expose(&mut self) -> Result<(), Error> {
        self.buffer.store_queue.advance();
        self.check()?;
        if self.buffer.policy.mode == WriteMode::Backlog {
            return Ok(());
        }
        if let Some((chunk, scheme)) = self.chunk_to_show() {
            self.create(chunk, scheme)?;
        }
        if let State::Chunked(chunked) = &mut self.state {
            chunked.expose(&mut self.buffer);
        }
        self.check()
    }

    fn finish(&mut self) -> Result<(), Error> {
        let points = self.buffer.points;
        if points == 0 {
            return Ok(());
        }
        match self.state {
            // The dataset that an earlier writer left has all points.
            State::Contiguous { visible, .. } if visible == points => return Ok(()),
            State::Buffered { .. } | State::Contiguous { .. } => {
                let PointBuffer { spec, element, .. } = &self.buffer;
                let size = point_size(element, spec.item()).saturating_mul(points);
                let chunk = ended_stream_chunk(element, spec.item(), self.buffer.policy.chunk);
                match chunk {
                    Some(chunk) if size >= CONTIGUOUS => {
                        self.create(chunk, CompressionScheme::GzipByteShuffle)?;
                    }
                    _ => {
                        self.remove_contiguous()?;
                        return self.buffer.create_contiguous();
                    }
                }
            }
            State::Chunked(_) | State::Failed { .. } => {}
        }
        if let State::Chunked(chunked) = &mut self.state {
            chunked.finish(&mut self.buffer);
        }
        self.check()
    }

    fn check(&self) -> Result<(), Error> {
        match &self.state {
            State::Buffered { .. } | State::Contiguous { .. } => Ok(()),
            State::Chunked(chunked) => chunked.store.check(),
            State::Failed { error, .. } => Err(error.clone()),
        }
    }
}
