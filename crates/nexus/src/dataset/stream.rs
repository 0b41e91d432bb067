//! The dataset of one stream.

use std::rc::Rc;

use bytes::Bytes;

use super::chunked_dataset::ChunkedDataset;
use super::point_grid::PointGrid;
use super::point_list::PointList;
use super::spec::DatasetSpec;
use super::{Error, StoreQueue, WritePolicy};
use crate::h5::Group;
use crate::tree::{ElementType, StreamStorage};

/// The dataset of one stream at one place of a file, filled point by point.
///
/// All calls, HDF5 and so this type, belong to one thread. None of them waits, but
/// [`settle`](StreamDataset::settle), [`drain`](StreamDataset::drain) and
/// [`close`](StreamDataset::close).
///
/// After an error of HDF5 every call returns that error. After others the points in question are left
/// out, and the stream may go on.
pub struct StreamDataset {
    points: Box<dyn PointStore>,
    store_queue: StoreQueue,
}

/// How the points of a stream are arranged in its dataset: one after the other, or in a grid.
pub(super) trait PointStore {
    /// What was known of the dataset before there were any points.
    fn spec(&self) -> &DatasetSpec;

    /// Continues the dataset that is in the file, if there is one.
    fn resume(&mut self) -> Result<(), Error>;

    /// Number of points up to now, with those that are missing.
    fn points(&self) -> u64;

    /// Number of points that readers can see after the next flush of the file.
    fn visible(&self) -> u64;

    /// Whether the dataset exists in the file.
    fn exists(&self) -> bool;

    /// Whether another dataset will take the place of the one that is there.
    fn is_superseded(&self) -> bool {
        false
    }

    /// The chunked dataset that slabs are on their way to, if there is one.
    fn store(&self) -> Option<Rc<ChunkedDataset>> {
        None
    }

    /// Adds points, or missing points if there are no data. The caller has checked their shape and
    /// number.
    fn add(&mut self, count: u64, data: Option<(&[u64], Bytes)>) -> Result<(), Error>;

    /// Lets readers see the points that have come.
    fn expose(&mut self) -> Result<(), Error>;

    /// Stores what is left, or posts it to the queue.
    fn finish(&mut self) -> Result<(), Error>;

    /// Returns the failure after which nothing is stored any more, if there was one.
    fn check(&self) -> Result<(), Error>;
}

impl StreamDataset {
    /// A dataset to be made at `path`, relative to `parent`, for points of this type and shape.
    /// `None` in the shape stands for a length that may differ from point to point. `storage` says
    /// whether chunks and filters are chosen here or were declared.
    ///
    /// # Errors
    /// If elements of the type have no fixed size, or points too many dimensions.
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
        let grid = spec.declared().map(|declared| declared.scan.clone());
        let points: Box<dyn PointStore> = match grid {
            Some(scan) if scan.len() != 1 => {
                let observation = store_queue.observation().clone();
                Box::new(PointGrid::new(spec, scan, policy, observation))
            }
            _ => Box::new(PointList::new(spec, policy, store_queue.clone())),
        };
        Ok(StreamDataset {
            points,
            store_queue,
        })
    }

    /// The dataset that an earlier writer has begun with the same arguments, to go on with: its
    /// [`points`](StreamDataset::points) tell the index of the next one. If there is none at `path`,
    /// it is made as with [`new`](StreamDataset::new).
    ///
    /// A grid starts again at index 0: the file does not show how many of its points came. Points that are
    /// [skipped](StreamDataset::skip) keep the value that they have there.
    ///
    /// # Errors
    /// As for [`new`](StreamDataset::new), and if what is there has another type, shape, chunks or filters than what would be
    /// made, and when it cannot be read.
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

    /// Path of the dataset, as given.
    pub fn path(&self) -> &str {
        &self.points.spec().path
    }

    /// Number of points up to now, with those that were skipped: the index of the next one.
    pub fn points(&self) -> u64 {
        self.points.points()
    }

    /// Number of points that readers can see after the next flush of the file.
    pub fn visible(&self) -> u64 {
        self.points.visible()
    }

    /// Whether the dataset exists in the file.
    pub fn exists(&self) -> bool {
        self.points.exists()
    }

    /// Whether the dataset is one of an earlier writer that another is going to replace as soon as
    /// there are more points.
    pub fn is_superseded(&self) -> bool {
        self.points.is_superseded()
    }

    /// Adds `count` points from index `first` on. Points that are missing before are skipped.
    ///
    /// `shape` is that of each of these points; it may be left out when no length is variable.
    /// `data` are their elements in C order, as they shall be in the file. They are kept without a
    /// copy where they fill chunks; call [`settle`](StreamDataset::settle) before adding more.
    ///
    /// # Errors
    /// If the points do not fit the declared shape or their number of bytes, if they came already,
    /// if there is no room for them, and when the dataset cannot be written.
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
        self.points.add(count, Some((&shape, data)))
    }

    /// Adds `count` points that never came. They read as NaN if the type has it, else as 0.
    ///
    /// # Errors
    /// When the dataset cannot be written.
    pub fn skip(&mut self, count: u64) -> Result<(), Error> {
        self.points.check()?;
        if count == 0 {
            return Ok(());
        }
        self.check_count(count)?;
        self.points.add(count, None)
    }

    /// Waits until memory is free for more points.
    ///
    /// # Errors
    /// When the dataset cannot be written.
    pub async fn settle(&mut self) -> Result<(), Error> {
        if self.points.store().is_some() {
            self.store_queue.settle().await;
        }
        self.points.check()
    }

    /// Waits until the chunks that are full are stored, however busy other datasets are.
    pub async fn drain(&self) {
        if let Some(store) = self.points.store() {
            self.store_queue.drain_one(&store).await;
        }
    }

    /// Lets readers see the points that have come, from the next flush of the file on; to be called
    /// before each flush. Does nothing in [`WriteMode::Backlog`](super::WriteMode::Backlog), where they see
    /// whole chunks.
    ///
    /// The last chunk of a compressed dataset is left out while it fills up within half a second,
    /// and for as long as it takes too much time to show it.
    ///
    /// # Errors
    /// When the dataset cannot be written.
    pub fn expose(&mut self) -> Result<(), Error> {
        self.points.expose()
    }

    /// Stores what is left and ends the dataset. Returns the number of its points: with none there is
    /// no dataset.
    ///
    /// # Errors
    /// When the dataset cannot be written.
    pub async fn close(mut self) -> Result<u64, Error> {
        self.points.check()?;
        self.points.finish()?;
        self.drain().await;
        self.points.check()?;
        Ok(self.points())
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
