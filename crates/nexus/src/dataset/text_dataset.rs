//! The dataset of one stream of texts.

mod stored;

use std::rc::Rc;
use std::time::{Duration, Instant};

use observation::{Hdf5Stage, WrittenBytes};

use super::{Error, WriteMode, WritePolicy};
use crate::chunk::{MAX_RANK, guess};
use crate::h5::{self, Group};
use crate::tree::{DeclaredStorage, StreamStorage, Value};
use stored::StoredTexts;

/// The size of an element in a chunk, which refers to the text. The chunks of a list are chosen by it.
const REFERENCE: usize = 16;

/// The shortest time between two writes for readers. After each flush, what the texts have left of a collection of
/// 4 KiB in the file is filled.
const WRITE_INTERVAL: Duration = Duration::from_secs(3);

/// The dataset of one stream of texts, at one path of a file, that is filled point by point.
///
/// The texts are of variable length and in UTF-8. The HDF5 library puts them into collections beside the dataset, and
/// its chunks refer to them. They have no filters: a chunk with filters would have to move whenever points are added.
///
/// It belongs to the thread that calls HDF5. After an error of HDF5 every call returns that error. After other errors
/// the rejected points are not stored, and more points may be added.
pub struct TextDataset {
    target: TextTarget,
    policy: WritePolicy,
    written_bytes: WrittenBytes,
    /// The largest length of a point so far, in each dimension.
    element: Vec<u64>,
    points: u64,
    /// The number of points that are written.
    visible: u64,
    waiting: Vec<TextRun>,
    /// The size of the texts that wait.
    waiting_bytes: u64,
    written: Option<Instant>,
    stored: StoredTexts,
    failed: Option<Error>,
}

/// Where the dataset is, and what is known of it before the first point.
struct TextTarget {
    parent: Rc<Group>,
    path: String,
    /// The shape of the scan: one length for a list, several for a grid, none for a single point. Unknown lengths
    /// are 0.
    scan: Vec<u64>,
    /// The extent of a chunk, which is empty for a single text.
    chunk: Vec<u64>,
}

/// Consecutive points of the same shape.
struct TextRun {
    first: u64,
    count: u64,
    shape: Vec<u64>,
    texts: Vec<String>,
}

impl TextTarget {
    fn failure(&self, action: &'static str, source: h5::Error) -> Error {
        Error::Hdf5 {
            path: self.path.clone(),
            action,
            source,
        }
    }

    fn mismatch(&self, reason: String) -> Error {
        Error::Mismatch {
            path: self.path.clone(),
            reason,
        }
    }
}

impl TextDataset {
    /// Returns a dataset that will be created at `path`, relative to `parent`, for points of this shape, which is empty
    /// if a point is one text. If the scan declares the storage, its shape and its chunks count, and its filters do not.
    ///
    /// # Errors
    /// If points have too many dimensions.
    pub fn new(
        parent: Rc<Group>,
        path: &str,
        shape: Vec<u64>,
        storage: StreamStorage,
        policy: WritePolicy,
        written_bytes: WrittenBytes,
    ) -> Result<TextDataset, Error> {
        let DeclaredStorage { mut scan, chunks } = match storage {
            StreamStorage::Declared(declared) => declared,
            StreamStorage::Automatic => DeclaredStorage {
                scan: vec![0],
                ..DeclaredStorage::default()
            },
        };
        let path = path.to_owned();
        if scan.len() + shape.len() > MAX_RANK {
            let rank = shape.len();
            return Err(Error::Rank { path, rank });
        }
        let lengths: Vec<_> = shape.iter().copied().map(Some).collect();
        let chunk = guess(&scan, &lengths, REFERENCE, &chunks).chunk;
        // A list grows with its points, and only the first length of a grid may be unknown.
        match scan.as_mut_slice() {
            [list] => *list = 0,
            grid => grid
                .iter_mut()
                .skip(1)
                .for_each(|length| *length = (*length).max(1)),
        }
        Ok(TextDataset {
            target: TextTarget {
                parent,
                path,
                scan,
                chunk,
            },
            policy,
            written_bytes,
            element: shape,
            points: 0,
            visible: 0,
            waiting: Vec::new(),
            waiting_bytes: 0,
            written: None,
            stored: StoredTexts::Nothing,
            failed: None,
        })
    }

    /// Opens the dataset that an earlier writer created with the same arguments, and continues it at the index that
    /// [`points`](TextDataset::points) returns. If there is no dataset at `path`, this is equivalent to
    /// [`new`](TextDataset::new).
    ///
    /// A grid continues at index 0, because the file does not show how many of its points were written.
    ///
    /// # Errors
    /// As for [`new`](TextDataset::new), if the existing dataset is another than a new one would be, and if it cannot
    /// be read.
    pub fn resume(
        parent: Rc<Group>,
        path: &str,
        shape: Vec<u64>,
        storage: StreamStorage,
        policy: WritePolicy,
        written_bytes: WrittenBytes,
    ) -> Result<TextDataset, Error> {
        let mut dataset = TextDataset::new(parent, path, shape, storage, policy, written_bytes)?;
        dataset.stored = StoredTexts::find(&dataset.target, dataset.element.len())?;
        if let StoredTexts::Array { extent, .. } = &dataset.stored {
            let (scan, element) = extent.split_at(dataset.target.scan.len());
            for (largest, length) in dataset.element.iter_mut().zip(element) {
                *largest = (*largest).max(*length);
            }
            if let [points] = scan {
                dataset.points = *points;
                dataset.visible = *points;
            }
        }
        Ok(dataset)
    }

