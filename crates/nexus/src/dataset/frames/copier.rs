//! Copies the frames in the files of a detector.

use std::rc::Rc;

use bytes::Bytes;

use super::edf::EdfFile;
use super::external::{checked_frame, same_order};
use super::{FrameError, FrameRange, FrameTarget};
use crate::dataset::{Error, StoreQueue, StreamDataset, WritePolicy};
use crate::h5::{self, Dataset, DatasetInfo, DatasetStorage, File, Group};
use crate::tree::{ElementType, StreamStorage};

/// The number of bytes that are read at a time, if a frame is not larger.
const BATCH: u64 = 4 << 20;

/// Copies frames into a dataset.
pub(super) struct FrameCopier {
    /// The dataset of the copies, or `None` when it has been closed.
    dataset: Option<StreamDataset>,
    taken: u64,
}

/// A file of a detector, open for reading.
enum Source {
    /// A dataset in an HDF5 file. The file must stay open as long as the dataset.
    Hdf5 {
        dataset: Dataset,
        _file: File,
    },
    Edf(EdfFile),
}

/// A constructor of [`StreamDataset`].
type Constructor = fn(
    Rc<Group>,
    &str,
    ElementType,
    Vec<Option<u64>>,
    StreamStorage,
    WritePolicy,
    StoreQueue,
) -> Result<StreamDataset, Error>;

impl FrameCopier {
    pub fn new(
        target: &FrameTarget,
        policy: WritePolicy,
        store_queue: StoreQueue,
    ) -> Result<FrameCopier, Error> {
        FrameCopier::create(StreamDataset::new, target, policy, store_queue)
    }

    pub fn resume(
        target: &FrameTarget,
        policy: WritePolicy,
        store_queue: StoreQueue,
    ) -> Result<FrameCopier, Error> {
        FrameCopier::create(StreamDataset::resume, target, policy, store_queue)
    }

    fn create(
        make: Constructor,
        target: &FrameTarget,
        policy: WritePolicy,
        store_queue: StoreQueue,
    ) -> Result<FrameCopier, Error> {
        let shape = target.frame.iter().copied().map(Some).collect();
        let dataset = make(
            target.parent.clone(),
            &target.path,
            target.element.clone(),
            shape,
            target.storage.clone(),
            policy,
            store_queue,
        )?;
        Ok(FrameCopier {
            taken: dataset.points(),
            dataset: Some(dataset),
        })
    }

    /// Returns the number of copies that readers see.
    pub fn visible(&self) -> u64 {
        self.dataset.as_ref().map_or(0, StreamDataset::visible)
    }

    /// Returns the number of copied frames.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Copies these frames, which are the next ones of the scan. Returns the error for the first frame
    /// that may be found later.
    pub async fn take(
        &mut self,
        target: &FrameTarget,
        frames: &[FrameRange],
    ) -> Result<Option<Error>, Error> {
        for frames in frames {
            let before = self.taken;
            let mut source = match Source::open(frames, target) {
                Ok(source) => source,
                Err(problem) => return self.frame_error(problem, frames, target),
            };
            while self.taken - before < frames.count {
                let done = self.taken - before;
                let read = source.read(frames.first + done, frames.count - done, target);
                let (count, bytes) = match read {
                    Ok(read) => read,
                    Err(problem) => return self.frame_error(problem, frames, target),
                };
                if let Some(dataset) = &mut self.dataset {
                    dataset.append(self.taken, count, None, Bytes::from(bytes))?;
                    self.taken += count;
                    dataset.settle().await?;
                }
            }
        }
        Ok(None)
    }

    /// Waits until full chunks are stored.
    pub async fn drain(&self) {
        if let Some(dataset) = &self.dataset {
            dataset.drain().await;
        }
    }

    /// Makes the copies visible to readers. Returns the number of visible frames.
    pub fn expose(&mut self) -> Result<u64, Error> {
        match &mut self.dataset {
            Some(dataset) => dataset.expose().map(|()| dataset.visible()),
            None => Ok(self.taken),
        }
    }

