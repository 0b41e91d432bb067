//! What a scan's listener tells its consumer.

use std::collections::HashMap;
use std::ops::Range;

use acquisition::{FrameSource, FrameType, SourceError};
use blissdata::kinds::{Lima2LegacyInfo, LimaInfo, MoscaInfo};
use blissdata::reader::{ScanEvent as StreamEvent, StreamId};
use hub::Promise;
use nexus::tree::ElementType;
use serde_json::Value as Json;

use crate::element::element_type;
use crate::layout::{Layout, Reference, StreamDescription, StreamKind};
use crate::subscriber::Fault;

/// One step in the life of a scan, in the order in which it happened.
#[derive(Debug)]
pub enum ScanEvent {
    /// The scan is to be saved: its files and what they hold before any data.
    Prepared(Box<Prepared>),
    /// Streams that the trees ask for and that are followed from now on.
    Streams(Vec<StreamSource>),
    /// Data, losses and ends of streams.
    Data(Vec<StreamEvent>),
    /// The scan has ended, all its data came before.
    Closed(Box<Closed>),
}

impl ScanEvent {
    /// Bytes that the event holds in memory.
    pub fn cost(&self) -> usize {
        const OVERHEAD: usize = 128;
        match self {
            ScanEvent::Data(events) => events
                .iter()
                .map(|event| match event {
                    StreamEvent::Points(block) => OVERHEAD + block.data.len(),
                    _ => OVERHEAD,
                })
                .sum(),
            _ => OVERHEAD,
        }
    }
}

/// A scan that is about to be saved.
#[derive(Debug)]
pub struct Prepared {
    /// What its files shall hold.
    pub layout: Box<dyn Layout>,
    /// Info of the scan.
    pub info: Json,
    /// The scan had ended before it was read: nobody waits to see its points one by one.
    pub ended: bool,
    /// Where to tell what is there already, if an earlier writer may have begun the scan.
    pub resumed: Option<Promise<Standing, Fault>>,
}

/// What is there already of a scan.
#[derive(Debug, Clone)]
pub enum Standing {
    /// Points of these streams: the index of the next one. Of the others there are none.
    Points(HashMap<String, u64>),
    /// All of the scan.
    Whole,
}

/// The end of a scan.
#[derive(Debug)]
pub struct Closed {
    /// The last version of the scan's info.
    pub info: Json,
    /// Other scans that this one refers to.
    pub references: Vec<Reference>,
    /// What could not be found out about those.
    pub problems: Vec<String>,
    /// Why the scan is not whole, if it ended in an unusual way.
    pub cut_short: Option<String>,
}

/// A stream and what to make of it.
#[derive(Debug)]
pub struct StreamSource {
    /// Its name in the scan.
    pub name: String,
    /// How events name it; none if it cannot be read.
    pub id: Option<StreamId>,
    /// What it holds, or why it cannot be saved.
    pub content: Result<StreamContent, String>,
    /// The detector was told not to save its frames.
    pub discarded: bool,
}

/// What a stream holds.
#[derive(Debug, Clone)]
pub enum StreamContent {
    /// Points of numbers.
    Points {
        /// Type of one element.
        element: ElementType,
        /// Shape of one point; `None` where it varies.
        shape: Vec<Option<u64>>,
    },
    /// Frames that a detector saves in a series of files.
    Frames(DetectorFiles),
    /// Frames that a detector saves with one master file: file and dataset.
    Master(Option<(String, String)>),
    /// References to other scans.
    References,
}

impl StreamSource {
    /// The stream as layouts see it.
    pub fn describe(&self) -> StreamDescription {
        let kind = match &self.content {
            Ok(content) => content.kind(self.discarded),
            Err(reason) => StreamKind::Unreadable(reason.clone()),
        };
        StreamDescription {
            name: self.name.clone(),
            kind,
        }
    }
}

impl StreamContent {
    fn kind(&self, discarded: bool) -> StreamKind {
        match self {
            StreamContent::Points { element, shape } => StreamKind::Numbers {
                element: element.clone(),
                shape: shape.clone(),
            },
            StreamContent::Frames(files) => StreamKind::Frames {
                element: element_type(files.frame().dtype),
                shape: files.frame().shape.clone(),
                format: files.format().map(str::to_owned),
                discarded,
            },
            StreamContent::Master(_) => StreamKind::Master,
            StreamContent::References => StreamKind::References,
        }
    }
}

/// A detector that saves its frames itself.
#[derive(Debug, Clone)]
pub enum DetectorFiles {
    /// Lima 1.
    Lima(LimaInfo),
    /// Lima 2 before it had master files.
    Lima2(Lima2LegacyInfo),
    /// An MCA controller behind a Mosca server; its frames are spectra.
    Mosca(MoscaInfo),
}

impl DetectorFiles {
    /// Type and shape of a frame.
    pub fn frame(&self) -> &FrameType {
        match self {
            DetectorFiles::Lima(info) => &info.frame,
            DetectorFiles::Lima2(info) => &info.frame,
            DetectorFiles::Mosca(info) => &info.frame,
        }
    }

    /// The format of the files, if there are any.
    pub fn format(&self) -> Option<&str> {
        match self {
            DetectorFiles::Lima(info) => info
                .saving
                .as_ref()
                .map(|saving| saving.file_format.as_str()),
            DetectorFiles::Lima2(info) => info.saving.as_ref().map(|_| "hdf5"),
            DetectorFiles::Mosca(info) => info
                .saving
                .as_ref()
                .map(|saving| saving.file_format.as_str()),
        }
    }

    /// Where the frames are.
    pub fn sources(&self, frames: Range<u64>) -> Result<Vec<FrameSource>, SourceError> {
        match self {
            DetectorFiles::Lima(info) => info.sources(frames),
            DetectorFiles::Lima2(info) => info.sources(frames),
            DetectorFiles::Mosca(info) => info.sources(frames),
        }
    }

    /// How many frames can be read while the detector is at work, of those that it has saved.
    pub fn readable(&self, saved: u64) -> u64 {
        match self {
            DetectorFiles::Lima(info) => info.readable(saved, false),
            DetectorFiles::Mosca(info) => info.readable(saved, false),
            // Which files are closed is not told.
            DetectorFiles::Lima2(_) => 0,
        }
    }
}
