//! A place of a stream in a file, and what fills it.

use std::rc::Rc;

use blissdata::reader::{Block, ScanEvent as StreamEvent};
use nexus::dataset::{FrameDataset, Frames, Policy, StreamDataset, link_frames};
use nexus::tree::{Named, Storage, Value};

use super::account::Account;
use super::event::{DetectorFiles, StreamContent};
use super::file::ScanFile;
use crate::element::element_type;
use crate::report::Progress;
use crate::subscriber::with_causes;
use crate::workshop::Bench;

/// Points of a hole above which it is taken for an error in the numbers of the stream.
const LARGEST_HOLE: u64 = 1 << 24;

/// Where a stream goes in one file of the scan.
pub struct Place {
    /// Index of the file.
    pub file: usize,
    /// Absolute path of the dataset or link.
    pub path: String,
    /// Name of the stream.
    pub stream: String,
    /// What the dataset is given as soon as it exists.
    attributes: Named<Value>,
    /// How the points of a stream are stored.
    storage: Storage,
    described: bool,
    /// Points or frames that readers can see.
    visible: u64,
    /// Nothing more is taken: something went wrong. What was taken before is still written.
    stopped: bool,
    filling: Filling,
}

enum Filling {
    /// The stream is not known yet.
    Waiting,
    /// Points of numbers.
    Points(Box<StreamDataset>),
    /// Frames in files of a detector.
    Frames(Box<DetectorFrames>),
    /// One link to the master file of a detector.
    Master {
        file: String,
        dataset: String,
        announced: bool,
    },
    /// Nothing more to write; whether something was.
    Done { filled: bool },
}

/// Frames in files of a detector and how many of them there are.
struct DetectorFrames {
    files: DetectorFiles,
    dataset: FrameDataset,
    acquired: u64,
    saved: u64,
}

impl Place {
    /// A place that waits for its stream.
    pub fn new(
        file: usize,
        path: String,
        stream: String,
        attributes: Named<Value>,
        storage: Storage,
    ) -> Place {
        Place {
            file,
            path,
            stream,
            attributes,
            storage,
            described: false,
            visible: 0,
            stopped: false,
            filling: Filling::Waiting,
        }
    }

    /// Whether the stream was never seen.
    pub fn is_waiting(&self) -> bool {
        matches!(self.filling, Filling::Waiting)
    }

    /// Whether the place holds something, once it is finished.
    pub fn is_filled(&self) -> bool {
        matches!(self.filling, Filling::Done { filled: true })
    }

    /// Gets ready for the data of the stream.
    pub fn begin(
        &mut self,
        content: &StreamContent,
        file: &ScanFile,
        bench: &Bench,
        policy: Policy,
        account: &mut Account,
    ) {
        match self.filling_for(content, file, bench, policy) {
            Ok(filling) => self.filling = filling,
            Err(reason) => self.fail(&reason, account),
        }
    }

    fn filling_for(
        &self,
        content: &StreamContent,
        file: &ScanFile,
        bench: &Bench,
        policy: Policy,
    ) -> Result<Filling, String> {
        let root = || {
            file.session
                .root()
                .map(Rc::new)
                .map_err(|error| with_causes(&error))
        };
        match content {
            StreamContent::Points { element, shape } => {
                let (element, shape) = (element.clone(), shape.clone());
                let (storage, outbox) = (self.storage.clone(), bench.outbox.clone());
                StreamDataset::new(root()?, &self.path, element, shape, storage, policy, outbox)
                    .map(|dataset| Filling::Points(Box::new(dataset)))
                    .map_err(|error| with_causes(&error))
            }
            StreamContent::Frames(files) => {
                let shape: Option<Vec<u64>> = files.frame().shape.iter().copied().collect();
                let shape = shape.ok_or("the shape of the frames is not known")?;
                let element = element_type(files.frame().dtype);
                let session = &file.session;
                let dataset =
                    FrameDataset::new(root()?, &self.path, session.path(), element, shape);
                let frames = DetectorFrames {
                    files: files.clone(),
                    dataset,
                    acquired: 0,
                    saved: 0,
                };
                Ok(Filling::Frames(Box::new(frames)))
            }
            StreamContent::Master(Some((file, dataset))) => Ok(Filling::Master {
                file: file.clone(),
                dataset: dataset.clone(),
                announced: false,
            }),
            StreamContent::Master(None) => Err("the detector provides no master file".to_owned()),
        }
    }

