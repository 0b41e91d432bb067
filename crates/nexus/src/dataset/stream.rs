//! The dataset of one stream.

use std::rc::Rc;

use bytes::Bytes;

use super::chunked_dataset::ChunkedDataset;
use super::compressed_grid::CompressedGrid;
use super::point_grid::PointGrid;
use super::point_list::PointList;
use super::spec::DatasetSpec;
use super::{Error, StoreQueue, WritePolicy};
use crate::chunk::{CompressionScheme, point_size};
use crate::h5::Group;
use crate::tree::{ElementType, StreamStorage};

/// The size in bytes up to which a point may always be padded.
const MAX_PADDED_POINT: u64 = 64 << 20;

/// The ratio of the size of a padded point to that of the largest point, above which points are refused.
const MAX_PADDING: u64 = 16;

/// The largest size in bytes of missing points that have to be written.
const MAX_WRITTEN_HOLE: u64 = 1 << 30;

/// The dataset of one stream, at one path of a file, that is filled point by point.
///
/// It belongs to the thread that calls HDF5. Only [`settle`](StreamDataset::settle),
/// [`drain`](StreamDataset::drain) and [`close`](StreamDataset::close) wait.
///
/// After an error of HDF5 every call returns that error. After other errors the rejected points are not
/// stored, and more points may be added.
pub struct StreamDataset {
    points: Box<dyn PointStore>,
    store_queue: StoreQueue,
}

/// The arrangement of the points of a stream in its dataset: a list or a grid.
pub(super) trait PointStore {
    /// Returns the properties of the dataset that were known before the first point.
    fn spec(&self) -> &DatasetSpec;

    /// Returns the largest length of a point so far, in each dimension.
    fn element(&self) -> &[u64];

    /// Continues the dataset that an earlier writer left in the file, if there is one.
    fn resume(&mut self) -> Result<(), Error>;

    /// Returns the number of points so far, including missing ones.
    fn points(&self) -> u64;

    /// Returns the number of points that readers can see after the next flush of the file.
    fn visible(&self) -> u64;

    /// Returns `true` if the dataset exists in the file.
    fn exists(&self) -> bool;

    /// Returns `true` if another dataset will replace the one that exists in the file.
    fn is_superseded(&self) -> bool {
        false
    }

    /// Returns the chunked dataset whose slabs are posted to the queue, if there is one.
    fn store(&self) -> Option<Rc<ChunkedDataset>> {
        None
    }

    /// Adds points, or missing points if there are no data. The caller has checked their shape and
    /// number.
    fn add(&mut self, count: u64, data: Option<(&[u64], Bytes)>) -> Result<(), Error>;

    /// Makes the points so far visible to readers.
    fn expose(&mut self) -> Result<(), Error>;

    /// Stores the remaining points, or posts them to the queue.
    fn finish(&mut self) -> Result<(), Error>;

    /// Returns the error after which nothing is stored any more, if there was one.
    fn check(&self) -> Result<(), Error>;
}

impl StreamDataset {
    /// Returns a dataset that will be created at `path`, relative to `parent`, for points of this type
    /// and shape. `None` in the shape means that the length may differ from point to point. `storage`
    /// determines whether the chunks and filters are chosen automatically or are declared by the scan.
    ///
    /// # Errors
    /// If elements of the type have no fixed size, or if points have too many dimensions.
    pub fn new(
        parent: Rc<Group>,
        path: &str,
        element: ElementType,
        shape: Vec<Option<u64>>,
        storage: StreamStorage,
        policy: WritePolicy,
        store_queue: StoreQueue,
    ) -> Result<StreamDataset, Error> {
        let spec = DatasetSpec::new(parent, path, element, shape, storage)?;
        let has_filters = (spec.guess()).is_some_and(|it| it.scheme != CompressionScheme::None);
        let points: Box<dyn PointStore> = match spec.grid() {
            Some(scan) if scan.len() > 1 && has_filters => {
                Box::new(CompressedGrid::new(spec, scan, policy, store_queue.clone()))
            }
            Some(scan) if scan.len() != 1 => {
                let written = store_queue.written().clone();
                Box::new(PointGrid::new(spec, scan, policy, written))
            }
            _ => Box::new(PointList::new(spec, policy, store_queue.clone())),
        };
        Ok(StreamDataset {
            points,
            store_queue,
        })
    }

    /// Opens the dataset that an earlier writer created with the same arguments, and continues it at the
    /// index that [`points`](StreamDataset::points) returns. If there is no dataset at `path`, this is
    /// equivalent to [`new`](StreamDataset::new).
    ///
    /// A grid continues at index 0, because the file does not show how many of its points were written.
    /// Points that are [skipped](StreamDataset::skip) keep the value that the earlier writer stored.
    ///
    /// # Errors
    /// As for [`new`](StreamDataset::new), if the existing dataset has another type, shape, chunks or
    /// filters than a new one would have, and if it cannot be read.
    pub fn resume(
        parent: Rc<Group>,
        path: &str,
        element: ElementType,
        shape: Vec<Option<u64>>,
        storage: StreamStorage,
        policy: WritePolicy,
        store_queue: StoreQueue,
    ) -> Result<StreamDataset, Error> {
        let mut dataset =
            StreamDataset::new(parent, path, element, shape, storage, policy, store_queue)?;
        dataset.points.resume()?;
        Ok(dataset)
    }

