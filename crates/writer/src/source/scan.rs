//! The trait of a scan that a data model delivers.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use redis_client::ReplyMemory;
use serde_json::Value as Json;

use super::{DataModel, SourceError, SourceEvent, StreamDescription, StreamId};

/// Identifies a scan on its server. Only its data model knows what the text means.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScanId(Arc<str>);

impl ScanId {
    /// Creates an identifier. It is not checked: the data model rejects an invalid one when it is used.
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

/// How far a scan is. The order of states is that of their declaration; a scan may skip some.
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
/// Errors of one stream are events of that stream. The implementation restores a broken connection and
/// continues where it stopped.
#[async_trait(?Send)]
pub trait ScanSource {
    /// Returns the name by which clients know the scan, such as `1_ascan`; see [`ScanSummary::client_name`].
    ///
    /// [`ScanSummary::client_name`]: super::ScanSummary::client_name
    fn name(&self) -> String;

    /// Returns the data model in which the scan is published.
    fn model(&self) -> DataModel;

    /// Returns the last known state.
    fn state(&self) -> ScanState;

    /// Returns `true` if the scan is known to have ended. Its state may be an earlier one, as long as not all of the scan
    /// has been read.
    fn has_ended(&self) -> bool {
        self.state() == ScanState::Closed
    }

    /// Returns the info of the scan at the last state: always an object.
    fn info(&self) -> &Json;

    /// Returns the file in which the scan is to be saved, or `None` if it is not to be saved.
    fn path(&self) -> Option<&str>;

    /// Returns the number of the scan, if its identity has one beside the info.
    fn number(&self) -> Option<u64> {
        None
    }

    /// Returns the streams that are declared by now, in the order of their declaration.
    fn streams(&self) -> Vec<StreamDescription>;

    /// Starts to follow a stream from the point `from` on. Detectors report from the beginning in any
    /// case.
    ///
    /// # Errors
    /// If the scan has no such stream yet, or the stream cannot be read. Other streams are not affected.
    fn follow(&mut self, stream: &str, from: u64) -> Result<StreamId, SourceError>;

    /// Waits for events, not much longer than half a second, and may return none. Nothing is lost if the
    /// future is dropped.
    ///
    /// # Errors
    /// If the scan can no longer be read, however often one tries.
    async fn next(&mut self) -> Result<Vec<SourceEvent>, SourceError>;

    /// Reads within this memory for replies, which other scans share. Without it, replies have no limit.
    fn share_memory(&mut self, memory: &ReplyMemory);

    /// Gives up the connection to the server, if there is one, until the next call needs it.
    fn disconnect(&mut self);

    /// Returns `true` if the server has nothing more at present.
    fn is_caught_up(&self) -> bool;

    /// Returns `true` if there will be no more events: the scan has ended, and so have all streams that are
    /// followed.
    fn is_finished(&self) -> bool;

    /// Returns the index of the next point that comes from a stream, or `None` if it is not followed.
    fn position(&self, stream: StreamId) -> Option<u64>;

    /// Returns `true` if the last events were all that the server had: the positions of the streams are where
    /// the streams ended then.
    fn is_current(&self) -> bool;

    /// Returns how many of the last entries of each stream the server keeps, whether the others were read or not. Returns
    /// `None` if it limits nothing but its memory.
    fn kept_entries(&self) -> Option<u64>;

    /// Returns a probe that asks how far these streams are published. It outlives the source.
    ///
    /// # Errors
    /// If the scan has no such stream.
    fn head_probe(&self, streams: &[&str]) -> Result<Box<dyn HeadProbe>, SourceError>;
}

/// How far a stream is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamHead {
    /// Index behind the last point.
    pub end: u64,
    /// Number of points in the last entry; of a server that limits the number of entries, at least 1.
    pub last_entry: u64,
}

/// Asks how far some streams of a scan are published, beside the source that reads them.
#[async_trait(?Send)]
pub trait HeadProbe {
    /// Returns how far each stream is published. An item is `None` if the server holds no such stream.
    ///
    /// # Errors
    /// If the server cannot be asked.
    async fn ask(&self) -> Result<Vec<Option<StreamHead>>, SourceError>;
}
