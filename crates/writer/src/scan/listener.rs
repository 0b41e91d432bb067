//! Listens to one scan: its states, its document, and the streams that its layout asks for.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use blissdata::document::{ScanState, StreamModel};
use blissdata::encoding::Encoding;
use blissdata::kinds::StreamKind;
use blissdata::reader::{ScanEvent as StreamEvent, ScanReader, StreamId};
use blissdata::store::{DataStore, ScanKey};

use super::event::{Closed, DetectorFiles, Prepared, ScanEvent, StreamContent, StreamSource};
use crate::element::element_type;
use crate::layout::{FileTree, h5maps};
use crate::subscriber::{Consumer, Context, Fault, Listener, Sink};

/// A writer that stops takes what Redis already has; a scan that goes on delivers for ever.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Follows one scan until it has ended and all its streams were read.
pub struct ScanListener {
    /// Where the scan is published.
    pub store: DataStore,
    /// The scan.
    pub key: ScanKey,
}

impl Listener for ScanListener {
    type Event = ScanEvent;

    async fn listen<C: Consumer<Event = ScanEvent>>(
        self,
        context: Context,
        sink: Sink<C>,
    ) -> Result<(), Fault> {
        let reader = ScanReader::open(&self.store, &self.key)
            .await
            .map_err(|error| Fault::new(&error))?;
        context.ready();
        Following {
            reader,
            sink,
            wanted: None,
            open: HashSet::new(),
        }
        .run(&context)
        .await
    }
}

struct Following<C: Consumer<Event = ScanEvent>> {
    reader: ScanReader,
    sink: Sink<C>,
    /// Streams that the trees ask for and that are not followed yet; none before the trees are known.
    wanted: Option<HashSet<String>>,
    /// Followed streams that have not ended.
    open: HashSet<StreamId>,
}

impl<C: Consumer<Event = ScanEvent>> Following<C> {
    async fn run(mut self, context: &Context) -> Result<(), Fault> {
        let mut drained_by: Option<Instant> = None;
        let mut ended = self.reader.state() == ScanState::Closed;
        self.look_again(ended).await?;
        loop {
            if self.not_to_be_saved() {
                return Ok(());
            }
            if ended && self.open.is_empty() {
                return self.close(None).await;
            }
            let events = self
                .reader
                .next()
                .await
                .map_err(|error| Fault::new(&error))?;
            if context.stopping().is_set() {
                let limit = *drained_by.get_or_insert_with(|| Instant::now() + DRAIN_LIMIT);
                if self.reader.caught_up() || Instant::now() > limit {
                    self.hand_on(events).await?;
                    let reason = "the writer was stopped before the scan ended";
                    return self.close(Some(reason.to_owned())).await;
                }
            }
            let deleted = events
                .iter()
                .any(|event| matches!(event, StreamEvent::Deleted));
            let states = events
                .iter()
                .any(|event| matches!(event, StreamEvent::State(_)));
            self.hand_on(events).await?;
            if deleted {
                return self
                    .close(Some("the scan was deleted from Redis".to_owned()))
                    .await;
            }
            if states {
                ended = self.reader.state() == ScanState::Closed;
                self.look_again(ended).await?;
            }
        }
    }

    /// Reads in the document what the last change of state brought: the trees, or new streams.
    async fn look_again(&mut self, ended: bool) -> Result<(), Fault> {
        if self.reader.state() < ScanState::Prepared {
            return Ok(());
        }
        if self.wanted.is_none() {
            let (trees, path) = (self.trees(), self.reader.document().id.path.clone());
            // Without a path the scan is not to be saved, whatever its layout says.
            let Some(path) = path.filter(|_| !trees.is_empty()) else {
                return Ok(());
            };
            self.wanted = Some(stream_names(&trees));
            let prepared = Prepared { path, trees, ended };
            self.send(ScanEvent::Prepared(Box::new(prepared))).await?;
        }
        let sources = self.follow_wanted();
        if sources.is_empty() {
            Ok(())
        } else {
            self.send(ScanEvent::Streams(sources)).await
        }
    }

