//! Where scans come from: what the writer needs of a data model, whatever BLISS publishes the scans.
//!
//! | trait | what it stands for |
//! |---|---|
//! | [`ScanStore`] | a server that holds scans: looks them up, opens them, says how the server is |
//! | [`ScanFeed`] | the new scans of a server, each handed out to one writer of a group |
//! | [`ScanSource`] | one scan: its info, its state, its streams, and what comes from them |
//!
//! Identifiers of scans ([`ScanId`]) and streams ([`StreamId`]) mean something to their data model
//! alone. Everything that a scan delivers is a [`SourceEvent`]; numbers come as [`Block`]s, whose bytes
//! go into files as they are.
//!
//! There is one adapter for each data model, a folder of this module: [`blissdata`] for BLISS 2. Nothing
//! else in this crate names a data model or a Redis command.

pub mod blissdata;
mod error;
mod event;
mod feed;
mod scan;
mod stream;
mod summary;

use std::fmt;

use async_trait::async_trait;
use serde_json::Value as Json;

pub use error::SourceError;
pub use event::{Block, LossReason, SourceEvent};
pub use feed::{AckHandle, Assignment, FeedMembership, ScanFeed};
pub use scan::{ScanId, ScanSource, ScanState};
pub use stream::{StreamContent, StreamDescription, StreamId};
pub use summary::ScanSummary;
pub(crate) use summary::parse_time;

/// A server that holds scans.
///
/// Its calls may be made from any hub; they wait as long as the data model holds an answer to be
/// possible.
#[async_trait(?Send)]
pub trait ScanStore: fmt::Debug + Send + Sync {
    /// Joins the writers of this group, among which the new scans are shared.
    ///
    /// # Errors
    /// If the server cannot be asked, or does not allow it.
    async fn join(&self, group: &str) -> Result<Box<dyn ScanFeed>, SourceError>;

    /// Looks up what identifies a scan. Few bytes come back, however much the scan describes.
    ///
    /// # Errors
    /// If there is no such scan, the server cannot be asked, or the scan has no identity.
    async fn summary(&self, scan: &ScanId) -> Result<ScanSummary, SourceError>;

    /// Looks up the info of a scan: always an object. Returns `None` if there is no such scan.
    ///
    /// # Errors
    /// If the server cannot be asked, or what it holds is not the info of a scan.
    async fn info(&self, scan: &ScanId) -> Result<Option<Json>, SourceError>;

    /// Opens a scan, to be read from its beginning.
    ///
    /// # Errors
    /// If there is no such scan, what describes it is not usable, or the server cannot be asked.
    async fn open(&self, scan: &ScanId) -> Result<Box<dyn ScanSource>, SourceError>;
}
