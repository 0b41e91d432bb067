//! One scan as a [`ScanSource`], read from its document and its streams.

use std::collections::HashSet;

use async_trait::async_trait;
use blissdata::document::ScanState as PublishedState;
use blissdata::reader::{self, ReadError, ReaderEvent, ScanReader};
use blissdata::store::{DataStore, ScanKey};
use redis_client::ReplyMemory;
use serde_json::Value as Json;
use tokio::join;

use super::spool::SpoolingStore;
use super::stream::{content, references};
use super::summary::client_name;
use crate::source::spools::{SpoolHeldError, Spools};
use crate::source::{
    Block, DataModel, HeadProbe, LossReason, ScanSource, ScanState, SourceError, SourceEvent,
    StreamContent, StreamDescription, StreamHead, StreamId, TextBlock,
};

/// A scan in a data store.
pub struct PublishedScan {
    reader: ScanReader,
    /// The followed streams of JSON values that are data, and not references to scans.
    text_streams: HashSet<reader::StreamId>,
}

impl PublishedScan {
    /// Opens the scan, and takes its spool. What Redis has lost comes from the spool, up to the scan as a whole.
    pub async fn open(
        store: &DataStore,
        key: &ScanKey,
        spools: &Spools<SpoolingStore>,
    ) -> Result<PublishedScan, SourceError> {
        let (spool, opened) = match spools.find(key.pk()) {
            Some(spool) => (Some(spool), ScanReader::open(store, key).await),
            None => {
                // Most scans have no spool, and need not wait until that is known.
                let (spool, opened) = join!(spools.take(key.pk()), ScanReader::open(store, key));
                (spool?, opened)
            }
        };
        let mut reader = match (opened, &spool) {
            (Err(ReadError::NotFound { .. } | ReadError::Deleted { .. }), Some(spool)) => {
                ScanReader::open_spooled(store, key, Some(spool.clone())).await?
            }
            (opened, _) => opened?,
        };
        let is_ours =
            spool.as_ref().is_some_and(|spool| spool.exists()) || !spools.respects_marks();
        if let Some(host) = reader.spooled_on().filter(|_| !is_ours) {
            let host = host.to_owned();
            return Err(SpoolHeldError::OnHost { host }.into());
        }
        if let Some(spool) = spool {
            reader.set_spool(spool);
        }
        Ok(PublishedScan {
            reader,
            text_streams: HashSet::new(),
        })
    }
}

#[async_trait(?Send)]
impl ScanSource for PublishedScan {
    fn name(&self) -> String {
        let document = self.reader.document();
        client_name(&document.id, document.info.get("save"))
    }

    fn model(&self) -> DataModel {
        DataModel::Blissdata
    }

    fn state(&self) -> ScanState {
        match self.reader.state() {
            PublishedState::Created => ScanState::Created,
            PublishedState::Closed => ScanState::Closed,
            PublishedState::Prepared | PublishedState::Started | PublishedState::Stopped => {
                ScanState::Prepared
            }
        }
    }

    fn info(&self) -> &Json {
        &self.reader.document().info
    }

    fn path(&self) -> Option<&str> {
        self.reader.document().id.path.as_deref()
    }

    fn number(&self) -> Option<u64> {
        Some(self.reader.document().id.number)
    }

    fn streams(&self) -> Vec<StreamDescription> {
        let streams = self.reader.document().streams.iter();
        streams
            .map(|(name, model)| StreamDescription::new(name.clone(), content(model)))
            .collect()
    }

    fn follow(&mut self, stream: &str, from: u64) -> Result<StreamId, SourceError> {
        let id = self.reader.follow(stream, from)?;
        let model = self.reader.document().streams.get(stream);
        if let Some(Ok(StreamContent::Texts { .. })) = model.map(content) {
            self.text_streams.insert(id);
        }
        Ok(StreamId(id.0))
    }

    async fn next(&mut self) -> Result<Vec<SourceEvent>, SourceError> {
        let events = self.reader.next().await?;
        let events = events.into_iter();
        Ok(events
            .map(|event| source_event(event, &self.text_streams))
            .collect())
    }

    fn position(&self, stream: StreamId) -> Option<u64> {
        self.reader.position(reader::StreamId(stream.0))
    }

    fn is_current(&self) -> bool {
        self.reader.is_current()
    }

    fn kept_entries(&self) -> Option<u64> {
        None
    }

    fn head_probe(&self, streams: &[&str]) -> Result<Box<dyn HeadProbe>, SourceError> {
        Ok(Box::new(self.reader.head_probe(streams)?))
    }

    fn share_memory(&mut self, memory: &ReplyMemory) {
        self.reader.share_memory(memory);
    }

    fn disconnect(&mut self) {
        self.reader.disconnect();
    }

    fn is_caught_up(&self) -> bool {
        self.reader.caught_up()
    }

    fn is_finished(&self) -> bool {
        self.reader.finished()
    }
}

#[async_trait(?Send)]
impl HeadProbe for reader::HeadProbe {
    async fn ask(&self) -> Result<Vec<Option<StreamHead>>, SourceError> {
        let heads = reader::HeadProbe::ask(self).await?;
        let head = |head: Option<reader::StreamHead>| {
            Some(StreamHead {
                end: head?.end,
                last_entry: 1,
            })
        };
        Ok(heads.into_iter().map(head).collect())
    }
}

fn source_event(event: ReaderEvent, text_streams: &HashSet<reader::StreamId>) -> SourceEvent {
    match event {
        ReaderEvent::State(_) => SourceEvent::StateChanged,
        ReaderEvent::Deleted => SourceEvent::Deleted,
        ReaderEvent::Points(block) => SourceEvent::Points(Block {
            stream: StreamId(block.stream.0),
            first: block.first,
            count: block.count,
            shape: block.shape,
            data: block.data,
        }),
        ReaderEvent::Frames {
            stream,
            acquired,
            saved,
        } => SourceEvent::Frames {
            stream: StreamId(stream.0),
            acquired,
            saved,
        },
        ReaderEvent::Json {
            stream,
            first,
            texts,
        } if text_streams.contains(&stream) => SourceEvent::Texts(TextBlock {
            stream: StreamId(stream.0),
            first,
            count: texts.len() as u64,
            shape: Box::default(),
            texts,
        }),
        ReaderEvent::Json { stream, texts, .. } => references(StreamId(stream.0), texts),
        ReaderEvent::Lost {
            stream,
            first,
            count,
            reason,
        } => SourceEvent::Lost {
            stream: StreamId(stream.0),
            first,
            count,
            reason: loss_reason(reason),
        },
        ReaderEvent::End {
            stream,
            total,
            sealed,
        } => SourceEvent::End {
            stream: StreamId(stream.0),
            total,
            sealed,
        },
    }
}

fn loss_reason(reason: reader::LossReason) -> LossReason {
    match reason {
        reader::LossReason::Trimmed => LossReason::Trimmed,
        reader::LossReason::Corrupt(problem) => LossReason::Corrupt(problem),
        reader::LossReason::StatusTrimmed => LossReason::CountUnknown,
        reader::LossReason::InconsistentSeal { declared } => LossReason::FewerDeclared { declared },
        other => LossReason::Other(format!("{other:?}")),
    }
}
