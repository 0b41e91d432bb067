//! Writes the data of one stream into one dataset of a file.

mod content;
mod frames;
mod resume;
mod stored;

use std::borrow::Cow;

use nexus::dataset::{FrameOptions, StreamDataset, TextDataset, link_frames};
use nexus::h5::Link;
use nexus::tree::{NamedList, StreamStorage, Value};

pub use stored::StoredPoints;

use super::diagnostics::Diagnostics;
use super::file::ScanFile;
use super::frame_writer::{FrameWriter, MissingFrames};
use super::problem::{ScanProblem, StreamProblem};
use super::tally::Tally;
use crate::layout::StreamDestination;
use crate::report::DatasetCounter;
use crate::source::{Block, SourceEvent, TextBlock};
use crate::writer_thread::WriterContext;

/// Largest hole, in points, that is filled. A larger one is taken for an error in the indices of the
/// stream.
const MAX_HOLE: u64 = 1 << 24;

/// One dataset, or link, of a stream in one file of the scan.
pub struct DatasetWriter {
    /// Index of the file.
    pub file: usize,
    /// Absolute path of the dataset or link.
    pub path: String,
    /// Name of the stream.
    pub stream: String,
    /// Counts its points.
    pub tally: Tally,
    /// Shows observers how many points have been received.
    counter: DatasetCounter,
    /// Attributes that are written as soon as the dataset exists.
    attributes: NamedList<Value>,
    /// How the points of a stream are stored.
    storage: StreamStorage,
    /// How frames in files of a detector are stored.
    frames: FrameOptions,
    has_attributes: bool,
    /// Points or frames that readers can see.
    visible: u64,
    /// No more data are accepted, because something went wrong. Accepted data are still written.
    stopped: bool,
    content: DatasetContent,
}

enum DatasetContent {
    /// The stream is not known yet.
    Waiting,
    /// Points of numbers.
    Points(Box<StreamDataset>),
    /// Points of texts.
    Texts(Box<TextDataset>),
    /// Frames in files of a detector.
    Frames(Box<FrameWriter>),
    /// One link to the master file of a detector.
    MasterFile {
        file: String,
        dataset: String,
        announced: bool,
        /// The frames that are not there, once they were looked for.
        missing: Vec<MissingFrames>,
    },
    /// Everything is written. `filled` if there was anything to write.
    Finished { filled: bool },
}

impl DatasetWriter {
    /// Creates a dataset that waits for its stream.
    pub fn new(file: usize, dataset: StreamDestination, counter: DatasetCounter) -> DatasetWriter {
        DatasetWriter {
            file,
            path: dataset.path,
            stream: dataset.stream,
            tally: Tally::default(),
            counter,
            attributes: dataset.attributes,
            storage: dataset.storage,
            frames: dataset.frames,
            has_attributes: false,
            visible: 0,
            stopped: false,
            content: DatasetContent::Waiting,
        }
    }

    /// Returns `true` if readers can see data, or will after the next flush.
    pub fn is_stored(&self) -> bool {
        self.visible > 0 || self.is_filled()
    }

    /// Returns the number of points in the file: at least that many, until the dataset is finished.
    pub fn written(&self) -> u64 {
        self.tally.written.max(self.visible)
    }

    /// Returns `true` if the scan has not declared the stream.
    pub fn is_waiting(&self) -> bool {
        matches!(self.content, DatasetContent::Waiting)
    }

    /// Returns `true` if the dataset is finished and not empty.
    pub fn is_filled(&self) -> bool {
        matches!(self.content, DatasetContent::Finished { filled: true })
    }

