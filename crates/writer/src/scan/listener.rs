//! Listens to one scan: its states, its document, and the streams that its layout asks for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub::{AsyncResult, Budget};
use tracing::Span;

use super::figures::ScanFigures;
use super::problem::{Interruption, ScanProblem};
use super::references::References;
use super::update::{Closed, FollowedStream, Prepared, ResumePoints, ScanUpdate};
use crate::layout::info::count;
use crate::layout::{ScanDescription, layout_of};
use crate::options::{DataWriter, SaveOptions};
use crate::report::Progress;
use crate::source::{
    ScanId, ScanSource, ScanState, ScanStore, SourceEvent, StreamDescription, StreamId, parse_time,
};
use crate::subscriber::{Consumer, Context, Fault, Listener, Sink};

/// A writer that stops takes what Redis already has; a scan that goes on delivers for ever.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Follows one scan until it has ended and all its streams were read.
pub struct ScanListener {
    /// Where the scan is published.
    pub store: Arc<dyn ScanStore>,
    /// The scan.
    pub id: ScanId,
    /// The writer that the scan must ask for; any, if there is none.
    pub writer: Option<DataWriter>,
    /// How it is saved.
    pub save: SaveOptions,
    /// An earlier writer may have begun to save it.
    pub resumed: bool,
    /// Where others see what is known of it.
    pub progress: Arc<Progress>,
    /// Where it reports what it does.
    pub figures: ScanFigures,
    /// The budget of the queue between listener and consumer.
    pub budget: Budget,
}

impl Listener for ScanListener {
    type Event = ScanUpdate;

    async fn listen<C: Consumer<Event = ScanUpdate>>(
        self,
        context: Context,
        sink: Sink<C>,
    ) -> Result<(), Fault> {
        let source = self.store.open(&self.id).await;
        let source = source.map_err(|error| Fault::new(&error))?;
        Span::current().record("name", source.name());
        context.ready();
        ListenerState {
            scan: self,
            source,
            sink,
            wanted: None,
            resume_points: HashMap::new(),
            whole: false,
            open: HashSet::new(),
            references: References::default(),
        }
        .run(&context)
        .await
    }
}

struct ListenerState<C: Consumer<Event = ScanUpdate>> {
    scan: ScanListener,
    source: Box<dyn ScanSource>,
    sink: Sink<C>,
    /// Streams that the layout asks for and that are not followed yet; none before it is known.
    wanted: Option<HashSet<String>>,
    /// Points that the files have already.
    resume_points: HashMap<String, u64>,
    /// The files have all of the scan.
    whole: bool,
    /// Followed streams that have not ended.
    open: HashSet<StreamId>,
    references: References,
}

impl<C: Consumer<Event = ScanUpdate>> ListenerState<C> {
    async fn run(mut self, context: &Context) -> Result<(), Fault> {
        let mut drained_by: Option<Instant> = None;
        let mut ended = self.source.state() == ScanState::Closed;
        self.read_again(ended).await?;
        loop {
            if self.whole || self.not_to_be_saved() {
                return Ok(());
            }
            if ended && self.open.is_empty() {
                return self.close(None).await;
            }
            let events = self.source.next().await;
            let events = events.map_err(|error| Fault::new(&error))?;
            let deleted = events.contains(&SourceEvent::Deleted);
            let states = events.contains(&SourceEvent::StateChanged);
            self.forward(events).await?;
            // A change of state may be the end: then the scan is not cut short.
            if context.stopping().is_set() && !states && !deleted && !ended {
                let limit = *drained_by.get_or_insert_with(|| Instant::now() + DRAIN_LIMIT);
                if self.source.is_caught_up() || Instant::now() > limit {
                    return self.close(Some(Interruption::WriterStopped)).await;
                }
            }
            if deleted {
                return self.close(Some(Interruption::ScanDeleted)).await;
            }
            if states {
                ended = self.source.state() == ScanState::Closed;
                self.read_again(ended).await?;
            }
        }
    }

    /// Reads in the document what the last change of state brought: the layout, or new streams.
    async fn read_again(&mut self, ended: bool) -> Result<(), Fault> {
        if self.source.state() < ScanState::Prepared {
            return Ok(());
        }
        let info = self.source.info();
        if let Some(time) = info.get("end_time").and_then(parse_time) {
            self.scan.progress.end(time);
        }
        let streams = self.source.streams();
        if self.wanted.is_none() {
            let Some(mut prepared) = self.prepared(&streams, ended)? else {
                return Ok(());
            };
            let expected = count(prepared.info.get("npoints")).filter(|points| *points > 0);
            self.scan
                .progress
                .begin(prepared.layout.subscans(), expected);
            self.wanted = Some(prepared.layout.streams().into_iter().collect());
            let resume_points = self.scan.resumed.then(AsyncResult::new);
            prepared.resumed = resume_points.as_ref().map(|it| it.promise(unanswered()));
            self.send(ScanUpdate::Prepared(Box::new(prepared))).await?;
            if let Some(resume_points) = resume_points {
                self.resume(resume_points).await?;
            }
            if self.whole {
                return Ok(());
            }
        }
        let followed = self.follow_wanted(streams);
        if followed.is_empty() {
            Ok(())
        } else {
            self.send(ScanUpdate::Streams(followed)).await
        }
    }

