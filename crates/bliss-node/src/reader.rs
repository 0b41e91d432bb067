//! Follows a scan while it runs: its channels, its states, and the points of its channels.
//!
//! A [`ScanReader`] has one connection of its own, on which one blocking `XREAD` covers all streams of the scan: those
//! that announce nodes and states, and those of the channels that it [follows](ScanReader::follow). The order of events
//! is that of the publisher where it matters: a channel is announced before the scan is prepared, the scan is prepared
//! before the first point, and it ends after the last.
//!
//! All trouble with one stream is reported as events of that stream. A broken connection is made again and read on
//! where it stopped. A scan whose publisher has died has no end: it becomes [idle](ScanReader::idle_since).

mod advance;
mod answers;
mod collector;
mod controls;
mod cursor;
mod event;
mod question;
mod read_request;
mod refill;
mod spooled;
mod stream;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use redis_client::{BatchSizer, RedisError, ReplyMemory};
use spool::ScanSpool;

use crate::error::NodeError;
use crate::event::{Description, ElementType};
use crate::key::NodeKey;
use crate::lima::LimaImages;
use crate::node::{NodeIdentity, NodeInfo, NodeVersion};
use crate::node_connection::NodeConnection;
use crate::store::NodeStore;
use controls::Controls;
use cursor::DataCursor;
use question::Questions;
use read_request::ReadRequest;
use refill::Refill;

pub use event::{LossReason, PointBlock, ReaderEvent, ScanState, StreamId};
pub use stream::StreamDescription;

/// Reader of one scan.
///
/// ```no_run
/// # async fn follow(store: bliss_node::store::NodeStore) -> Result<(), Box<dyn std::error::Error>> {
/// use bliss_node::reader::{ReaderEvent, ScanReader};
///
/// let key = "demo:data:1_ascan".parse()?;
/// let mut reader = ScanReader::open(&store, &key).await?;
/// while !reader.is_finished() {
///     for event in reader.next().await? {
///         match event {
///             ReaderEvent::Stream(stream) => reader.follow(stream, 0)?,
///             ReaderEvent::Points(block) => println!("{} points from {}", block.count, block.first),
///             _ => {}
///         }
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct ScanReader {
    connection: NodeConnection,
    scan: NodeIdentity,
    info: NodeInfo,
    /// The last state, whose events may wait to be handed out.
    known_state: ScanState,
    /// The last state that was handed out.
    state: ScanState,
    streams: Vec<StreamDescription>,
    controls: Controls,
    cursors: Vec<DataCursor>,
    /// Places of the cursors, by key of the stream.
    places: HashMap<Box<[u8]>, usize>,
    images: HashMap<StreamId, ImageParameters>,
    batch_sizer: BatchSizer,
    /// The read whose reply is to come.
    request: Option<ReadRequest>,
    /// When the last read was sent.
    sent: Option<tokio::time::Instant>,
    /// What must be known before the events of the last reply are handed out.
    questions: Questions,
    /// Events of the last reply that are not complete.
    collected: Vec<ReaderEvent>,
    /// Events that are complete and not handed out yet.
    ready: Vec<ReaderEvent>,
    /// All streams were read and none had news.
    is_caught_up: bool,
    /// The last reply was not full: there is no hurry.
    is_trickling: bool,
    /// When something was last read.
    last_news: Instant,
    deletion: Deletion,
    /// The answers to the questions make the scan prepared.
    is_preparing: bool,
    /// The answers to the questions end the scan.
    is_ending: bool,
    /// A key that is no stream has made a read fail.
    has_wrong_type: bool,
    refill: Refill,
}

/// Progress of the end of a scan that is deleted before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deletion {
    No,
    /// What remains of the streams is being read.
    Draining,
    /// Everything was reported.
    Done,
}

/// The last saving parameters of a detector.
struct ImageParameters {
    /// As published.
    pickle: bytes::Bytes,
    images: Option<Arc<LimaImages>>,
}

impl ScanReader {
    /// Opens a scan.
    ///
    /// # Errors
    /// If there is no such scan, its version is not supported, or Redis cannot be asked.
    pub async fn open(store: &NodeStore, key: &NodeKey) -> Result<ScanReader, NodeError> {
        ScanReader::open_spooled(store, key, None).await
    }

