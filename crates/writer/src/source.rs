//! Sources of scans: the traits that the writer needs from a data model, whichever BLISS publishes the scans.
//!
//! | trait | meaning |
//! |---|---|
//! | [`ScanStore`] | a server that holds scans: looks them up and opens them |
//! | [`ScanFeed`] | the new scans of a server, each handed out to one writer of a group |
//! | [`ScanSource`] | one scan: its info, its state, its streams and their events |
//!
//! Only the data model knows the meaning of identifiers of scans ([`ScanId`]) and streams ([`StreamId`]).
//! A scan delivers [`SourceEvent`]s; numbers are in [`Block`]s, whose bytes are written into files unchanged, and texts in [`TextBlock`]s.
//!
//! There is one adapter for each data model, a folder of this module: [`blissdata`] for BLISS 2, [`node`] for BLISS 1. What
//! they have in common, how writers share scans and claim files, is in the modules `group` and `claimed_file`. A
//! [`ScanServer`] finds out which model a server holds. Nothing else in this crate names a data model or a Redis command.

pub mod blissdata;
mod claim;
mod claimed_file;
mod error;
mod event;
mod feed;
mod group;
mod living_writer;
pub(crate) mod margin_level;
mod memory;
mod memory_watch;
mod model;
pub mod node;
mod scan;
mod scan_server;
mod server;
mod spool;
mod spools;
mod stream;
mod summary;

use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use serde_json::Value as Json;

pub use claim::{ClaimError, FileClaim, FileLease};
pub use error::SourceError;
pub use event::{Block, LossReason, SourceEvent, TextBlock};
pub use feed::{AckHandle, Assignment, FeedMembership, ScanFeed};
pub use living_writer::LivingWriter;
pub use memory::{MemoryForecast, ShortageEffect};
pub use model::{DataModel, ModelChoice, UnknownModel};
pub use scan::{HeadProbe, ScanId, ScanSource, ScanState, StreamHead};
pub use scan_server::{ScanKeyError, ScanServer, ScanServerError};
pub use server::ServerState;
pub use spool::{ScanSpool, SpooledScan, UnreadStream};
pub use stream::{StreamContent, StreamDescription, StreamId};
pub(crate) use summary::parse_time;
pub use summary::{ScanHeadline, ScanSummary};

/// A server that holds scans.
///
/// Its methods may be called on any hub. They wait as long as the data model considers an answer possible.
#[async_trait(?Send)]
pub trait ScanStore: fmt::Debug + Send + Sync {
    /// Joins a group of writers that share the new scans. Waits until the server can be read.
    ///
    /// # Errors
    /// If waiting does not help: the server refuses our credentials, or speaks another protocol.
    async fn join(&self, group: &str) -> Result<Box<dyn ScanFeed>, SourceError>;

    /// Looks up what identifies a scan. The reply is small, however large the document of the scan is.
    ///
    /// # Errors
    /// If there is no such scan, the server cannot be asked, or the scan has no identity.
    async fn summary(&self, scan: &ScanId) -> Result<ScanSummary, SourceError>;

    /// Looks up the info of a scan: always an object. Returns `None` if there is no such scan.
    ///
    /// # Errors
    /// If the server cannot be asked, or what it holds is not the info of a scan.
    async fn info(&self, scan: &ScanId) -> Result<Option<Json>, SourceError>;

    /// Returns at most `limit` scans that the server remembers, the newest first. Some may be deleted by now.
    ///
    /// # Errors
    /// If the server cannot be asked.
    async fn last_scans(&self, limit: usize) -> Result<Vec<ScanId>, SourceError>;

    /// Looks up what a list of scans shows of a scan. The reply is small, however large the document of the scan is. Returns
    /// `None` if there is no such scan.
    ///
    /// # Errors
    /// If the server cannot be asked, or the scan has no identity.
    async fn headline(&self, scan: &ScanId) -> Result<Option<ScanHeadline>, SourceError>;

    /// Claims a file for this process. The claim is renewed on this hub until it is released.
    ///
    /// # Errors
    /// [`ClaimError::Held`] if another process has the claim and is not known to be dead.
    async fn claim_file(&self, file: &Path) -> Result<Box<dyn FileClaim>, ClaimError>;

    /// Removes the spool of a scan for which nothing is left to do. Does nothing if there is none.
    async fn discard_spool(&self, scan: &ScanId);

    /// Returns the scans of this server whose spools are on this host and which no process has.
    async fn spooled_scans(&self) -> Vec<SpooledScan>;

    /// Opens a scan to read it from its beginning, and takes its spool: what the server has lost comes from there.
    ///
    /// # Errors
    /// If there is no such scan, its document is not usable, the server cannot be asked, or another process has
    /// data of the scan that the server may not have: the scan is left to it.
    async fn open(&self, scan: &ScanId) -> Result<Box<dyn ScanSource>, SourceError>;

    /// Returns the spool of a scan that was opened, which may be empty. Returns `None` if nothing can be spooled.
    fn spool(&self, scan: &ScanId) -> Option<Box<dyn ScanSpool>>;

    /// Asks once whether the server answers.
    ///
    /// # Errors
    /// If it cannot be reached, or refuses.
    async fn ping(&self) -> Result<(), SourceError>;

    /// Returns the writers that share the scans of this server at present.
    ///
    /// # Errors
    /// If the server cannot be asked.
    async fn living_writers(&self) -> Result<Vec<LivingWriter>, SourceError>;

    /// Asks the server how it is.
    ///
    /// # Errors
    /// If the server cannot be asked, or does not allow it.
    async fn server_state(&self) -> Result<ServerState, SourceError>;

    /// Foresees when the server runs short of memory. May be called often: the server is asked every 10 s.
    ///
    /// # Errors
    /// If the server cannot be asked, or does not allow it.
    async fn forecast(&self) -> Result<MemoryForecast, SourceError>;
}
