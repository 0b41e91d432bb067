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
use crate::options::{DataWriterFilter, SaveOptions};
use crate::report::ScanProgress;
use crate::source::{
    ScanId, ScanSource, ScanState, ScanStore, SourceEvent, StreamDescription, StreamId, parse_time,
};
use crate::subscriber::{Consumer, Context, Fault, Listener, Sink, with_causes};

/// How long a writer that stops reads on to take what Redis already has. A running scan delivers without
/// end, so there must be a limit.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Follows one scan until it has ended and all its streams were read.
pub struct ScanListener {
    /// Where the scan is published.
    pub store: Arc<dyn ScanStore>,
    /// The scan.
    pub id: ScanId,
    /// The writer that the scan must ask for; `None` accepts every scan.
    pub writer: Option<DataWriterFilter>,
    /// How the scan is saved.
    pub save: SaveOptions,
    /// Set if an earlier writer may have begun to save the scan.
    pub resumed: bool,
    /// Shows observers what is known of the scan.
    pub progress: Arc<ScanProgress>,
    /// Counts what the listener receives.
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
            already_complete: false,
            open_streams: HashSet::new(),
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
    /// Streams that the layout asks for and that are not followed yet; `None` until the layout is known.
    wanted: Option<HashSet<String>>,
    /// Points of each stream that the files have already.
    resume_points: HashMap<String, u64>,
    /// Set if the files already have the whole scan.
    already_complete: bool,
    /// Followed streams that have not ended.
    open_streams: HashSet<StreamId>,
    references: References,
}

impl<C: Consumer<Event = ScanUpdate>> ListenerState<C> {
    async fn run(mut self, context: &Context) -> Result<(), Fault> {
        let mut drain_deadline: Option<Instant> = None;
        let mut ended = self.source.state() == ScanState::Closed;
        self.read_document(ended).await?;
        loop {
            if self.already_complete || self.is_not_to_be_saved() {
                return Ok(());
            }
            if ended && self.open_streams.is_empty() {
                return self.close(None).await;
            }
            let events = self.source.next().await;
            let events = events.map_err(|error| Fault::new(&error))?;
            let deleted = events.contains(&SourceEvent::Deleted);
            let states = events.contains(&SourceEvent::StateChanged);
            self.forward(events).await?;
            // A change of state may be the end of the scan, which is then complete.
            if context.stopping().is_set() && !states && !deleted && !ended {
                let limit = *drain_deadline.get_or_insert_with(|| Instant::now() + DRAIN_LIMIT);
                if self.source.is_caught_up() || Instant::now() > limit {
                    return self.close(Some(Interruption::WriterStopped)).await;
                }
            }
            if deleted {
                return self.close(Some(Interruption::ScanDeleted)).await;
            }
            if states {
                ended = self.source.state() == ScanState::Closed;
                self.read_document(ended).await?;
            }
        }
    }

    /// Reads the layout or new streams from the document, which has changed with the state.
    async fn read_document(&mut self, ended: bool) -> Result<(), Fault> {
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
                .begin(prepared.layout.subscan_entries(), expected);
            self.wanted = Some(prepared.layout.streams().into_iter().collect());
            let resume_points = self.scan.resumed.then(AsyncResult::new);
            prepared.resumed = resume_points
                .as_ref()
                .map(|it| it.promise(no_resume_points()));
            self.send(ScanUpdate::Prepared(Box::new(prepared))).await?;
            if let Some(resume_points) = resume_points {
                self.resume(resume_points).await?;
            }
            if self.already_complete {
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

    /// Waits until the consumer has read what an earlier writer has left.
    async fn resume(
        &mut self,
        resume_points: AsyncResult<ResumePoints, Fault>,
    ) -> Result<(), Fault> {
        let resume_points = resume_points.take().await;
        match resume_points.map_err(|error| error.failed().unwrap_or_else(no_resume_points))? {
            ResumePoints::Points(points) => self.resume_points = points,
            ResumePoints::Complete => self.already_complete = true,
        }
        Ok(())
    }

    /// Returns what the consumer needs to begin, or `None` if the scan is not to be saved, or not yet known
    /// to be.
    fn prepared(
        &self,
        streams: &[StreamDescription],
        ended: bool,
    ) -> Result<Option<Prepared>, Fault> {
        let info = self.source.info();
        let writer = self.scan.writer.as_ref();
        if writer.is_some_and(|writer| !writer.accepts(info)) {
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
            // The info may be older than the state, and a later version may be complete.
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

    /// Starts to follow the wanted streams that the scan has declared by now.
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
                        self.open_streams.insert(stream);
                        id = Some(stream);
                    }
                    Err(error) => content = Err(with_causes(&error)),
                }
            }
            followed.push(FollowedStream { name, id, content });
        }
        followed
    }

    /// Returns `true` if the document says that the scan is not to be saved. A document that is older than
    /// the state (because Redis refused its update) does not count: a later version may say otherwise.
    fn is_not_to_be_saved(&self) -> bool {
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
                    self.open_streams.remove(&stream);
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

    async fn close(mut self, interruption: Option<Interruption>) -> Result<(), Fault> {
        if self.wanted.is_none() {
            return match interruption {
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
            interruption,
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

fn no_resume_points() -> Fault {
    Fault::internal("the consumer did not report what an earlier writer has left")
}
