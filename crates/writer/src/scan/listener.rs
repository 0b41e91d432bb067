//! Listens to one scan: its states, its document, and the streams that its layout asks for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use blissdata::document::{Document, ScanState};
use blissdata::reader::{ScanEvent as StreamEvent, ScanReader, StreamId};
use blissdata::store::{DataStore, ScanKey};
use hub::AsyncResult;
use tracing::Span;

use super::about;
use super::event::{Closed, Prepared, ScanEvent, Standing, StreamContent, StreamSource};
use super::references::References;
use super::source::sources;
use crate::layout::info::count;
use crate::layout::{ScanDescription, layout_of};
use crate::options::{DataWriter, SaveOptions};
use crate::report::Progress;
use crate::subscriber::{Consumer, Context, Fault, Listener, Sink};

/// A writer that stops takes what Redis already has; a scan that goes on delivers for ever.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Follows one scan until it has ended and all its streams were read.
pub struct ScanListener {
    /// Where the scan is published.
    pub store: DataStore,
    /// The scan.
    pub key: ScanKey,
    /// The writer that the scan must ask for; any, if there is none.
    pub writer: Option<DataWriter>,
    /// How it is saved.
    pub save: SaveOptions,
    /// An earlier writer may have begun to save it.
    pub resumed: bool,
    /// Where others see what is known of it.
    pub progress: Arc<Progress>,
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
        let Document { id, info, .. } = reader.document();
        Span::current().record("name", about::name(id, info.get("save")));
        context.ready();
        Following {
            scan: self,
            reader,
            sink,
            wanted: None,
            standing: HashMap::new(),
            whole: false,
            open: HashSet::new(),
            sequences: HashSet::new(),
            references: References::default(),
        }
        .run(&context)
        .await
    }
}

struct Following<C: Consumer<Event = ScanEvent>> {
    scan: ScanListener,
    reader: ScanReader,
    sink: Sink<C>,
    /// Streams that the layout asks for and that are not followed yet; none before it is known.
    wanted: Option<HashSet<String>>,
    /// Points that the files have already.
    standing: HashMap<String, u64>,
    /// The files have all of the scan.
    whole: bool,
    /// Followed streams that have not ended.
    open: HashSet<StreamId>,
    /// Followed streams of references to other scans.
    sequences: HashSet<StreamId>,
    references: References,
}

