//! One scan as a [`ScanSource`], read from its nodes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use bliss_node::key::NodeKey;
use bliss_node::lima::LimaStatus;
use bliss_node::node::NodeType;
use bliss_node::points::Conversion;
use bliss_node::reader::{self, ReaderEvent, ScanReader};
use bliss_node::store::{self, KEPT_ENTRIES, NodeStore};
use observation::with_causes;
use redis_client::ReplyMemory;
use serde_json::Value as Json;
use tracing::warn;

use super::dataset::DatasetMetadata;
use super::info::scan_info;
use super::names::StreamNames;
use super::points;
use super::spool::{RecordedStreams, SpoolingNodes, remove_foreign};
use super::stream::{AnnouncedPoints, announced, content};
use crate::source::spools::{SpoolHeldError, Spools};
use crate::source::{
    DataModel, HeadProbe, LossReason, ScanId, ScanSource, ScanState, SourceError, SourceEvent,
    StreamDescription, StreamHead, StreamId,
};

/// A scan of BLISS 1.
pub struct NodeScan {
    store: NodeStore,
    reader: ScanReader,
    /// The metadata of the dataset to which the scan belongs.
    dataset: DatasetMetadata,
    info: Json,
    /// Set if the info is to be made again, with metadata of the dataset that are up to date.
    is_info_outdated: bool,
    /// The names of the values of the info that could not be read.
    invalid_info: HashSet<String>,
    state: ScanState,
    /// The names of the streams by which the writer knows them.
    names: StreamNames,
    /// Tells the recorder which streams the scan has.
    recorded: Option<Arc<RecordedStreams>>,
    /// The streams that the writer follows.
    followed: HashSet<reader::StreamId>,
    /// What the datasets of channels that are followed have.
    announced: HashMap<reader::StreamId, AnnouncedPoints>,
    /// The last state of each detector. How a detector saves its images is known with the first one, so all of them are
    /// read from the beginning.
    detectors: HashMap<reader::StreamId, Option<LimaStatus>>,
    /// The detectors that have ended before they were followed, with their number of images.
    ended: HashMap<reader::StreamId, u64>,
    /// Events for the next call.
    held: Vec<SourceEvent>,
}

impl NodeScan {
    /// Opens the scan of this key, and takes its spool. What Redis has lost comes from the spool.
    ///
    /// # Errors
    /// If there is no such scan, its version is not supported, the server cannot be asked, or somebody else has points of
    /// the scan that the server may not have.
    pub async fn open(
        store: &NodeStore,
        key: &NodeKey,
        spools: &Spools<SpoolingNodes>,
    ) -> Result<NodeScan, SourceError> {
        let spool = match spools.find(key.as_str()) {
            Some(spool) => Some(spool),
            None => spools.take(key.as_str()).await?,
        };
        if let Some(spool) = &spool {
            remove_foreign(store, key, spool).await?;
        }
        let is_ours =
            spool.as_ref().is_some_and(|spool| spool.exists()) || !spools.respects_marks();
        if !is_ours && let Some(host) = store.spooled_on(key).await? {
            return Err(SpoolHeldError::OnHost { host }.into());
        }
        let reader = ScanReader::open_spooled(store, key, spool).await?;
        let dataset = DatasetMetadata::load(store, key).await?;
        let dataset = match dataset.values().is_empty() {
            true => DatasetMetadata::recorded(&reader.spooled_nodes(), key),
            false => dataset,
        };
        Ok(NodeScan {
            store: store.clone(),
            info: scan_info(reader.info(), &dataset),
            dataset,
            is_info_outdated: false,
            invalid_info: HashSet::new(),
            state: ScanState::Created,
            reader,
            names: StreamNames::default(),
            recorded: spools.notes(key.as_str()),
            followed: HashSet::new(),
            announced: HashMap::new(),
            detectors: HashMap::new(),
            ended: HashMap::new(),
            held: Vec::new(),
        })
    }

    /// Makes the info again for the present state, with the metadata that the dataset has by now.
    async fn renew_info(&mut self) {
        let scan = &self.reader.scan().key;
        match DatasetMetadata::load(&self.store, scan).await {
            // Nodes that have vanished take nothing away.
            Ok(dataset) if dataset.values().is_empty() => {}
            Ok(dataset) => self.dataset = dataset,
            // Those of the last state are of use, too.
            Err(error) => {
                warn!(%scan, "the metadata of the dataset are not read again: {}", with_causes(&error));
            }
        }
        self.is_info_outdated = false;
        self.info = scan_info(self.reader.info(), &self.dataset);
        self.report_invalid_info();
    }

