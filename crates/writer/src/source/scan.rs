//! One scan as its data model delivers it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;

use super::{SourceError, SourceEvent, StreamDescription, StreamId};

/// Identifies a scan on its server. Only its data model knows what the text means.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScanId(Arc<str>);

impl ScanId {
    /// The scan with this identifier. Whether the data model can use it shows when it is asked.
    pub fn new(text: impl Into<Arc<str>>) -> ScanId {
        ScanId(text.into())
    }

    /// Returns the text of the identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a scan is. States only grow, and may be skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScanState {
    /// The scan exists. Its streams may not be declared yet.
    Created,
    /// Its info is complete as far as it is known before the data, and its streams are declared.
    Prepared,
    /// It has ended: its info is final.
    Closed,
}

/// Reads one scan while it runs, or afterwards.
///
/// Trouble with one stream comes as events of that stream. A connection that breaks is made again by the
/// implementation, which reads on where it stopped.
#[async_trait(?Send)]
pub trait ScanSource {
    /// What clients call the scan, such as `1_ascan`; see [`ScanSummary::client_name`].
    ///
    /// [`ScanSummary::client_name`]: super::ScanSummary::client_name
    fn name(&self) -> String;

    /// The last known state.
    fn state(&self) -> ScanState;

    /// The info of the scan, as of the last state: always an object.
    fn info(&self) -> &Json;

    /// The file in which the scan is to be saved, or `None` if it is not to be saved.
    fn path(&self) -> Option<&str>;

    /// The streams that are declared by now, in the order of their declaration.
    fn streams(&self) -> Vec<StreamDescription>;

    /// Starts to follow a stream from the point `from` on. Detectors report from the beginning in any
    /// case.
    ///
    /// # Errors
    /// If the scan has no such stream yet, or it cannot be read. Others can be followed all the same.
    fn follow(&mut self, stream: &str, from: u64) -> Result<StreamId, SourceError>;

    /// Waits for events, not much longer than half a second; there may be none. Nothing is lost if the
    /// future is dropped.
    ///
    /// # Errors
    /// Only what trying again does not mend.
    async fn next(&mut self) -> Result<Vec<SourceEvent>, SourceError>;

    /// Returns `true` if the server has nothing more at present.
    fn is_caught_up(&self) -> bool;

    /// Returns `true` if nothing more will come: the scan has ended, and so have all streams that are
    /// followed.
    fn is_finished(&self) -> bool;
}