    /// Hears from the consumer what is there already.
    async fn resume(
        &mut self,
        resume_points: AsyncResult<ResumePoints, Fault>,
    ) -> Result<(), Fault> {
        let resume_points = resume_points.take().await;
        match resume_points.map_err(|error| error.failed().unwrap_or_else(unanswered))? {
            ResumePoints::Points(points) => self.resume_points = points,
            ResumePoints::Complete => self.whole = true,
        }
        Ok(())
    }

    /// What is to be saved, if anything is.
    fn prepared(
        &self,
        streams: &[StreamDescription],
        ended: bool,
    ) -> Result<Option<Prepared>, Fault> {
        let info = self.source.info();
        let writer = self.scan.writer.as_ref();
        if writer.is_some_and(|writer| !writer.takes(info)) {
            return Ok(None);
        }
        let scan = ScanDescription {
            info,
            path: self.source.path(),
            streams,
        };
        let layout = match layout_of(&scan, &self.scan.save) {
            Ok(Some(layout)) => layout,
            Ok(None) => return Ok(None),
            // The info may be older than the state: a later one may have it all.
            Err(_) if !ended && streams.is_empty() => return Ok(None),
            Err(error) => return Err(Fault::new(&error)),
        };
        Ok(Some(Prepared {
            layout,
            info: info.clone(),
            ended,
            resumed: None,
        }))
    }

    /// Follows the wanted streams that the scan declares by now.
    fn follow_wanted(&mut self, streams: Vec<StreamDescription>) -> Vec<FollowedStream> {
        let Some(wanted) = &mut self.wanted else {
            return Vec::new();
        };
        let mut followed = Vec::new();
        for StreamDescription { name, mut content } in streams {
            if !wanted.remove(&name) {
                continue;
            }
            let mut id = None;
            if content.is_ok() {
                let from = self.resume_points.get(&name).copied().unwrap_or(0);
                match self.source.follow(&name, from) {
                    Ok(stream) => {
                        self.open.insert(stream);
                        id = Some(stream);
                    }
                    Err(error) => content = Err(error.to_string()),
                }
            }
            followed.push(FollowedStream { name, id, content });
        }
        followed
    }

    /// The document says that nothing shall be written. A document that is older than the state
    /// (its update was refused by Redis) says nothing: a later one may.
    fn not_to_be_saved(&self) -> bool {
        let state = self.source.state();
        self.wanted.is_none()
            && (state == ScanState::Closed
                || state >= ScanState::Prepared
                    && (self.source.path().is_none() || !self.source.streams().is_empty()))
    }

    async fn forward(&mut self, events: Vec<SourceEvent>) -> Result<(), Fault> {
        self.scan.figures.received(&events);
        let mut data = Vec::with_capacity(events.len());
        for event in events {
            match event {
                SourceEvent::StateChanged | SourceEvent::Deleted => {}
                SourceEvent::References { scans, invalid, .. } => {
                    self.references.take(scans, invalid);
                }
                SourceEvent::End { stream, .. } => {
                    self.open.remove(&stream);
                    data.push(event);
                }
                event => data.push(event),
            }
        }
        if data.is_empty() {
            Ok(())
        } else {
            self.send(ScanUpdate::Data(data)).await
        }
    }

    async fn close(mut self, cut_short: Option<Interruption>) -> Result<(), Fault> {
        if self.wanted.is_none() {
            return match cut_short {
                Some(interruption) => Err(ScanProblem::Interrupted(interruption).into()),
                None => Ok(()),
            };
        }
        let references = std::mem::take(&mut self.references);
        let (references, problems) = references.resolve(&*self.scan.store).await;
        let closed = Closed {
            info: self.source.info().clone(),
            references,
            problems,
            cut_short,
        };
        self.send(ScanUpdate::Closed(Box::new(closed))).await
    }

    async fn send(&self, event: ScanUpdate) -> Result<(), Fault> {
        let cost = event.cost();
        let queue = &self.scan.figures.observation().points;
        let stopwatch = self.scan.figures.stopwatch();
        let sent = self.sink.put(event, cost).await;
        queue.waited(stopwatch);
        let free = self.scan.budget.available().unwrap_or_default();
        queue.used.set(queue.limit.get() - free as f64);
        sent
    }
}

fn unanswered() -> Fault {
    Fault::internal("the consumer did not tell what is there of the scan")
}