    /// Handles an event of the stream.
    pub async fn take(
        &mut self,
        event: &SourceEvent,
        file: &ScanFile,
        context: &WriterContext,
        diagnostics: &mut Diagnostics,
    ) {
        let event = match file.partial {
            Some(_) => self.skip_existing(event),
            None => Some(Cow::Borrowed(event)),
        };
        let Some(event) = event.as_deref() else {
            return;
        };
        self.update_tally(event);
        let ends = matches!(event, SourceEvent::End { .. });
        if self.stopped && !ends {
            return;
        }
        let taken = match (&mut self.content, event) {
            (DatasetContent::Points(dataset), SourceEvent::Points(block)) => {
                append(dataset, block, &self.counter).await
            }
            (DatasetContent::Texts(dataset), SourceEvent::Texts(block)) => {
                append_texts(dataset, block, &self.counter)
            }
            (
                DatasetContent::Points(_) | DatasetContent::Texts(_),
                SourceEvent::Lost { count, .. },
            ) if *count > MAX_HOLE => Err(StreamProblem::HoleTooLarge { points: *count }),
            (DatasetContent::Points(dataset), SourceEvent::Lost { count, .. }) => {
                dataset.skip(*count).map_err(StreamProblem::from)
            }
            (DatasetContent::Texts(dataset), SourceEvent::Lost { count, .. }) => {
                dataset.skip(*count).map_err(StreamProblem::from)
            }
            (
                DatasetContent::Frames(frames),
                SourceEvent::Frames {
                    acquired, saved, ..
                },
            ) => frames.take(*acquired, *saved, &self.counter),
            // Its files are looked at when all streams have ended, so that none of them waits for it.
            (DatasetContent::Frames(frames), SourceEvent::End { .. }) => {
                frames.end();
                Ok(())
            }
            (
                DatasetContent::MasterFile { announced, .. },
                SourceEvent::Frames { acquired, .. },
            ) => {
                *announced |= *acquired > 0;
                Ok(())
            }
            (DatasetContent::MasterFile { .. }, SourceEvent::End { .. }) => Ok(()),
            (_, SourceEvent::End { .. }) => {
                self.finish(file, diagnostics).await;
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(problem) = taken {
            self.fail(problem, diagnostics);
        }
        context.store_queue.advance();
    }

    fn update_tally(&mut self, event: &SourceEvent) {
        match event {
            SourceEvent::Points(block) => self.tally.received += block.count,
            SourceEvent::Texts(block) => self.tally.received += block.count,
            SourceEvent::Lost { first, count, .. } => self.tally.add_hole(*first, *count),
            SourceEvent::Frames { acquired, .. } => {
                self.tally.received = self.tally.received.max(*acquired);
            }
            SourceEvent::End { total, sealed, .. } => {
                let has_points = matches!(
                    self.content,
                    DatasetContent::Points(_) | DatasetContent::Texts(_)
                );
                let total = if has_points {
                    *total
                } else {
                    self.tally.received
                };
                self.tally.expected = sealed.then_some(total);
            }
            _ => {}
        }
    }

    /// Waits until full chunks are in the file.
    pub async fn drain(&self) {
        match &self.content {
            DatasetContent::Points(dataset) => dataset.drain().await,
            DatasetContent::Frames(frames) => frames.drain().await,
            DatasetContent::Texts(_)
            | DatasetContent::MasterFile { .. }
            | DatasetContent::Waiting
            | DatasetContent::Finished { .. } => {}
        }
    }

    /// Makes received data visible to readers, from the next flush on.
    pub fn expose(&mut self, file: &ScanFile, diagnostics: &mut Diagnostics) {
        let exposed = match &mut self.content {
            DatasetContent::Points(dataset) => dataset
                .expose()
                .map(|()| dataset.visible())
                .map_err(StreamProblem::from),
            DatasetContent::Texts(dataset) => dataset
                .expose()
                .map(|()| dataset.visible())
                .map_err(StreamProblem::from),
            DatasetContent::Frames(frames) => frames.expose(),
            DatasetContent::MasterFile { .. }
            | DatasetContent::Waiting
            | DatasetContent::Finished { .. } => return,
        };
        match exposed {
            // An idle stream must not cause a flush.
            Ok(visible) if visible == self.visible => {}
            Ok(visible) => {
                self.visible = visible;
                if let DatasetContent::Frames(frames) = &self.content {
                    self.has_attributes &= frames.is_copy();
                }
                file.session.mark_dirty();
                self.write_attributes(file, diagnostics);
                if let DatasetContent::Points(dataset) = &self.content {
                    self.has_attributes = !dataset.is_superseded();
                }
            }
            Err(problem) => self.fail(problem, diagnostics),
        }
    }

    /// Writes the rest of the data and closes the dataset.
    pub async fn finish(&mut self, file: &ScanFile, diagnostics: &mut Diagnostics) {
        let content = match &self.content {
            DatasetContent::Waiting | DatasetContent::Finished { .. } => return,
            _ => std::mem::replace(
                &mut self.content,
                DatasetContent::Finished { filled: false },
            ),
        };
        file.session.mark_dirty();
        let filled = match content {
            DatasetContent::Points(dataset) => {
                self.has_attributes &= !dataset.is_superseded();
                let closed = dataset.close().await.map(|points| {
                    self.tally.set_stored(points);
                    points > 0
                });
                closed.map_err(StreamProblem::from)
            }
            DatasetContent::Texts(dataset) => {
                let closed = dataset.close().map(|points| {
                    self.tally.set_stored(points);
                    points > 0
                });
                closed.map_err(StreamProblem::from)
            }
            DatasetContent::Frames(mut frames) => {
                self.has_attributes &= frames.is_copy();
                // Frames before the one that failed are stored and count.
                if let Err(problem) = frames.finish().await {
                    self.fail(problem, diagnostics);
                }
                self.report_frames(&frames, diagnostics);
                self.tally.set_stored(frames.visible());
                Ok(frames.visible() > 0)
            }
            DatasetContent::MasterFile {
                file: master,
                dataset,
                announced: true,
                missing,
            } => {
                // A link has no attributes.
                self.has_attributes = true;
                self.report_missing(missing, diagnostics);
                self.tally.set_stored(self.tally.received);
                self.link(file, &master, &dataset).map(|()| true)
            }
            _ => Ok(false),
        };
        match filled {
            Ok(filled) => {
                self.content = DatasetContent::Finished { filled };
                if filled {
                    self.write_attributes(file, diagnostics);
                }
            }
            Err(problem) => self.fail(problem, diagnostics),
        }
    }

    /// Accepts no more data. Data that were accepted before are still written.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Stops because of a problem, which is reported unless the dataset has already stopped.
    pub fn fail(&mut self, problem: StreamProblem, diagnostics: &mut Diagnostics) {
        if !self.stopped {
            self.stopped = true;
            diagnostics.problem(ScanProblem::StreamStopped {
                stream: self.stream.clone(),
                source: Box::new(problem),
            });
        }
        if self.is_waiting() {
            self.content = DatasetContent::Finished { filled: false };
        }
    }

    /// Returns the problem that points are missing without a known reason.
    pub fn shortfall(&self) -> ScanProblem {
        ScanProblem::Shortfall {
            stream: self.stream.clone(),
            published: self.tally.expected,
            received: self.tally.received,
            written: self.tally.written,
        }
    }

    fn link(&self, file: &ScanFile, master: &str, dataset: &str) -> Result<(), StreamProblem> {
        let root = file.session.root()?;
        if file.has_partial(&self.path) && !matches!(root.link(&self.path), Ok(Link::Hard)) {
            root.unlink(&self.path)?;
        }
        let path = file.session.path();
        Ok(link_frames(&root, &self.path, path, master, dataset)?)
    }

    /// Writes the attributes of the dataset, unless they have been written.
    fn write_attributes(&mut self, file: &ScanFile, diagnostics: &mut Diagnostics) {
        if !self.has_attributes {
            self.has_attributes = true;
            let errors = file.session.set_attributes(&self.path, &self.attributes);
            errors
                .into_iter()
                .for_each(|error| diagnostics.problem(error));
        }
    }
}

async fn append(
    dataset: &mut StreamDataset,
    block: &Block,
    counter: &DatasetCounter,
) -> Result<(), StreamProblem> {
    let bytes = block.data.len() as u64;
    let (shape, data) = (block.shape.as_deref(), block.data.clone());
    dataset.append(block.first, block.count, shape, data)?;
    counter.add(block.count, bytes);
    Ok(dataset.settle().await?)
}

fn append_texts(
    dataset: &mut TextDataset,
    block: &TextBlock,
    counter: &DatasetCounter,
) -> Result<(), StreamProblem> {
    dataset.append(block.first, block.count, &block.shape, block.texts.clone())?;
    counter.add(block.count, block.bytes() as u64);
    Ok(())
}