    /// Converts an event, for the next call.
    fn take(&mut self, event: ReaderEvent) -> Result<(), SourceError> {
        match event {
            ReaderEvent::Stream(stream) => self.announce(stream)?,
            ReaderEvent::State(_) => self.is_info_outdated = true,
            ReaderEvent::LimaStatus { stream, status } => {
                if self.followed.contains(&stream) {
                    self.held.push(frames(stream, &status));
                }
                self.detectors.insert(stream, Some(status));
            }
            ReaderEvent::Points(block) => {
                let announced = self.announced.get(&block.stream);
                self.held.push(points::numbers(announced, block));
            }
            ReaderEvent::Texts {
                stream,
                first,
                count,
                shape,
                texts,
            } => {
                let announced = self.announced.get(&stream);
                let events = points::texts(announced, (stream, first, count), &shape, texts);
                self.held.extend(events);
            }
            ReaderEvent::References { stream, keys, .. } => {
                self.held.push(references(stream, keys));
            }
            ReaderEvent::Lost {
                stream,
                first,
                count,
                reason,
            } => self.held.push(SourceEvent::Lost {
                stream: StreamId(stream.0),
                first,
                count,
                reason: loss_reason(reason),
            }),
            ReaderEvent::End { stream, total } if !self.followed.contains(&stream) => {
                self.ended.insert(stream, total);
            }
            ReaderEvent::End { stream, total } => self.held.push(end(stream, total)),
            ReaderEvent::NodeGone { key } => {
                let scan = &self.reader.scan().key;
                warn!(%scan, "node {key} has vanished from Redis, and its data with it");
            }
            ReaderEvent::Converted { stream, conversion } => {
                let (scan, name) = (&self.reader.scan().key, self.names.all().get(stream.0));
                let Conversion { from, to } = conversion;
                warn!(
                    %scan,
                    "stream {:?}: points of the type {from} are converted to {to}, which was announced",
                    name.map_or("", String::as_str),
                );
            }
            // The datasets have what was announced when they were begun.
            ReaderEvent::Described { .. } => {}
            ReaderEvent::Deleted => self.held.push(SourceEvent::Deleted),
        }
        Ok(())
    }

    fn announce(&mut self, stream: reader::StreamId) -> Result<(), SourceError> {
        let described = self.reader.streams().get(stream.0);
        if described.is_some_and(|described| described.node_type == NodeType::Lima) {
            self.reader.follow(stream, 0)?;
            self.detectors.insert(stream, None);
        }
        Ok(())
    }

    /// Reports the values of the info that cannot be read, each once. They are not in the file.
    fn report_invalid_info(&mut self) {
        let scan = &self.reader.scan().key;
        for (name, error) in self.reader.info().invalid() {
            if self.invalid_info.insert(name.clone()) {
                warn!(%scan, "the value {name:?} of the scan's info cannot be read: {error}");
            }
        }
    }

    /// Returns how far the scan is: prepared when it is known how its detectors save their images.
    fn present_state(&self) -> ScanState {
        match self.reader.state() {
            reader::ScanState::Ended => ScanState::Closed,
            reader::ScanState::Prepared if self.detectors.values().all(Option::is_some) => {
                ScanState::Prepared
            }
            reader::ScanState::Prepared | reader::ScanState::Created => ScanState::Created,
        }
    }
}

#[async_trait(?Send)]
impl ScanSource for NodeScan {
    fn name(&self) -> String {
        self.reader.scan().name.clone()
    }

    fn model(&self) -> DataModel {
        DataModel::Node
    }

    fn state(&self) -> ScanState {
        self.state
    }

    fn has_ended(&self) -> bool {
        self.reader.has_ended()
    }

    fn info(&self) -> &Json {
        &self.info
    }

    fn path(&self) -> Option<&str> {
        self.info.get("filename").and_then(Json::as_str)
    }

    fn streams(&self) -> Vec<StreamDescription> {
        let streams = self.reader.streams().iter().zip(self.names.all());
        streams
            .map(|(stream, name)| StreamDescription {
                name: name.clone(),
                channel: stream.name.clone(),
                subscan: Some(stream.subscan.clone()),
                content: content(&self.reader, stream),
            })
            .collect()
    }

