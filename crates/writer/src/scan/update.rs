//! Messages from the listener of a scan to its consumer.

use std::collections::HashMap;

use hub::{Event, Promise};
use serde_json::Value as Json;

use super::attempt::AttemptEnd;
use super::entry_links::LinkRequest;
use super::file_claims::FileLeases;
use super::problem::{Interruption, ScanProblem};
use crate::layout::{Layout, ScanReference};
use crate::source::{SourceEvent, StreamContent, StreamId};
use crate::subscriber::Fault;

/// One step of a scan. Steps are sent in the order in which they happened.
#[derive(Debug)]
pub enum ScanUpdate {
    /// The scan is to be saved with this layout.
    Prepared(Box<Prepared>),
    /// Streams of the layout that are followed from now on.
    Streams(Vec<FollowedStream>),
    /// Links to the scan that other files are to hold.
    Links(LinkRequest),
    /// Data, losses and ends of streams.
    Data(Vec<SourceEvent>),
    /// The scan has ended, and all its data were sent before.
    Closed(Box<Closed>),
    /// The attempt to save the scan has ended: its files are to be closed.
    AttemptEnd(Box<AttemptEnd>),
}

impl ScanUpdate {
    /// Returns the bytes that the update holds in memory.
    pub fn cost(&self) -> usize {
        const OVERHEAD: usize = 128;
        match self {
            ScanUpdate::Data(events) => events
                .iter()
                .map(|event| match event {
                    SourceEvent::Points(block) => OVERHEAD + block.data.len(),
                    SourceEvent::Texts(block) => {
                        OVERHEAD + block.bytes() + size_of_val(block.texts.as_slice())
                    }
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
    /// What the files of the scan shall contain.
    pub layout: Box<dyn Layout>,
    /// The info of the scan.
    pub info: Json,
    /// Set if the scan had ended before it was read: then readers need not see its points early.
    pub ended: bool,
    /// Set if an earlier writer may have begun the scan.
    pub is_resumed: bool,
    /// Receives what the files already have, once they are open.
    pub opened: Promise<ResumePoints, Fault>,
    /// Sent when the writer shall stop, after which no scan is begun.
    pub stop_requested: Event,
    /// Sent when nothing more can be saved before a problem of the environment is gone.
    pub stopped: Event,
    /// The claims of the files.
    pub claims: FileLeases,
}

/// The part of a scan that its files already have.
#[derive(Debug, Clone)]
pub enum ResumePoints {
    /// The index of the first missing point of each of these streams. Others have no points yet.
    Points(HashMap<String, u64>),
    /// The whole scan.
    Complete,
}

/// The end of a scan.
#[derive(Debug)]
pub struct Closed {
    /// The last version of the scan's info.
    pub info: Json,
    /// Other scans that this one refers to.
    pub references: Vec<ScanReference>,
    /// Problems of scans that could not be looked up.
    pub problems: Vec<ScanProblem>,
    /// Why the scan was not followed to its end, if it was not.
    pub interruption: Option<Interruption>,
}

/// A stream that the layout asks for.
#[derive(Debug)]
pub struct FollowedStream {
    /// Its name in the scan.
    pub name: String,
    /// Its identifier in events, or `None` if it cannot be read.
    pub id: Option<StreamId>,
    /// What it holds, or why it cannot be saved.
    pub content: Result<StreamContent, String>,
}