    /// Stores the remaining copies. Returns the number of frames.
    pub async fn close(&mut self) -> Result<u64, Error> {
        match self.dataset.take() {
            Some(dataset) => dataset.close().await,
            None => Ok(self.taken),
        }
    }

    fn frame_error(
        &self,
        problem: FrameError,
        frames: &FrameRange,
        target: &FrameTarget,
    ) -> Result<Option<Error>, Error> {
        let is_temporary = problem.is_temporary();
        let error = target.problem(self.taken, &frames.file, problem);
        if is_temporary {
            Ok(Some(error))
        } else {
            Err(error)
        }
    }
}

impl Source {
    /// Opens a file. It is an HDF5 file if the frames name a dataset.
    fn open(frames: &FrameRange, target: &FrameTarget) -> Result<Source, FrameError> {
        if frames.dataset.is_empty() {
            return EdfFile::open(&frames.file).map(Source::Edf);
        }
        let file = File::open_read(frames.file.as_ref()).map_err(FrameError::Unopened)?;
        let root = file.root().map_err(FrameError::Unopened)?;
        let dataset = root.open_dataset(&frames.dataset);
        let dataset = dataset.map_err(FrameError::Unopened)?;
        let shape = dataset.shape().map_err(FrameError::Hdf5)?;
        if shape.get(1..) != Some(&target.frame[..]) {
            return Err(FrameError::Shape {
                declared: target.frame.clone(),
                found: shape.get(1..).unwrap_or_default().to_vec(),
            });
        }
        Ok(Source::Hdf5 {
            dataset,
            _file: file,
        })
    }

    /// Reads at least one and at most `max_count` frames from `row` on. Returns their number and their bytes.
    fn read(
        &mut self,
        row: u64,
        max_count: u64,
        target: &FrameTarget,
    ) -> Result<(u64, Vec<u8>), FrameError> {
        match self {
            Source::Edf(edf) => {
                let frame = checked_frame(edf.frame(row)?, target, true)?;
                let mut bytes = edf.read(&frame)?;
                if !same_order(&frame.element, &target.element) {
                    let item = frame.element.size().unwrap_or(1);
                    bytes.chunks_exact_mut(item).for_each(<[u8]>::reverse);
                }
                Ok((1, bytes))
            }
            Source::Hdf5 { dataset, .. } => {
                let shape = dataset.shape().map_err(FrameError::Hdf5)?;
                let available = shape.first().map_or(0, |rows| rows.saturating_sub(row));
                if available == 0 {
                    return Err(FrameError::Short);
                }
                let item = target.element.size().unwrap_or(1);
                let size = crate::chunk::point_size(&target.frame, item);
                let count = (BATCH / size.max(1)).clamp(1, max_count.min(available));
                let mut start = vec![0; shape.len()];
                start[0] = row;
                let mut block = shape;
                block[0] = count;
                match dataset.read_block_as(&start, &block, &target.element) {
                    Ok(bytes) => Ok((count, bytes)),
                    Err(error) => Err(unreadable(dataset, error)),
                }
            }
        }
    }
}

/// Returns the error for frames that the library cannot read. The error of the library does not name
/// the filters that it lacks, so this function does.
fn unreadable(dataset: &Dataset, error: h5::Error) -> FrameError {
    let Ok(DatasetInfo {
        storage: DatasetStorage::Chunked { filters, .. },
        ..
    }) = dataset.info()
    else {
        return FrameError::Hdf5(error);
    };
    let own = ["deflate", "shuffle", "fletcher32"];
    let foreign: Vec<String> = filters
        .into_iter()
        .filter(|filter| !own.iter().any(|own| filter.starts_with(own)))
        .collect();
    match foreign.is_empty() {
        true => FrameError::Hdf5(error),
        false => FrameError::Filters(foreign.join(", ")),
    }
}