    /// Takes what the stream brings.
    pub async fn take(
        &mut self,
        event: &StreamEvent,
        file: &ScanFile,
        bench: &Bench,
        progress: &Progress,
        account: &mut Account,
    ) {
        let ends = matches!(event, StreamEvent::End { .. });
        if self.stopped && !ends {
            return;
        }
        let taken = match (&mut self.filling, event) {
            (Filling::Points(dataset), StreamEvent::Points(block)) => {
                append(dataset, block, progress).await
            }
            (Filling::Points(_), StreamEvent::Lost { count, .. }) if *count > LARGEST_HOLE => {
                Err(format!("a hole of {count} points is not filled"))
            }
            (Filling::Points(dataset), StreamEvent::Lost { count, .. }) => {
                dataset.skip(*count).map_err(|error| with_causes(&error))
            }
            (
                Filling::Frames(frames),
                StreamEvent::Frames {
                    acquired, saved, ..
                },
            ) => {
                progress.add(acquired.saturating_sub(frames.acquired), 0);
                frames.acquired = frames.acquired.max(*acquired);
                frames.saved = frames.saved.max(*saved);
                Ok(())
            }
            (Filling::Master { announced, .. }, StreamEvent::Frames { acquired, .. }) => {
                *announced |= *acquired > 0;
                Ok(())
            }
            (_, StreamEvent::End { .. }) => {
                self.finish(file, account).await;
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(reason) = taken {
            self.fail(&reason, account);
        }
        bench.outbox.advance();
    }

    /// Waits until full chunks are in the file.
    pub async fn drain(&self) {
        if let Filling::Points(dataset) = &self.filling {
            dataset.drain().await;
        }
    }

    /// Makes what has come visible to readers, from the next flush on.
    pub fn expose(&mut self, file: &ScanFile, account: &mut Account) {
        let exposed = match &mut self.filling {
            Filling::Points(dataset) => dataset
                .expose()
                .map(|()| dataset.visible())
                .map_err(|error| with_causes(&error)),
            Filling::Frames(frames) if frames.dataset.is_resting() => return,
            Filling::Frames(frames) => {
                let readable = frames.files.readable(frames.saved);
                frames.show(readable).map(|()| frames.dataset.visible())
            }
            Filling::Master { .. } | Filling::Waiting | Filling::Done { .. } => return,
        };
        match exposed {
            // An idle stream must not cost a flush.
            Ok(visible) if visible == self.visible => {}
            Ok(visible) => {
                self.visible = visible;
                // A dataset of frames is made anew when there are more of them.
                self.described &= matches!(self.filling, Filling::Points(_));
                file.session.mark_dirty();
                self.describe(file, account);
            }
            Err(reason) => self.fail(&reason, account),
        }
    }

    /// Writes the rest.
    pub async fn finish(&mut self, file: &ScanFile, account: &mut Account) {
        let filling = match &self.filling {
            Filling::Waiting | Filling::Done { .. } => return,
            _ => std::mem::replace(&mut self.filling, Filling::Done { filled: false }),
        };
        file.session.mark_dirty();
        let filled = match filling {
            Filling::Points(dataset) => dataset
                .close()
                .await
                .map(|points| points > 0)
                .map_err(|error| with_causes(&error)),
            Filling::Frames(mut frames) => {
                self.described = false;
                frames
                    .finish(&self.stream, account)
                    .map(|()| frames.dataset.visible() > 0)
            }
            Filling::Master {
                file: master,
                dataset,
                announced: true,
            } => {
                // A link has no attributes.
                self.described = true;
                self.link(file, &master, &dataset).map(|()| true)
            }
            _ => Ok(false),
        };
        match filled {
            Ok(filled) => {
                self.filling = Filling::Done { filled };
                if filled {
                    self.describe(file, account);
                }
            }
            Err(reason) => self.fail(&reason, account),
        }
    }

    /// Takes nothing more; what was taken before is still written.
    pub fn fail(&mut self, reason: &str, account: &mut Account) {
        if !self.stopped {
            self.stopped = true;
            account.problem(format_args!(
                "stream saving stopped due to failure: {} - {reason}",
                self.stream
            ));
        }
        if self.is_waiting() {
            self.filling = Filling::Done { filled: false };
        }
    }

    fn link(&self, file: &ScanFile, master: &str, dataset: &str) -> Result<(), String> {
        let root = file.session.root().map_err(|error| with_causes(&error))?;
        link_frames(&root, &self.path, file.session.path(), master, dataset)
            .map_err(|error| with_causes(&error))
    }

    /// Gives the dataset its attributes, once.
    fn describe(&mut self, file: &ScanFile, account: &mut Account) {
        if !self.described {
            self.described = true;
            let errors = file.session.set_attributes(&self.path, &self.attributes);
            errors.iter().for_each(|error| account.problem(error));
        }
    }
}

async fn append(
    dataset: &mut StreamDataset,
    block: &Block,
    progress: &Progress,
) -> Result<(), String> {
    let bytes = block.data.len() as u64;
    dataset
        .append(
            block.first,
            block.count,
            block.shape.as_deref(),
            block.data.clone(),
        )
        .map_err(|error| with_causes(&error))?;
    progress.add(block.count, bytes);
    dataset.settle().await.map_err(|error| with_causes(&error))
}

impl DetectorFrames {
    /// Lets the dataset consist of the first `count` frames.
    fn show(&mut self, count: u64) -> Result<(), String> {
        if count <= self.dataset.visible() {
            return Ok(());
        }
        let format = self.files.format();
        if let Some(format) = format.filter(|format| !format.eq_ignore_ascii_case("hdf5")) {
            return Err(format!(
                "HDF5 cannot refer to frames in files of format {format:?}"
            ));
        }
        let sources = self
            .files
            .sources(0..count)
            .map_err(|error| error.to_string())?;
        let frames: Vec<_> = sources
            .into_iter()
            .map(|source| Frames {
                file: source.file,
                dataset: source.dataset,
                first: source.first_row,
                count: source.frames,
            })
            .collect();
        self.dataset
            .show(&frames)
            .map_err(|error| with_causes(&error))
    }

    /// All acquired frames have their row, saved or not: rows of other datasets stay in step.
    fn finish(&mut self, stream: &str, account: &mut Account) -> Result<(), String> {
        self.show(self.acquired)?;
        if self.saved < self.acquired {
            account.problem(format_args!(
                "stream {stream:?}: the detector has acquired {} frames and saved {}",
                self.acquired, self.saved
            ));
        }
        Ok(())
    }
}
