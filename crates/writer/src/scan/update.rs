//! What a scan's listener tells its consumer.

use std::collections::HashMap;

use hub::Promise;
use serde_json::Value as Json;

use super::problem::{Interruption, ScanProblem};
use crate::layout::{Layout, Reference};
use crate::source::{SourceEvent, StreamContent, StreamId};
use crate::subscriber::Fault;

/// One step in the life of a scan, in the order in which it happened.
#[derive(Debug)]
pub enum ScanUpdate {
    /// The scan is to be saved: its files and what they hold before any data.
    Prepared(Box<Prepared>),
    /// Streams that the trees ask for and that are followed from now on.
    Streams(Vec<FollowedStream>),
    /// Data, losses and ends of streams.
    Data(Vec<SourceEvent>),
    /// The scan has ended, all its data came before.
    Closed(Box<Closed>),
}

impl ScanUpdate {
    /// Bytes that the event holds in memory.
    pub fn cost(&self) -> usize {
        const OVERHEAD: usize = 128;
        match self {
            ScanUpdate::Data(events) => events
                .iter()
                .map(|event| match event {
                    SourceEvent::Points(block) => OVERHEAD + block.data.len(),
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
    pub resumed: Option<Promise<ResumePoints, Fault>>,
}

/// What is there already of a scan.
#[derive(Debug, Clone)]
pub enum ResumePoints {
    /// Points of these streams: the index of the next one. Of the others there are none.
    Points(HashMap<String, u64>),
    /// All of the scan.
    Complete,
}

/// The end of a scan.
#[derive(Debug)]
pub struct Closed {
    /// The last version of the scan's info.
    pub info: Json,
    /// Other scans that this one refers to.
    pub references: Vec<Reference>,
    /// What could not be found out about those.
    pub problems: Vec<ScanProblem>,
    /// Why the scan is not whole, if it ended in an unusual way.
    pub cut_short: Option<Interruption>,
}

/// A stream that the layout asks for.
#[derive(Debug)]
pub struct FollowedStream {
    /// Its name in the scan.
    pub name: String,
    /// How events name it, or `None` if it cannot be read.
    pub id: Option<StreamId>,
    /// What it holds, or why it cannot be saved.
    pub content: Result<StreamContent, String>,
}
