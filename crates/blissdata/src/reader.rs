//! Follows a scan while it runs: its states, and the points of its streams.
//!
//! A [`ScanReader`] has one connection of its own, on which one blocking `XREAD` covers all streams
//! that it [follows](ScanReader::follow) and the stream of states. What arrives is told as
//! [`ReaderEvent`]s: [`PointBlock`]s of points, progress of detectors, JSON values, holes, ends. All
//! trouble with one stream is reported as events of that stream. A broken connection is made again and
//! read on where it stopped.
//!
//! Streams of a scan that is closed may never be sealed: deletion, and publishers that died, leave
//! them so. They end when a read that began after the scan was closed finds nothing more.

mod advance;
mod connection;
mod event;
mod event_collector;
mod heads;
mod housekeeping;
mod parse;
mod payload_format;
mod read_request;
mod refill;
mod snapshot;
mod stream_cursor;

use std::sync::Arc;
use std::time::Instant;

use redis_client::{BatchSizer, RedisError, ReplyMemory};
use spool::ScanSpool;

use crate::document::{ScanDocument, ScanState};
use crate::entries::EntryId;
use crate::store::{DataStore, ScanKey};
use connection::ReaderConnection;
use payload_format::PayloadFormat;
use read_request::ReadRequest;
use refill::Refill;
use snapshot::ScanSnapshot;
use stream_cursor::StreamCursor;

pub use event::{LossReason, PointBlock, ReadError, ReaderEvent, StreamId};
pub use heads::{HeadProbe, StreamHead};

/// Reader of one scan.
///
/// ```no_run
/// # async fn follow(store: blissdata::store::DataStore) -> Result<(), Box<dyn std::error::Error>> {
/// use blissdata::reader::{ReaderEvent, ScanReader};
///
/// let key = "esrf:scan:01M82Y7PBE5ARXMK29K55ZRRJ4".parse()?;
/// let mut reader = ScanReader::open(&store, &key).await?;
/// for name in reader.document().streams.keys().cloned().collect::<Vec<_>>() {
///     reader.follow(&name, 0)?;
/// }
/// while !reader.finished() {
///     for event in reader.next().await? {
///         if let ReaderEvent::Points(block) = event {
///             println!("{} points from {}", block.count, block.first);
///         }
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct ScanReader {
    connection: ReaderConnection,
    document: ScanDocument,
    state: ScanState,
    /// Last entry read of the stream of states.
    position: EntryId,
    cursors: Vec<StreamCursor>,
    batch_sizer: BatchSizer,
    /// The read whose reply is to come.
    request: Option<ReadRequest>,
    /// When the last read was sent.
    sent: Option<tokio::time::Instant>,
    /// All streams were read and none had news.
    caught_up: bool,
    /// The last replies were not full: there is no hurry.
    trickles: bool,
    /// Events that are complete and not handed out yet.
    ready: Vec<ReaderEvent>,
    /// A state that was seen, while the document has not been read again.
    seen: Option<ScanState>,
    /// Whether the scan was found dead before it was closed.
    deletion: Deletion,
    /// A key that is no stream has made a read fail.
    wrong_type: bool,
    /// The stream of states cannot be read.
    blind: bool,
    /// Replaces what Redis has lost.
    refill: Refill,
    /// The host that has unread points of the scan, if it is another one.
    spooled_on: Option<String>,
}

/// Progress of the end of a scan that is deleted before it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deletion {
    No,
    /// Seen: the document is to be read a last time.
    Seen,
    /// What remains of the streams is being read.
    Draining,
    /// Everything was reported.
    Done,
}

impl ScanReader {
    /// Opens a scan. Its streams are those of [`document`](Self::document), complete when the
    /// [`state`](Self::state) is at least [`ScanState::Prepared`].
    ///
    /// # Errors
    /// When there is no such scan, its document is unusable, or Redis cannot be reached.
    pub async fn open(store: &DataStore, key: &ScanKey) -> Result<ScanReader, ReadError> {
        ScanReader::open_spooled(store, key, None).await
    }