    fn follow(&mut self, stream: &str, from: u64) -> Result<StreamId, SourceError> {
        // The reader says that there is none.
        let place = self.names.place(stream);
        let id = reader::StreamId(place.unwrap_or(self.reader.streams().len()));
        match self.detectors.get(&id) {
            Some(status) => {
                self.held
                    .extend(status.iter().map(|status| frames(id, status)));
                let ended = self.ended.remove(&id);
                self.held.extend(ended.map(|total| end(id, total)));
            }
            None => {
                let described = self.reader.streams().get(id.0);
                let points = described.and_then(|stream| announced(stream).ok());
                let element = points.as_ref().map(|points| points.element);
                self.reader.follow_as(id, from, element)?;
                self.announced.extend(points.map(|points| (id, points)));
            }
        }
        self.followed.insert(id);
        Ok(StreamId(id.0))
    }

    async fn next(&mut self) -> Result<Vec<SourceEvent>, SourceError> {
        if !self.held.is_empty() {
            return Ok(std::mem::take(&mut self.held));
        }
        if self.is_info_outdated {
            self.renew_info().await;
        } else {
            for event in self.reader.next().await? {
                self.take(event)?;
            }
            // The state is reported with the info that belongs to it, by the next call: what was taken must not be lost
            // if this one is dropped while it waits.
            if self.is_info_outdated {
                return Ok(std::mem::take(&mut self.held));
            }
        }
        let state = self.present_state();
        // Before, not all channels are announced that may have the same name.
        if state != ScanState::Created {
            let scan = &self.reader.scan().key;
            let known = self.names.all().len();
            self.names.add(scan, self.reader.streams());
            if let Some(recorded) = &self.recorded
                && self.names.all().len() > known
            {
                let keys = self.reader.streams().iter().map(|stream| &stream.key);
                recorded.set(self.names.all().iter().map(String::as_str).zip(keys));
            }
        }
        if state != self.state {
            self.state = state;
            self.held.push(SourceEvent::StateChanged);
        }
        Ok(std::mem::take(&mut self.held))
    }

    fn share_memory(&mut self, memory: &ReplyMemory) {
        self.reader.share_memory(memory);
    }

    fn disconnect(&mut self) {
        self.reader.disconnect();
    }

    fn is_caught_up(&self) -> bool {
        self.held.is_empty() && !self.is_info_outdated && self.reader.is_caught_up()
    }

    fn is_finished(&self) -> bool {
        self.held.is_empty() && !self.is_info_outdated && self.reader.is_finished()
    }

    fn position(&self, stream: StreamId) -> Option<u64> {
        self.reader.position(reader::StreamId(stream.0))
    }

    fn is_current(&self) -> bool {
        self.reader.is_current()
    }

    fn kept_entries(&self) -> Option<u64> {
        Some(KEPT_ENTRIES)
    }

    fn head_probe(&self, streams: &[&str]) -> Result<Box<dyn HeadProbe>, SourceError> {
        let all = self.reader.streams();
        let key = |name: &&str| {
            let stream = all.get(self.names.place(name)?)?;
            Some(stream.key.clone())
        };
        Ok(Box::new(NodeHeads {
            store: self.store.clone(),
            keys: streams.iter().filter_map(key).collect(),
        }))
    }
}

/// Asks how far streams are published.
struct NodeHeads {
    store: NodeStore,
    keys: Vec<NodeKey>,
}

#[async_trait(?Send)]
impl HeadProbe for NodeHeads {
    async fn ask(&self) -> Result<Vec<Option<StreamHead>>, SourceError> {
        let heads = self.store.head(&self.keys).await?;
        let head = |head: Option<store::StreamHead>| {
            head.map(|head| StreamHead {
                end: head.end,
                last_entry: head.last_entry.max(1),
            })
        };
        Ok(heads.into_iter().map(head).collect())
    }
}

fn frames(stream: reader::StreamId, status: &LimaStatus) -> SourceEvent {
    SourceEvent::Frames {
        stream: StreamId(stream.0),
        acquired: status.acquired,
        saved: status.saved,
    }
}

fn references(stream: reader::StreamId, keys: Vec<String>) -> SourceEvent {
    let is_key = |key: &String| key.parse::<NodeKey>().is_ok();
    let (scans, invalid): (Vec<_>, Vec<_>) = keys.into_iter().partition(is_key);
    SourceEvent::References {
        stream: StreamId(stream.0),
        scans: scans.into_iter().map(ScanId::new).collect(),
        invalid,
    }
}

/// Nodes have no seals: a stream has ended when the scan has.
fn end(stream: reader::StreamId, total: u64) -> SourceEvent {
    SourceEvent::End {
        stream: StreamId(stream.0),
        total,
        sealed: true,
    }
}

fn loss_reason(reason: reader::LossReason) -> LossReason {
    match reason {
        reader::LossReason::Trimmed => LossReason::Trimmed,
        reader::LossReason::Corrupt(problem) => LossReason::Corrupt(problem),
        other => LossReason::Other(other.to_string()),
    }
}
