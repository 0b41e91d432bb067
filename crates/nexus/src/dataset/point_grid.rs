//! A dataset with the shape of the scan: a grid of points without filters, or a single point.

use bytes::Bytes;
use observation::{Hdf5Stage, WrittenBytes};

use super::existing::ExistingDataset;
use super::spec::DatasetSpec;
use super::stream::PointStore;
use super::{Error, WriteMode, WritePolicy};
use crate::chunk::{ChunkGuess, Slab, blocks, point_size};
use crate::h5;

/// The largest size of the points that are not written yet, in chunks of the policy.
const MAX_WAITING: u64 = 4;

/// The largest size of the chunk cache, in chunks of the policy. If the cache cannot hold the chunks of
/// one row of the grid, the library reads and writes them again for each row.
const MAX_CACHE: u64 = 64;

/// A dataset whose first dimensions are those of the scan. It is created at full size with the first
/// point.
///
/// Points fill it in C order. Surplus points extend the first dimension. The HDF5 library writes the
/// points, in blocks as large as possible, because successive points belong to different chunks. A grid with
/// filters is a [`CompressedGrid`](super::compressed_grid::CompressedGrid).
pub(super) struct PointGrid {
    spec: DatasetSpec,
    /// The declared shape of the grid. It is empty for a single point.
    scan: Vec<u64>,
    policy: WritePolicy,
    written: WrittenBytes,
    /// The largest length of a point so far, in each dimension.
    element: Vec<u64>,
    points: u64,
    /// The number of points that are written.
    visible: u64,
    waiting: Slab,
    stored: Stored,
    failed: Option<Error>,
}

/// The state of the dataset in the file.
enum Stored {
    Nothing,
    /// A single value that an earlier writer left.
    EarlierValue,
    /// A single value that is written.
    Value,
    Array {
        dataset: h5::Dataset,
        extent: Vec<u64>,
    },
}

impl PointGrid {
    pub fn new(
        spec: DatasetSpec,
        scan: Vec<u64>,
        policy: WritePolicy,
        written: WrittenBytes,
    ) -> PointGrid {
        let element = spec.shape.iter().map(|length| length.unwrap_or(0));
        PointGrid {
            element: element.collect(),
            spec,
            scan,
            policy,
            written,
            points: 0,
            visible: 0,
            waiting: Slab::new(),
            stored: Stored::Nothing,
            failed: None,
        }
    }

    /// Writes the waiting points. After an error nothing is written any more.
    fn write(&mut self) -> Result<(), Error> {
        self.check()?;
        let slab = std::mem::take(&mut self.waiting);
        let stopwatch = self.written.observation().stopwatch();
        let done = self.create(&slab).and_then(|()| self.write_points(&slab));
        let hdf5 = &self.written.observation().hdf5;
        hdf5.finished(Hdf5Stage::Write, stopwatch);
        self.written.add(slab.bytes().len() as u64);
        if let Err(error) = done {
            return Err(self.failed.insert(error).clone());
        }
        self.visible = self.points;
        Ok(())
    }

    /// Creates the dataset, if it does not exist.
    fn create(&mut self, slab: &Slab) -> Result<(), Error> {
        if let Stored::Value | Stored::Array { .. } = self.stored {
            return Ok(());
        }
        let Some(ChunkGuess { chunk, scheme }) = self.spec.guess() else {
            return Ok(());
        };
        if chunk.is_empty() {
            let value = Some(slab.bytes()).filter(|bytes| !bytes.is_empty());
            let earlier = matches!(self.stored, Stored::EarlierValue);
            // A missing point does not replace the value that an earlier writer left.
            if !earlier || value.is_some() {
                if earlier {
                    self.spec.unlink()?;
                    self.stored = Stored::Nothing;
                }
                self.spec.create_value(value)?;
            }
            self.stored = Stored::Value;
            return Ok(());
        }
        let extent: Vec<u64> = self.scan.iter().chain(&self.element).copied().collect();
        let cache = self.cache(&extent, &chunk);
        let dataset = self.spec.create(&extent, &chunk, scheme, Some(cache))?;
        self.stored = Stored::Array { dataset, extent };
        Ok(())
    }

    fn max_waiting(&self) -> u64 {
        MAX_WAITING * self.policy.chunk
    }