    /// Follows the wanted streams that the document has by now.
    fn follow_wanted(&mut self) -> Vec<StreamSource> {
        let Some(wanted) = &mut self.wanted else {
            return Vec::new();
        };
        let document = self.reader.document();
        let present: Vec<(String, Result<StreamContent, String>)> = document
            .streams
            .iter()
            .filter(|(name, _)| wanted.contains(*name))
            .map(|(name, model)| (name.clone(), content(model)))
            .collect();
        let mut sources = Vec::new();
        for (name, mut content) in present {
            wanted.remove(&name);
            let mut id = None;
            if content.is_ok() {
                match self.reader.follow(&name, 0) {
                    Ok(stream) => {
                        self.open.insert(stream);
                        id = Some(stream);
                    }
                    Err(error) => content = Err(error.to_string()),
                }
            }
            sources.push(StreamSource { name, id, content });
        }
        sources
    }

    /// The document says that nothing shall be written. A document that is older than the state
    /// (its update was refused by Redis) says nothing: a later one may.
    fn not_to_be_saved(&self) -> bool {
        let document = self.reader.document();
        let state = self.reader.state();
        self.wanted.is_none()
            && (state == ScanState::Closed
                || state >= ScanState::Prepared
                    && (document.id.path.is_none() || !document.streams.is_empty()))
    }

    async fn hand_on(&mut self, mut events: Vec<StreamEvent>) -> Result<(), Fault> {
        events.retain(|event| match event {
            StreamEvent::State(_) | StreamEvent::Deleted => false,
            StreamEvent::End { stream, .. } => {
                self.open.remove(stream);
                true
            }
            _ => true,
        });
        if events.is_empty() {
            Ok(())
        } else {
            self.send(ScanEvent::Data(events)).await
        }
    }

    async fn close(self, cut_short: Option<String>) -> Result<(), Fault> {
        if self.wanted.is_none() {
            return match cut_short {
                Some(reason) => Err(Fault::Failed(reason)),
                None => Ok(()),
            };
        }
        let closed = Closed {
            trees: self.trees(),
            cut_short,
        };
        self.send(ScanEvent::Closed(Box::new(closed))).await
    }

    fn trees(&self) -> Vec<FileTree> {
        h5maps::trees(&self.reader.document().info)
    }

    async fn send(&self, event: ScanEvent) -> Result<(), Fault> {
        let cost = event.cost();
        self.sink.put(event, cost).await
    }
}

fn stream_names(trees: &[FileTree]) -> HashSet<String> {
    trees
        .iter()
        .flat_map(|tree| tree.root.streams())
        .map(|(_, stream)| stream.to_owned())
        .collect()
}

/// What can be made of a stream.
fn content(model: &StreamModel) -> Result<StreamContent, String> {
    match model.kind.as_ref().map_err(ToString::to_string)? {
        StreamKind::Lima(info) => Ok(StreamContent::Frames(DetectorFiles::Lima(info.clone()))),
        StreamKind::Lima2Legacy(info) => {
            Ok(StreamContent::Frames(DetectorFiles::Lima2(info.clone())))
        }
        StreamKind::Mosca(info) => Ok(StreamContent::Frames(DetectorFiles::Mosca(info.clone()))),
        StreamKind::Lima2(info) => Ok(StreamContent::Master(info.master_file.clone())),
        StreamKind::ScanSequence => Err("a sequence of scans has no data".to_owned()),
        StreamKind::Plain => match model.encoding.as_ref().map_err(ToString::to_string)? {
            Encoding::Json => Err("HDF5 has no type for the values of a JSON stream".to_owned()),
            Encoding::Numeric { dtype, shape } => Ok(StreamContent::Points {
                element: element_type(*dtype),
                shape: shape.clone(),
            }),
        },
    }
}