impl<C: Consumer<Event = ScanEvent>> Following<C> {
    async fn run(mut self, context: &Context) -> Result<(), Fault> {
        let mut drained_by: Option<Instant> = None;
        let mut ended = self.reader.state() == ScanState::Closed;
        self.look_again(ended).await?;
        loop {
            if self.whole || self.not_to_be_saved() {
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
            let deleted = events
                .iter()
                .any(|event| matches!(event, StreamEvent::Deleted));
            let states = events
                .iter()
                .any(|event| matches!(event, StreamEvent::State(_)));
            self.hand_on(events).await?;
            // A change of state may be the end: then the scan is not cut short.
            if context.stopping().is_set() && !states && !deleted && !ended {
                let limit = *drained_by.get_or_insert_with(|| Instant::now() + DRAIN_LIMIT);
                if self.reader.caught_up() || Instant::now() > limit {
                    let reason = "the writer was stopped before the scan ended";
                    return self.close(Some(reason.to_owned())).await;
                }
            }
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

    /// Reads in the document what the last change of state brought: the layout, or new streams.
    async fn look_again(&mut self, ended: bool) -> Result<(), Fault> {
        if self.reader.state() < ScanState::Prepared {
            return Ok(());
        }
        let info = &self.reader.document().info;
        if let Some(time) = info.get("end_time").and_then(about::time) {
            self.scan.progress.end(time);
        }
        let sources = sources(self.reader.document());
        if self.wanted.is_none() {
            let Some(mut prepared) = self.prepared(&sources, ended)? else {
                return Ok(());
            };
            let expected = count(prepared.info.get("npoints")).filter(|points| *points > 0);
            self.scan
                .progress
                .begin(prepared.layout.subscans(), expected);
            self.wanted = Some(prepared.layout.streams().into_iter().collect());
            let standing = self.scan.resumed.then(AsyncResult::new);
            prepared.resumed = standing.as_ref().map(|it| it.promise(unanswered()));
            self.send(ScanEvent::Prepared(Box::new(prepared))).await?;
            if let Some(standing) = standing {
                self.take_up(standing).await?;
            }
            if self.whole {
                return Ok(());
            }
        }
        let sources = self.follow_wanted(sources);
        if sources.is_empty() {
            Ok(())
        } else {
            self.send(ScanEvent::Streams(sources)).await
        }
    }

    /// Hears from the consumer what is there already.
    async fn take_up(&mut self, standing: AsyncResult<Standing, Fault>) -> Result<(), Fault> {
        let standing = standing.take().await;
        match standing.map_err(|error| error.failed().unwrap_or_else(unanswered))? {
            Standing::Points(points) => self.standing = points,
            Standing::Whole => self.whole = true,
        }
        Ok(())
    }

    /// What is to be saved, if anything is.
    fn prepared(&self, sources: &[StreamSource], ended: bool) -> Result<Option<Prepared>, Fault> {
        let document = self.reader.document();
        let writer = self.scan.writer.as_ref();
        if writer.is_some_and(|writer| !writer.takes(&document.info)) {
            return Ok(None);
        }
        let streams: Vec<_> = sources.iter().map(StreamSource::describe).collect();
        let scan = ScanDescription {
            info: &document.info,
            path: document.id.path.as_deref(),
            streams: &streams,
        };
        let layout = match layout_of(&scan, &self.scan.save) {
            Ok(Some(layout)) => layout,
            Ok(None) => return Ok(None),
            // The document may be older than the state: a later one may have it all.
            Err(_) if !ended && document.streams.is_empty() => return Ok(None),
            Err(error) => return Err(Fault::new(&error)),
        };
        Ok(Some(Prepared {
            layout,
            info: document.info.clone(),
            ended,
            resumed: None,
        }))
    }

    /// Follows the wanted streams that the document has by now.
    fn follow_wanted(&mut self, sources: Vec<StreamSource>) -> Vec<StreamSource> {
        let Some(wanted) = &mut self.wanted else {
            return Vec::new();
        };
        let mut followed = Vec::new();
        for mut source in sources {
            if !wanted.remove(&source.name) {
                continue;
            }
            if source.content.is_ok() {
                let from = self.standing.get(&source.name).copied().unwrap_or(0);
                match self.reader.follow(&source.name, from) {
                    Ok(stream) => {
                        self.open.insert(stream);
                        source.id = Some(stream);
                        if matches!(source.content, Ok(StreamContent::References)) {
                            self.sequences.insert(stream);
                        }
                    }
                    Err(error) => source.content = Err(error.to_string()),
                }
            }
            followed.push(source);
        }
        followed
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
            StreamEvent::Json { stream, values, .. } if self.sequences.contains(stream) => {
                self.references.take(values);
                false
            }
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

    async fn close(mut self, cut_short: Option<String>) -> Result<(), Fault> {
        if self.wanted.is_none() {
            return match cut_short {
                Some(reason) => Err(Fault::Failed(reason)),
                None => Ok(()),
            };
        }
        let references = std::mem::take(&mut self.references);
        let (references, problems) = references.resolve(&self.scan.store).await;
        let closed = Closed {
            info: self.reader.document().info.clone(),
            references,
            problems,
            cut_short,
        };
        self.send(ScanEvent::Closed(Box::new(closed))).await
    }

    async fn send(&self, event: ScanEvent) -> Result<(), Fault> {
        let cost = event.cost();
        self.sink.put(event, cost).await
    }
}

fn unanswered() -> Fault {
    Fault::Failed("the consumer did not tell what is there of the scan".to_owned())
}