    /// Returns the number of points so far, including skipped ones. It is the index of the next point.
    pub fn points(&self) -> u64 {
        self.points
    }

    /// Returns the number of points that readers can see after the next flush of the file.
    pub fn visible(&self) -> u64 {
        self.visible
    }

    /// Adds `count` points from index `first` on, each of this shape. Points between the last one and `first` are
    /// skipped. `texts` are their elements in C order.
    ///
    /// # Errors
    /// If a point has another number of dimensions than was declared, if there are more or fewer texts than the points
    /// have elements, if points were added before, if the dataset has no room for them, and if it cannot be written.
    pub fn append(
        &mut self,
        first: u64,
        count: u64,
        shape: &[u64],
        texts: Vec<String>,
    ) -> Result<(), Error> {
        self.check()?;
        self.check_points(first, count, shape, texts.len())?;
        self.skip(first - self.points)?;
        let room = self.room(count);
        if room > 0 {
            for (largest, length) in self.element.iter_mut().zip(shape) {
                *largest = (*largest).max(*length);
            }
            let bytes = texts.iter().map(|text| text.len() + REFERENCE);
            self.waiting_bytes += bytes.sum::<usize>() as u64;
            self.waiting.push(TextRun {
                first: self.points,
                count: room,
                shape: shape.to_vec(),
                texts,
            });
            self.points += room;
        }
        if self.waiting_bytes > self.policy.chunk {
            self.write()?;
        }
        self.check_room(count - room)
    }

    /// Adds `count` missing points, which read as empty texts.
    ///
    /// # Errors
    /// If the dataset has no room for them.
    pub fn skip(&mut self, count: u64) -> Result<(), Error> {
        self.check()?;
        let room = self.room(count);
        self.points += room;
        self.check_room(count - room)
    }

    /// Makes the points so far visible to readers after the next flush of the file, but not more often than every 3 s.
    /// Does nothing in [`WriteMode::Backlog`].
    ///
    /// # Errors
    /// If the dataset cannot be written.
    pub fn expose(&mut self) -> Result<(), Error> {
        self.check()?;
        let is_recent = self.written.is_some_and(|at| at.elapsed() < WRITE_INTERVAL);
        match self.policy.mode == WriteMode::Backlog || is_recent {
            true => Ok(()),
            false => self.write(),
        }
    }

    /// Stores the remaining points and completes the dataset. Returns the number of its points. Without points there
    /// is no dataset.
    ///
    /// # Errors
    /// If the dataset cannot be written.
    pub fn close(mut self) -> Result<u64, Error> {
        self.check()?;
        self.write()?;
        Ok(self.points)
    }

    fn check(&self) -> Result<(), Error> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn check_points(
        &self,
        first: u64,
        count: u64,
        shape: &[u64],
        given: usize,
    ) -> Result<(), Error> {
        let path = || self.target.path.clone();
        if first < self.points {
            return Err(Error::Order {
                path: path(),
                expected: self.points,
                given: first,
            });
        }
        if shape.len() != self.element.len() {
            return Err(Error::Shape {
                path: path(),
                declared: self.element.iter().copied().map(Some).collect(),
                given: Some(shape.to_vec()),
            });
        }
        let elements = shape
            .iter()
            .try_fold(count, |all, length| all.checked_mul(*length));
        match elements == Some(given as u64) {
            true => Ok(()),
            false => Err(Error::Texts {
                path: path(),
                count,
                shape: shape.to_vec(),
                given,
            }),
        }
    }

    /// Returns how many of `count` more points the dataset has room for.
    fn room(&self, count: u64) -> u64 {
        let room = match self.target.scan.is_empty() {
            true => 1u64.saturating_sub(self.points),
            false => u64::MAX - self.points,
        };
        room.min(count)
    }

    /// Reports points for which there is no room.
    fn check_room(&self, surplus: u64) -> Result<(), Error> {
        let path = || self.target.path.clone();
        match (surplus, self.target.scan.is_empty()) {
            (0, _) => Ok(()),
            (count, true) => Err(Error::Single {
                path: path(),
                count,
            }),
            (count, false) => Err(Error::Count {
                path: path(),
                count,
            }),
        }
    }

    /// Writes the waiting points. After an error nothing is written any more.
    fn write(&mut self) -> Result<(), Error> {
        if self.visible == self.points && self.waiting.is_empty() {
            return Ok(());
        }
        let runs = std::mem::take(&mut self.waiting);
        let bytes = std::mem::take(&mut self.waiting_bytes);
        let stopwatch = self.written_bytes.observation().stopwatch();
        let stored = self
            .stored
            .write(&self.target, self.points, &self.element, runs);
        let hdf5 = &self.written_bytes.observation().hdf5;
        hdf5.finished(Hdf5Stage::Write, stopwatch);
        self.written_bytes.add(bytes);
        if let Err(error) = stored {
            return Err(self.failed.insert(error).clone());
        }
        self.visible = self.points;
        self.written = Some(Instant::now());
        Ok(())
    }
}

/// Returns a value of these texts.
fn value(shape: Vec<u64>, texts: Vec<String>) -> Value {
    Value::Texts { shape, texts }
}