    /// Opens a scan that has a spool, or may get one: what Redis has lost is taken from it, up to the scan as a
    /// whole.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_spooled(
        store: &DataStore,
        key: &ScanKey,
        spool: Option<Arc<ScanSpool>>,
    ) -> Result<ScanReader, ReadError> {
        let redis = |source| ReadError::Redis {
            key: key.clone(),
            source: Box::new(source),
        };
        let mut connection = store.open().await.map_err(redis)?;
        let refill = Refill::new(spool);
        let snapshot = ScanSnapshot::load(&mut connection, key).await;
        let snapshot = snapshot.or_else(|error| ScanSnapshot::spooled(&refill, error))?;
        Ok(ScanReader {
            connection: ReaderConnection::new(store, connection),
            document: snapshot.document,
            state: snapshot.state,
            position: snapshot.position,
            cursors: Vec::new(),
            batch_sizer: BatchSizer::new(),
            request: None,
            sent: None,
            caught_up: false,
            trickles: false,
            ready: Vec::new(),
            seen: None,
            deletion: Deletion::No,
            wrong_type: false,
            blind: false,
            refill,
            spooled_on: snapshot.spooled_on,
        })
    }

    /// Takes part in this memory for replies, which other readers share.
    pub fn share_memory(&mut self, memory: &ReplyMemory) {
        self.connection.share_memory(memory);
    }

    /// The document, as of the last state.
    pub fn document(&self) -> &ScanDocument {
        &self.document
    }

    /// The last state.
    pub fn state(&self) -> ScanState {
        self.state
    }

    /// Starts to follow a stream, from the point `from` on, which may lie inside a batch. Streams of
    /// detectors are always read from the beginning: what counts is the sum of their reports.
    ///
    /// # Errors
    /// When the scan has no such stream (yet), or it cannot be read: other streams can be followed
    /// all the same.
    pub fn follow(&mut self, name: &str, from: u64) -> Result<StreamId, ReadError> {
        let key = || self.document.key.clone();
        let Some(model) = self.document.streams.get(name) else {
            return Err(ReadError::UnknownStream {
                key: key(),
                name: name.to_owned(),
            });
        };
        if self.cursors.iter().any(|cursor| cursor.name == name) {
            return Err(ReadError::AlreadyFollowed {
                key: key(),
                name: name.to_owned(),
            });
        }
        let encoding = model
            .encoding
            .as_ref()
            .map_err(|source| ReadError::Encoding {
                key: key(),
                name: name.to_owned(),
                source: source.clone(),
            })?;
        let kind_error = |source| ReadError::Kind {
            key: key(),
            name: name.to_owned(),
            source,
        };
        let kind = model
            .kind
            .as_ref()
            .map_err(|source| kind_error(source.clone()))?;
        let format = PayloadFormat::of(model, kind, encoding).map_err(kind_error)?;
        let id = StreamId(self.cursors.len());
        self.cursors
            .push(StreamCursor::new(id, name, &model.key, format, from));
        Ok(id)
    }

    /// Stops following a stream, without further events of it except those ready already.
    pub fn unfollow(&mut self, stream: StreamId) {
        if let Some(cursor) = self.cursors.get_mut(stream.0) {
            cursor.ended = true;
        }
    }

    /// Name of a followed stream.
    pub fn name(&self, stream: StreamId) -> Option<&str> {
        self.cursors
            .get(stream.0)
            .map(|cursor| cursor.name.as_str())
    }

    /// Index of the next point of a followed stream.
    pub fn position(&self, stream: StreamId) -> Option<u64> {
        self.cursors.get(stream.0).map(StreamCursor::next)
    }

    /// True when nothing more will come: the scan is closed and the streams followed have ended, or
    /// the scan was deleted. [`next`](Self::next) returns at once then, with what is left.
    pub fn finished(&self) -> bool {
        self.has_handed_out() && self.is_over()
    }

    /// True when the last reply said that Redis has nothing more at present.
    pub fn caught_up(&self) -> bool {
        self.has_handed_out() && self.caught_up
    }

    /// Returns `true` if the last reply held all that the followed streams had: their
    /// [positions](Self::position) are where they ended then.
    pub fn is_current(&self) -> bool {
        self.trickles
    }

    /// Since when Redis cannot be reached.
    pub fn disconnected_since(&self) -> Option<Instant> {
        self.connection.lost_since()
    }

    /// Gives up the connection, for a scan of which nothing is expected soon. The next call makes another.
    pub fn disconnect(&mut self) {
        self.request = None;
        self.connection.drop_current();
    }

    /// Waits for news, not much longer than half a second (a pause between attempts to connect may
    /// take 5 s); there may be none. Cancel-safe: when it is dropped, nothing is lost.
    ///
    /// # Errors
    /// Only when trying again does not help: wrong credentials, no permission.
    pub async fn next(&mut self) -> Result<Vec<ReaderEvent>, ReadError> {
        if self.has_handed_out() {
            match self.advance().await {
                Ok(()) => {}
                Err(error) if error.is_transient() || is_unblocked(&error) => {
                    self.request = None;
                    self.connection.reconnect_after(&error, &self.document.key);
                }
                Err(_) if !self.ready.is_empty() => {
                    self.request = None;
                    self.connection.drop_current();
                }
                Err(source) => {
                    self.request = None;
                    self.connection.drop_current();
                    return Err(ReadError::Redis {
                        key: self.document.key.clone(),
                        source: Box::new(source),
                    });
                }
            }
        }
        if self.refill.is_empty() && !self.ready.iter().any(ReaderEvent::may_be_spooled) {
            return Ok(std::mem::take(&mut self.ready));
        }
        self.refill.add(std::mem::take(&mut self.ready));
        Ok(self.refill.next(&self.cursors).await)
    }

    /// Returns `true` if no event is left to be handed out.
    fn has_handed_out(&self) -> bool {
        self.ready.is_empty() && self.refill.is_empty()
    }

    /// True when nothing is left to be asked for.
    fn is_over(&self) -> bool {
        let closed = self.state == ScanState::Closed && self.cursors.iter().all(|f| f.ended);
        closed || self.deletion == Deletion::Done
    }

    /// True when what the streams still hold is all that they will ever hold.
    fn draining(&self) -> bool {
        self.state == ScanState::Closed || self.deletion != Deletion::No
    }
}

/// An administrator has ended our blocking read.
fn is_unblocked(error: &RedisError) -> bool {
    error
        .server_error()
        .is_some_and(|error| error.code() == "UNBLOCKED")
}