    /// Returns the path of the dataset, as given.
    pub fn path(&self) -> &str {
        &self.points.spec().path
    }

    /// Returns the number of points so far, including skipped ones. It is the index of the next point.
    pub fn points(&self) -> u64 {
        self.points.points()
    }

    /// Returns the number of points that readers can see after the next flush of the file.
    pub fn visible(&self) -> u64 {
        self.points.visible()
    }

    /// Returns `true` if the dataset exists in the file.
    pub fn exists(&self) -> bool {
        self.points.exists()
    }

    /// Returns `true` if the file holds a dataset that an earlier writer left, and another one will
    /// replace it as soon as there are more points.
    pub fn is_superseded(&self) -> bool {
        self.points.is_superseded()
    }

    /// Adds `count` points from index `first` on. Points between the last one and `first` are skipped.
    ///
    /// `shape` is the shape of each of these points. It may be `None` if no length is variable. `data`
    /// holds their elements in C order, with the bytes that the file should hold. The parts that fill a
    /// whole chunk are not copied. Call [`settle`](StreamDataset::settle) before adding more points.
    ///
    /// # Errors
    /// If the points do not have the declared shape, if `data` does not have their size, if they were
    /// added before, if the dataset has no room for them, and if the dataset cannot be written.
    pub fn append(
        &mut self,
        first: u64,
        count: u64,
        shape: Option<&[u64]>,
        data: Bytes,
    ) -> Result<(), Error> {
        self.points.check()?;
        let (expected, spec) = (self.points(), self.points.spec());
        if first < expected {
            return Err(Error::Order {
                path: spec.path.clone(),
                expected,
                given: first,
            });
        }
        let shape = spec.point_shape(shape)?;
        spec.check_payload(count, &shape, data.len())?;
        self.skip(first - expected)?;
        if count == 0 {
            return Ok(());
        }
        self.check_count(count)?;
        self.check_padding(&shape)?;
        self.points.add(count, Some((&shape, data)))
    }

    /// Adds `count` missing points. They read as NaN if the type has a NaN, otherwise as 0.
    ///
    /// # Errors
    /// If the dataset cannot be written.
    pub fn skip(&mut self, count: u64) -> Result<(), Error> {
        self.points.check()?;
        if count == 0 {
            return Ok(());
        }
        self.check_count(count)?;
        self.check_hole(count)?;
        self.points.add(count, None)
    }

    /// Waits until memory is free for more points.
    ///
    /// # Errors
    /// If the dataset cannot be written.
    pub async fn settle(&mut self) -> Result<(), Error> {
        if self.points.store().is_some() {
            self.store_queue.settle().await;
        }
        self.points.check()
    }

    /// Waits until all full chunks of this dataset are stored.
    pub async fn drain(&self) {
        if let Some(store) = self.points.store() {
            self.store_queue.drain_one(&store).await;
        }
    }

    /// Makes the points so far visible to readers after the next flush of the file. Call this before each
    /// flush. It does nothing in [`WriteMode::Backlog`](super::WriteMode::Backlog), where readers see only
    /// whole chunks.
    ///
    /// The last chunk of a compressed dataset is not made visible in the first half second after the
    /// previous one became full. If it takes long to store, it is not stored again for ten times as long.
    ///
    /// # Errors
    /// If the dataset cannot be written.
    pub fn expose(&mut self) -> Result<(), Error> {
        self.points.expose()
    }

    /// Stores the remaining points and completes the dataset. Returns the number of its points. Without
    /// points there is no dataset.
    ///
    /// # Errors
    /// If the dataset cannot be written.
    pub async fn close(mut self) -> Result<u64, Error> {
        self.points.check()?;
        self.points.finish()?;
        self.drain().await;
        self.points.check()?;
        Ok(self.points())
    }

    /// Refuses points for which those of other shapes would have to be padded to an unreasonable size.
    fn check_padding(&self, shape: &[u64]) -> Result<(), Error> {
        let (present, item) = (self.points.element(), self.points.spec().item());
        let padded: Vec<u64> = present
            .iter()
            .zip(shape)
            .map(|(present, given)| *present.max(given))
            .collect();
        let bytes = point_size(&padded, item);
        let largest = point_size(present, item).max(point_size(shape, item));
        if bytes <= MAX_PADDED_POINT || bytes / MAX_PADDING <= largest {
            return Ok(());
        }
        Err(Error::Padding {
            path: self.path().to_owned(),
            given: shape.to_vec(),
            present: present.to_vec(),
            bytes,
        })
    }

    /// Refuses missing points that take space and time, because the library would not read the fill value of
    /// their type where nothing is written.
    fn check_hole(&self, count: u64) -> Result<(), Error> {
        let spec = self.points.spec();
        let bytes = point_size(self.points.element(), spec.item()).saturating_mul(count);
        if spec.is_sparse() || bytes <= MAX_WRITTEN_HOLE {
            return Ok(());
        }
        Err(Error::Hole {
            path: self.path().to_owned(),
            count,
            bytes,
        })
    }

    fn check_count(&self, count: u64) -> Result<(), Error> {
        match self.points().checked_add(count) {
            Some(_) => Ok(()),
            None => Err(Error::Count {
                path: self.path().to_owned(),
                count,
            }),
        }
    }
}
