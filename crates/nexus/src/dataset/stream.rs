//! The growing dataset of one stream.

mod deal;

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::outbox::Work;
use super::place::Place;
use super::store::Store;
use super::{Error, Mode, Outbox, Policy};
use crate::chunk::{Slab, live_chunk, point_size, sealed_chunk};
use crate::h5::Group;
use crate::tree::{ElementType, Storage};

/// Bytes below which a dataset that has ended is contiguous, without filters, as in the files of
/// blisswriter.
const CONTIGUOUS: u64 = 1 << 20;

/// How long readers may wait for the points of a chunk that is not full.
const SOON: Duration = Duration::from_millis(500);

/// The dataset of one stream at one place of a file, growing point by point.
///
/// Nothing exists in the file until it is known how to store the points: a full chunk has come, or
/// it is time to show something, or the stream has ended. All calls, HDF5 and so this type, belong
/// to one thread. None of them waits, but [`settle`](StreamDataset::settle) and
/// [`close`](StreamDataset::close).
///
/// After an error of HDF5 every call gives that error. After others the points in question are left
/// out, and the stream may go on.
pub struct StreamDataset {
    place: Place,
    policy: Policy,
    outbox: Outbox,
    /// Points that came or were skipped.
    points: u64,
    /// Largest shape of a point up to now.
    element: Vec<u64>,
    /// Time of the first point.
    since: Option<Instant>,
    store: Option<Rc<Store>>,
    /// Points that wait for the rest of their chunks.
    slab: Slab,
    /// Points of the present chunk that are stored already and not in the slab.
    before: u64,
    /// Points of the slab that readers can see.
    exposed: u64,
    /// When the last chunk was filled, or the first one begun.
    filled: Option<Instant>,
    /// Bytes of the last slab.
    usual: usize,
    failed: Option<Error>,
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
        storage: Storage,
        policy: Policy,
        outbox: Outbox,
    ) -> Result<StreamDataset, Error> {
        let place = Place::new(parent, path, element, shape, storage)?;
        let element = place.shape.iter().map(|length| length.unwrap_or(0));
        Ok(StreamDataset {
            element: element.collect(),
            place,
            policy,
            outbox,
            points: 0,
            since: None,
            store: None,
            slab: Slab::new(),
            before: 0,
            exposed: 0,
            filled: None,
            usual: 0,
            failed: None,
        })
    }

    /// Path of the dataset, as given.
    pub fn path(&self) -> &str {
        &self.place.path
    }

    /// Number of points up to now, with those that were skipped: the index of the next one.
    pub fn points(&self) -> u64 {
        self.points
    }

    /// Number of points that readers can see after the next flush of the file.
    pub fn visible(&self) -> u64 {
        self.store
            .as_ref()
            .map_or(0, |store| store.extent.borrow()[0])
    }

    /// Whether the dataset exists in the file.
    pub fn exists(&self) -> bool {
        self.store.is_some()
    }

    /// Adds `count` points from index `first` on. Points that are missing before are skipped.
    ///
    /// `shape` is that of each of these points; it may be left out when no length is variable.
    /// `data` are their elements in C order, as they shall be in the file. They are kept without a
    /// copy where they fill chunks; call [`settle`](StreamDataset::settle) before adding more.
    ///
    /// # Errors
    /// If the points do not fit the declared shape or their number of bytes, if they came already,
    /// and when the dataset cannot be written.
    pub fn append(
        &mut self,
        first: u64,
        count: u64,
        shape: Option<&[u64]>,
        data: Bytes,
    ) -> Result<(), Error> {
        self.check()?;
        if first < self.points {
            return Err(Error::Order {
                path: self.place.path.clone(),
                expected: self.points,
                given: first,
            });
        }
        let shape = self.place.point_shape(shape)?;
        self.place.check_payload(count, &shape, data.len())?;
        if first > self.points {
            self.skip(first - self.points)?;
        }
        if count == 0 {
            return Ok(());
        }
        self.check_count(count)?;
        for (largest, length) in self.element.iter_mut().zip(shape.iter()) {
            *largest = (*largest).max(*length);
        }
        self.add(count, Some((&shape, data)))
    }

    /// Adds `count` points that never came. They read as NaN if the type has it, else as 0.
    ///
    /// # Errors
    /// When the dataset cannot be written.
    pub fn skip(&mut self, count: u64) -> Result<(), Error> {
        self.check()?;
        if count == 0 {
            return Ok(());
        }
        self.check_count(count)?;
        self.add(count, None)
    }

    /// Waits until memory is free for more points.
    ///
    /// # Errors
    /// When the dataset cannot be written.
    pub async fn settle(&mut self) -> Result<(), Error> {
        self.outbox.settle().await;
        self.check()
    }

    /// Waits until the chunks that are full are stored, however busy other datasets are.
    pub async fn drain(&self) {
        if let Some(store) = self.store.clone() {
            self.outbox.drain_one(&store).await;
        }
    }

    /// Lets readers see the points that have come, from the next flush of the file on; to be called
    /// before each flush. Does nothing in [`Mode::Backlog`], where they see whole chunks.
    ///
    /// The last chunk of a compressed dataset is left out while it fills up within half a second.
    ///
    /// # Errors
    /// When the dataset cannot be written.
    pub fn expose(&mut self) -> Result<(), Error> {
        self.outbox.advance();
        self.check()?;
        if self.policy.mode == Mode::Backlog {
            return Ok(());
        }
        if self.store.is_none() {
            let elapsed = self.since.map(|since| since.elapsed()).unwrap_or_default();
            let (item, target) = (self.place.item(), self.policy.chunk);
            match live_chunk(&self.element, item, target, self.points, elapsed) {
                Some((chunk, filtered)) if self.points > 0 => self.create(chunk, filtered)?,
                _ => return Ok(()),
            }
        }
        let Some(store) = self.store.clone() else {
            return Ok(());
        };
        // A chunk that will be compressed is better not shown before it is full, if that is soon.
        let soon = store.filtered && self.filled.is_some_and(|filled| filled.elapsed() < SOON);
        // Rows are only shown behind rows that are stored.
        if soon || store.pending.get() > 0 {
            return Ok(());
        }
        if self.slab.rows() == self.exposed {
            return Ok(());
        }
        if self.before > 0 {
            self.post(Work::Blocks);
        } else {
            let (slab, element) = (&self.slab, &self.element);
            let first = self.points - slab.rows();
            self.outbox
                .with_scratch(|scratch| store.raw(first, slab, element, scratch));
            self.exposed = slab.rows();
        }
        self.check()
    }

    /// Stores what is left and ends the dataset. Gives the number of its points: with none there is
    /// no dataset.
    ///
    /// # Errors
    /// When the dataset cannot be written.
    pub async fn close(mut self) -> Result<u64, Error> {
        self.check()?;
        if self.points == 0 {
            return Ok(0);
        }
        if self.store.is_none() {
            let point = point_size(&self.element, self.place.item());
            let chunk = sealed_chunk(&self.element, self.place.item(), self.policy.chunk);
            match chunk {
                Some(chunk) if point.saturating_mul(self.points) >= CONTIGUOUS => {
                    self.create(chunk, true)?;
                }
                _ => {
                    self.place
                        .create_contiguous(&self.slab, self.points, &self.element)?;
                    return Ok(self.points);
                }
            }
        }
        let Some(store) = self.store.clone() else {
            return Ok(self.points);
        };
        // What readers saw of the last chunk was not compressed.
        if self.slab.rows() > self.exposed || (store.filtered && !self.slab.is_empty()) {
            self.post_slab(&store);
        }
        self.outbox.drain_one(&store).await;
        store.check()?;
        Ok(self.points)
    }

    fn check_count(&self, count: u64) -> Result<(), Error> {
        match self.points.checked_add(count) {
            Some(_) => Ok(()),
            None => Err(Error::Count {
                path: self.place.path.clone(),
                count,
            }),
        }
    }

    fn check(&self) -> Result<(), Error> {
        match (&self.failed, &self.store) {
            (Some(error), _) => Err(error.clone()),
            (None, Some(store)) => store.check(),
            (None, None) => Ok(()),
        }
    }
}
