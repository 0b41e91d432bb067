//! Copies the frames in the files of a detector.

use std::time::{Duration, Instant};

use nexus::dataset::{FrameTarget, StoreQueue, StreamDataset, WritePolicy};
use nexus::frames::{ExpectedFrames, FrameError, element_name};
use nexus::tree::ElementType;

use super::missing::{MissingFrames, add_missing};
use super::places::{FramePlace, first_frames, skip_frames};
use super::wait::{BATCH_LIMIT, PatientWait, REST_LIMIT};
use crate::inspection::Inspector;
use crate::scan::problem::StreamProblem;

/// Copies frames into a dataset. Frames that are missing are a hole of it.
pub struct FrameCopies {
    target: FrameTarget,
    expected: ExpectedFrames,
    policy: WritePolicy,
    store_queue: StoreQueue,
    /// `None` before the first frame was found, because the dataset gets its type, and after the end.
    dataset: Option<StreamDataset>,
    /// The number of frames that are copied or given up.
    taken: u64,
    missing: Vec<MissingFrames>,
    /// The number of frames in the dataset, once it is closed.
    closed: Option<u64>,
}

impl FrameCopies {
    /// Creates copies. `target` has the announced type. With `is_resumed`, they continue those that an earlier
    /// writer has left.
    ///
    /// # Errors
    /// If the earlier copies cannot be continued.
    pub fn new(
        target: FrameTarget,
        expected: ExpectedFrames,
        policy: WritePolicy,
        store_queue: StoreQueue,
        is_resumed: bool,
    ) -> Result<FrameCopies, StreamProblem> {
        let mut copies = FrameCopies {
            target,
            expected,
            policy,
            store_queue,
            dataset: None,
            taken: 0,
            missing: Vec::new(),
            closed: None,
        };
        if is_resumed {
            copies.resume()?;
        }
        Ok(copies)
    }

    fn resume(&mut self) -> Result<(), StreamProblem> {
        let FrameTarget { parent, path, .. } = &self.target;
        if !parent.resolves(path)? {
            return Ok(());
        }
        let existing = parent.open_dataset(path)?.number_type()?;
        let element = existing.unwrap_or(self.target.element.clone());
        let shape = self.target.frame.iter().copied().map(Some).collect();
        let dataset = StreamDataset::resume(
            parent.clone(),
            path,
            element.clone(),
            shape,
            self.target.storage.clone(),
            self.policy,
            self.store_queue.clone(),
        )?;
        self.taken = dataset.points();
        self.dataset = Some(dataset);
        self.expected.element = Some(element);
        Ok(())
    }

    /// Returns the number of frames that are copied or given up.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Returns the number of frames that readers see.
    pub fn visible(&self) -> u64 {
        let visible = self.dataset.as_ref().map_or(0, StreamDataset::visible);
        self.closed.unwrap_or(visible)
    }

    /// Returns the frames that could not be copied.
    pub fn missing(&self) -> Vec<MissingFrames> {
        self.missing.clone()
    }

    /// Returns a text that says how the type of the frames differs from what was announced, if it does.
    pub fn type_difference(&self) -> Option<String> {
        let (found, announced) = (self.expected.element.as_ref()?, &self.target.element);
        let [found, announced] = [found, announced].map(|element| element_name(Some(element)));
        (found != announced).then(|| {
            format!("frames of type {found} in the files, where {announced} was announced")
        })
    }