    /// Returns the size of the chunk cache: the bytes of the chunks that one row of the grid touches,
    /// within limits.
    fn cache(&self, extent: &[u64], chunk: &[u64]) -> usize {
        let outer = usize::from(!self.scan.is_empty());
        let chunks =
            extent[outer..]
                .iter()
                .zip(&chunk[outer..])
                .fold(1u64, |chunks, (length, chunk)| {
                    chunks.saturating_mul(length.div_ceil((*chunk).max(1)).max(1))
                });
        let size = point_size(chunk, self.spec.item());
        let needed = chunks.saturating_mul(size);
        // The library caches no chunk that is larger than the cache.
        needed.min(MAX_CACHE * self.policy.chunk).max(size) as usize
    }

    fn write_points(&mut self, slab: &Slab) -> Result<(), Error> {
        let Stored::Array { dataset, extent } = &mut self.stored else {
            return Ok(());
        };
        let (scan, item) = (&self.scan, self.spec.item());
        let per_row: u64 = scan.iter().skip(1).product();
        let rows = self.points.div_ceil(per_row.max(1));
        let wanted = scan.iter().enumerate().map(|(axis, &length)| match axis {
            0 => length.max(rows),
            _ => length,
        });
        let wanted: Vec<u64> = wanted
            .chain(self.element.iter().copied())
            .zip(extent.iter())
            .map(|(wanted, &present)| wanted.max(present))
            .collect();
        let store = || -> h5::Result<()> {
            if wanted != *extent {
                dataset.set_extent(&wanted)?;
                *extent = wanted;
            }
            let first = self.points - slab.rows();
            for (row, run, mut bytes) in slab.runs(item) {
                let Some(shape) = &run.shape else { continue };
                for (mut start, mut count) in blocks(first + row, run.rows, scan) {
                    let points: u64 = count.iter().product();
                    let (part, remaining) =
                        bytes.split_at((point_size(shape, item) * points) as usize);
                    bytes = remaining;
                    start.extend(shape.iter().map(|_| 0));
                    count.extend(shape.iter());
                    dataset.write_block(&start, &count, part)?;
                }
            }
            Ok(())
        };
        let stored = store();
        stored.map_err(|source| self.spec.failure("store points", source))
    }
}

impl PointStore for PointGrid {
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
        let Some((chunk, _)) = chunks else {
            self.stored = Stored::EarlierValue;
            return Ok(());
        };
        for (largest, length) in self.element.iter_mut().zip(&extent[self.scan.len()..]) {
            *largest = (*largest).max(*length);
        }
        let dataset = self.spec.open(Some(self.cache(&extent, &chunk)))?;
        self.stored = Stored::Array { dataset, extent };
        Ok(())
    }

    fn add(&mut self, count: u64, data: Option<(&[u64], Bytes)>) -> Result<(), Error> {
        let room = if self.scan.is_empty() {
            1u64.saturating_sub(self.points).min(count)
        } else {
            count
        };
        if room > 0 {
            self.points += room;
            match data {
                Some((shape, data)) => {
                    for (largest, length) in self.element.iter_mut().zip(shape) {
                        *largest = (*largest).max(*length);
                    }
                    let size = point_size(shape, self.spec.item()) * room;
                    let (part, expected) = (&data[..size as usize], self.max_waiting() as usize);
                    self.waiting.push(room, shape, part, expected);
                }
                None => self.waiting.push_missing(room),
            }
            if self.waiting.bytes().len() as u64 > self.max_waiting() {
                self.write()?;
            }
        }
        if room < count {
            return Err(Error::Single {
                path: self.spec.path.clone(),
                count: count - room,
            });
        }
        Ok(())
    }

    fn expose(&mut self) -> Result<(), Error> {
        self.check()?;
        if self.policy.mode == WriteMode::Backlog || self.waiting.is_empty() {
            return Ok(());
        }
        self.write()
    }

    fn finish(&mut self) -> Result<(), Error> {
        match self.waiting.is_empty() {
            true => Ok(()),
            false => self.write(),
        }
    }

    fn points(&self) -> u64 {
        self.points
    }

    fn visible(&self) -> u64 {
        self.visible
    }

    fn exists(&self) -> bool {
        !matches!(self.stored, Stored::Nothing)
    }

    fn check(&self) -> Result<(), Error> {
        self.failed.clone().map_or(Ok(()), Err)
    }
}