    /// Opens a scan that has a spool, or may get one: what Redis has lost is taken from it, up to the scan as a whole.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_spooled(
        store: &NodeStore,
        key: &NodeKey,
        spool: Option<Arc<ScanSpool>>,
    ) -> Result<ScanReader, NodeError> {
        let refill = Refill::new(spool);
        let Some(scan) = store.identity(key).await? else {
            let lost = || NodeError::NotFound { key: key.clone() };
            return ScanReader::of_spool(store, key, refill).ok_or_else(lost);
        };
        let info = store.info(key).await?;
        let mut reader = ScanReader::new(store, scan, info)?;
        reader.refill = refill;
        Ok(reader)
    }

    fn new(store: &NodeStore, scan: NodeIdentity, info: NodeInfo) -> Result<ScanReader, NodeError> {
        let key = &scan.key;
        if let NodeVersion::Other(found) = scan.version {
            let key = key.clone();
            return Err(NodeError::Version { key, found });
        }
        if !scan.node_type.is_scan() {
            return Err(NodeError::NotAScan { key: key.clone() });
        }
        Ok(ScanReader {
            connection: NodeConnection::new(store),
            info,
            known_state: ScanState::Created,
            state: ScanState::Created,
            streams: Vec::new(),
            controls: Controls::new(&scan.key),
            scan,
            cursors: Vec::new(),
            places: HashMap::new(),
            images: HashMap::new(),
            batch_sizer: BatchSizer::new(),
            request: None,
            sent: None,
            questions: Questions::default(),
            collected: Vec::new(),
            ready: Vec::new(),
            is_caught_up: false,
            is_trickling: false,
            last_news: Instant::now(),
            deletion: Deletion::No,
            is_preparing: false,
            is_ending: false,
            has_wrong_type: false,
            refill: Refill::default(),
        })
    }

    /// Takes part in this memory for replies, which other readers share.
    pub fn share_memory(&mut self, memory: &ReplyMemory) {
        self.connection.share_memory(memory);
    }

    /// Returns what identifies the scan.
    pub fn scan(&self) -> &NodeIdentity {
        &self.scan
    }

    /// Returns the info of the scan at the last state.
    pub fn info(&self) -> &NodeInfo {
        &self.info
    }

    /// Returns the last state that was reported.
    pub fn state(&self) -> ScanState {
        self.state
    }

    /// Returns `true` if the scan is known to have ended, also if not all of it has been read.
    pub fn has_ended(&self) -> bool {
        self.is_draining() || self.known_state == ScanState::Ended
    }

    /// Returns what ended the scan if it has failed: the name of a class of exceptions.
    pub fn failure(&self) -> Option<&str> {
        self.controls.end.as_ref()?.as_deref()
    }

    /// Returns the streams that are announced by now, in the order of their announcement.
    pub fn streams(&self) -> &[StreamDescription] {
        &self.streams
    }

    /// Returns where a detector of Lima saves its images. Returns `None` before its first state, and if its parameters
    /// are not valid.
    pub fn images(&self, stream: StreamId) -> Option<&Arc<LimaImages>> {
        self.images.get(&stream)?.images.as_ref()
    }

    /// Starts to follow a stream, from the point `from` on, which may lie inside an event. Streams of Lima are always
    /// read from the beginning. The points of a channel are converted to the type that it has announced; if it has
    /// announced none, to that of its first event.
    ///
    /// # Errors
    /// If the scan has no such stream, or it is followed already.
    pub fn follow(&mut self, stream: StreamId, from: u64) -> Result<(), NodeError> {
        self.follow_as(stream, from, None)
    }

    /// Starts to follow a channel as [`follow`](ScanReader::follow) does, and converts its points to this type.
    ///
    /// # Errors
    /// If the scan has no such stream, or it is followed already.
    pub fn follow_as(
        &mut self,
        stream: StreamId,
        from: u64,
        element: Option<ElementType>,
    ) -> Result<(), NodeError> {
        let Some(description) = self.streams.get(stream.0) else {
            return Err(NodeError::UnknownStream {
                key: self.scan.key.clone(),
                stream: stream.0,
            });
        };
        if self.cursor(stream).is_some() {
            return Err(NodeError::AlreadyFollowed {
                stream: description.key.clone(),
            });
        }
        let known = match &description.description {
            Ok(known) => known.clone(),
            // The description that comes with the data may be valid.
            Err(_) => Arc::new(Description::default()),
        };
        let known = match element {
            Some(_) if element != known.element => Arc::new(Description {
                element,
                ..(*known).clone()
            }),
            _ => known,
        };
        let key = &description.key;
        let cursor = DataCursor::new(stream, key, description.node_type, known, from);
        let place = self.cursors.len();
        self.places.insert(cursor.key.as_bytes().into(), place);
        self.cursors.push(cursor);
        Ok(())
    }

    /// Stops following a stream, without further events of it except those that are complete already.
    pub fn unfollow(&mut self, stream: StreamId) {
        if let Some(cursor) = self.cursors.iter_mut().find(|cursor| cursor.id == stream) {
            cursor.ended = true;
        }
    }

    /// Returns the index of the next point of a followed stream; of a detector of Lima, the number of images that were
    /// acquired.
    pub fn position(&self, stream: StreamId) -> Option<u64> {
        self.cursor(stream).map(DataCursor::next)
    }

    /// Returns `true` if nothing more will come: the scan has ended or was deleted, and the streams that are followed
    /// have ended.
    pub fn is_finished(&self) -> bool {
        self.has_handed_out() && self.is_over()
    }

    /// Returns `true` if the last reply said that Redis has nothing more at present.
    pub fn is_caught_up(&self) -> bool {
        self.has_handed_out() && self.is_caught_up
    }

    /// Returns `true` if the last reply held all that the followed streams had: their
    /// [positions](Self::position) are where they ended then.
    pub fn is_current(&self) -> bool {
        self.is_trickling
    }

    /// Returns since when nothing was published, if nothing is to be read at present and the scan has not ended. A scan
    /// whose publisher has died stays so.
    pub fn idle_since(&self) -> Option<Instant> {
        (self.is_caught_up && !self.is_draining()).then_some(self.last_news)
    }

    /// Returns since when Redis cannot be reached.
    pub fn disconnected_since(&self) -> Option<Instant> {
        self.connection.lost_since()
    }

    /// Gives up the connection, for a scan of which nothing is expected soon. The next call makes another.
    pub fn disconnect(&mut self) {
        self.connection.close();
    }

    /// Waits for events, not much longer than half a second (a pause between attempts to connect may take 5 s); there
    /// may be none. Cancel-safe: when it is dropped, nothing is lost.
    ///
    /// # Errors
    /// Only when trying again does not help: wrong credentials, no permission.
    pub async fn next(&mut self) -> Result<Vec<ReaderEvent>, NodeError> {
        if self.has_handed_out()
            && let Err(error) = self.advance().await
        {
            if error.is_transient() || is_unblocked(&error) {
                let scan = self.scan.key.as_str();
                self.connection.reconnect_after(&error, scan);
            } else {
                self.connection.close();
                return Err(NodeError::redis(&self.scan.key, error));
            }
        }
        let mut events = std::mem::take(&mut self.ready);
        if !self.refill.is_empty() || events.iter().any(ReaderEvent::may_be_spooled) {
            self.refill.add(events);
            events = self.refill.next(&self.cursors).await;
        }
        for event in &events {
            if let ReaderEvent::State(state) = event {
                self.state = *state;
            }
        }
        Ok(events)
    }

    /// Returns `true` if no event is left to be handed out.
    fn has_handed_out(&self) -> bool {
        self.ready.is_empty() && self.refill.is_empty()
    }

    fn cursor(&self, stream: StreamId) -> Option<&DataCursor> {
        self.cursors.iter().find(|cursor| cursor.id == stream)
    }

    /// Returns `true` if nothing is left to be asked for.
    fn is_over(&self) -> bool {
        let has_ended = self.known_state == ScanState::Ended
            && self.questions.is_empty()
            && self.cursors.iter().all(|cursor| cursor.ended);
        has_ended || self.deletion == Deletion::Done
    }

    /// Returns `true` if what the streams still hold is all that they will ever hold.
    fn is_draining(&self) -> bool {
        self.controls.end.is_some() || self.deletion != Deletion::No
    }
}

/// Returns `true` if an administrator has ended our blocking read.
fn is_unblocked(error: &RedisError) -> bool {
    let error = error.server_error();
    error.is_some_and(|error| error.code() == "UNBLOCKED")
}