    /// Copies frames until `deadline`. `places` are those of all frames so far. Waits at most `limit` for each
    /// file. Returns why the next frame cannot be copied, if that is so.
    ///
    /// # Errors
    /// If the copies cannot be stored.
    pub async fn copy(
        &mut self,
        places: &[FramePlace],
        inspector: &Inspector,
        limit: Duration,
        deadline: Option<Instant>,
    ) -> Result<Option<FrameError>, StreamProblem> {
        for place in skip_frames(places, self.taken) {
            if let Some(error) = place.unusable {
                return Ok(Some(error));
            }
            let mut frames = match inspector
                .read(&self.expected, place.range, limit, BATCH_LIMIT)
                .await
            {
                Ok(frames) => frames,
                Err(error) => return Ok(Some(error)),
            };
            self.begin(frames.element(), frames.shape())?;
            loop {
                let (count, bytes) = match frames.next_batch().await {
                    Ok(Some(batch)) => batch,
                    Ok(None) => break,
                    Err(error) => return Ok(Some(error)),
                };
                if let Some(dataset) = &mut self.dataset {
                    dataset.append(self.taken, count, None, bytes)?;
                    self.taken += count;
                    dataset.settle().await?;
                }
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    /// Copies frames up to the first one that is missing, and waits some seconds for it. Returns `true` if all are
    /// copied.
    ///
    /// # Errors
    /// If the copies cannot be stored.
    pub async fn copy_to_gap(
        &mut self,
        places: &[FramePlace],
        inspector: &Inspector,
    ) -> Result<bool, StreamProblem> {
        let mut wait = PatientWait::default();
        loop {
            match self.copy(places, inspector, REST_LIMIT, None).await? {
                None => return Ok(true),
                Some(error) if wait.goes_on(self.taken, &error).await => {}
                Some(_) => return Ok(false),
            }
        }
    }

    /// Copies all other frames that are there. The record of the scan must list the missing ones before.
    ///
    /// # Errors
    /// If the copies cannot be stored.
    pub async fn copy_rest(
        &mut self,
        places: &[FramePlace],
        inspector: &Inspector,
    ) -> Result<(), StreamProblem> {
        let mut silence = None;
        while let Some(place) = skip_frames(places, self.taken).into_iter().next() {
            let mut through = self.taken + place.range.count;
            let error = match &silence {
                Some(error) => Some(FrameError::clone(error)),
                None => {
                    let places = first_frames(places, through);
                    self.copy(&places, inspector, REST_LIMIT, None).await?
                }
            };
            if let Some(error) = error {
                match error {
                    FrameError::NoAnswer(_) => silence = Some(error.clone()),
                    // Only this frame is damaged.
                    FrameError::Hdf5(_) => through = self.taken + 1,
                    _ => {}
                }
                self.give_up(through, place.range.file, error)?;
            }
        }
        Ok(())
    }

    /// Makes the frames before `end` a hole.
    fn give_up(&mut self, end: u64, file: String, error: FrameError) -> Result<(), StreamProblem> {
        let first = std::mem::replace(&mut self.taken, end);
        if let Some(dataset) = &mut self.dataset {
            dataset.skip(end - first)?;
        }
        add_missing(
            &mut self.missing,
            MissingFrames {
                first,
                end,
                file,
                error,
            },
        );
        Ok(())
    }

    /// Begins the dataset, which gets the type of the first frame.
    fn begin(&mut self, element: &ElementType, shape: &[u64]) -> Result<(), StreamProblem> {
        if self.dataset.is_some() {
            return Ok(());
        }
        let mut dataset = StreamDataset::new(
            self.target.parent.clone(),
            &self.target.path,
            element.clone(),
            shape.iter().copied().map(Some).collect(),
            self.target.storage.clone(),
            self.policy,
            self.store_queue.clone(),
        )?;
        if self.taken > 0 {
            dataset.skip(self.taken)?;
        }
        self.dataset = Some(dataset);
        self.expected.element = Some(element.clone());
        self.expected.shape = Some(shape.iter().copied().map(Some).collect());
        Ok(())
    }

    /// Waits until full chunks are in the file.
    pub async fn drain(&self) {
        if let Some(dataset) = &self.dataset {
            dataset.drain().await;
        }
    }

    /// Makes the copies visible to readers.
    ///
    /// # Errors
    /// If they cannot be stored.
    pub fn expose(&mut self) -> Result<(), StreamProblem> {
        if let Some(dataset) = &mut self.dataset {
            dataset.expose()?;
        }
        Ok(())
    }

    /// Stores the rest of the copies.
    ///
    /// # Errors
    /// If they cannot be stored.
    pub async fn close(&mut self) -> Result<(), StreamProblem> {
        if let Some(dataset) = self.dataset.take() {
            self.closed = Some(dataset.close().await?);
        }
        Ok(())
    }
}
