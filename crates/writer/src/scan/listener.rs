//! Listens to one scan: its states, its document, and the streams that its layout asks for.

mod document;
mod links;
mod waiting;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub::{AsyncResult, Budget, Event, Reservation};
use redis_client::ReplyMemory;
use tracing::{Span, info};

use super::attempt::{AttemptClock, AttemptEnd, ListenerEnd, Verdict};
use super::figures::ScanFigures;
use super::file_claims::FileClaims;
use super::large_points::LargePoints;
use super::live::LiveStreams;
use super::margin::MarginWatch;
use super::problem::{Interruption, ScanProblem};
use super::references::References;
use super::update::{Closed, ScanUpdate};
use crate::memory::MemoryBudget;
use crate::options::{DataWriterFilter, SaveOptions};
use crate::report::ScanProgress;
use crate::source::{ScanId, ScanSource, ScanState, ScanStore, SourceEvent, StreamId};
use crate::subscriber::{Consumer, Context, Fault, Listener, Sink};
use links::Links;

/// How long a writer that stops reads on to take what Redis already has. A running scan delivers without
/// end, so there must be a limit.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Time after which an attempt is taken for one that works: several commits take less. A scan that waits is not said to
/// work again before, so that each attempt that fails does not cause a warning.
const LASTING: Duration = Duration::from_secs(2);

/// How often a file is asked for that another writer has claimed.
const CLAIM_POLL: Duration = Duration::from_secs(1);

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
    /// The memory for replies, which the readers of all scans share.
    pub reply_memory: ReplyMemory,
    /// The memory budget of all scans.
    pub memory: MemoryBudget,
    /// The places of the scans that are saved at the same time.
    pub places: Budget,
    /// The place of this scan; none while it waits.
    pub place: Option<Reservation>,
    /// The claims of its files.
    pub claims: FileClaims,
    /// Measures how far the scan is behind.
    pub margin: MarginWatch,
    /// Shows observers the data of the scan.
    pub live: LiveStreams,
}

impl Listener for ScanListener {
    type Event = ScanUpdate;

    async fn listen<C: Consumer<Event = ScanUpdate>>(
        mut self,
        context: Context,
        sink: Sink<C>,
    ) -> Result<(), Fault> {
        let mut clock = AttemptClock::new(self.save.retry_time);
        self.margin.start();
        loop {
            self.take_place(&context).await;
            // Nothing is read as long as it cannot be written.
            if let Err(claimed) = self.claims.acquire(&*self.store).await
                && !context.stopping().is_set()
            {
                let fault = Fault::from(claimed);
                if clock.is_over() {
                    return Err(fault);
                }
                self.wait(&context, &fault, CLAIM_POLL).await;
                continue;
            }
            let attempt = self.attempt(&context, &sink).await;
            let verdict = AsyncResult::new();
            let attempt_end = AttemptEnd {
                end: attempt.end.clone(),
                verdict: verdict.promise(no_answer()),
            };
            let attempt_end = ScanUpdate::AttemptEnd(Box::new(attempt_end));
            sink.put(attempt_end, 0).await?;
            let verdict = verdict.take().await;
            self.claims.release().await;
            match verdict.map_err(|error| error.failed().unwrap_or_else(no_answer))? {
                Verdict::Final => return attempt.end.into_result(),
                Verdict::TryAgain(fault) if attempt.has_no_data => return Err(fault),
                Verdict::TryAgain(fault) => {
                    let pause = clock.pause().filter(|_| !context.stopping().is_set());
                    let Some(pause) = pause else {
                        return Err(fault);
                    };
                    self.wait(&context, &fault, pause).await;
                    if context.stopping().is_set() {
                        return Err(fault);
                    }
                }
                Verdict::Continue => {
                    if let Some(source) = attempt.parked {
                        self.wait_for_news(&context, source).await;
                    }
                    clock = AttemptClock::new(self.save.retry_time);
                }
            }
            self.resumed = true;
        }
    }
}

impl ScanListener {
    /// Makes one attempt to save the scan.
    async fn attempt<C: Consumer<Event = ScanUpdate>>(
        &mut self,
        context: &Context,
        sink: &Sink<C>,
    ) -> Attempt {
        if context.stopping().is_set() {
            let stopped = ScanProblem::Interrupted(Interruption::WriterStopped);
            return Attempt::failed(stopped.into());
        }
        let mut source = match self.store.open(&self.id).await {
            Ok(source) => source,
            Err(error) => {
                return Attempt::failed(ScanProblem::from(error).into());
            }
        };
        source.share_memory(&self.reply_memory);
        Span::current().record("name", source.name());
        context.ready();
        self.margin.begin_attempt(&*source);
        self.live.begin_attempt();
        let mut claims = std::mem::take(&mut self.claims);
        let mut attempt = ListenerState {
            scan: self,
            source,
            sink,
            claims: &mut claims,
            wanted: None,
            resume_points: HashMap::new(),
            already_complete: false,
            open_streams: HashSet::new(),
            references: References::default(),
            links: Links::default(),
            large_points: LargePoints::new(self.memory),
            stopped: Event::new(),
        };
        let end = match attempt.run(context).await {
            Ok(end) => end,
            Err(fault) => ListenerEnd::Ended(Err(fault)),
        };
        attempt.scan.margin.end_attempt();
        let source = attempt.source;
        self.claims = claims;
        Attempt {
            has_no_data: source.has_ended() && source.streams().is_empty(),
            parked: (end == ListenerEnd::Parked).then_some(source),
            end,
        }
    }
}

/// How an attempt to save the scan ended.
struct Attempt {
    end: ListenerEnd,
    /// The source of a scan that is parked.
    parked: Option<Box<dyn ScanSource>>,
    /// Set if the scan has ended without any stream, as one does that BLISS refuses to start. Nothing is lost when it is
    /// not tried again, and its writer can be stopped.
    has_no_data: bool,
}

impl Attempt {
    fn failed(fault: Fault) -> Attempt {
        Attempt {
            end: ListenerEnd::Ended(Err(fault)),
            parked: None,
            has_no_data: false,
        }
    }
}

struct ListenerState<'a, C: Consumer<Event = ScanUpdate>> {
    scan: &'a ScanListener,
    source: Box<dyn ScanSource>,
    sink: &'a Sink<C>,
    /// The claims of the scan's files.
    claims: &'a mut FileClaims,
    /// Streams that the layout asks for and that are not followed yet; `None` until the layout is known.
    wanted: Option<HashSet<String>>,
    /// Points of each stream that the files have already.
    resume_points: HashMap<String, u64>,
    /// Set if the files already have the whole scan.
    already_complete: bool,
    /// Followed streams that have not ended.
    open_streams: HashSet<StreamId>,
    references: References,
    /// Links to the scan in other files.
    links: Links,
    large_points: LargePoints,
    /// Sent by the consumer when nothing more can be saved before a problem of the environment is gone.
    stopped: Event,
}

impl<C: Consumer<Event = ScanUpdate>> ListenerState<'_, C> {
    async fn run(&mut self, context: &Context) -> Result<ListenerEnd, Fault> {
        let mut drain_deadline: Option<Instant> = None;
        let begun = Instant::now();
        let mut last_event = begun;
        let mut ended = self.source.state() == ScanState::Closed;
        self.read_document(context, ended).await?;
        loop {
            if self.already_complete || self.is_not_to_be_saved() || self.stopped.is_set() {
                return Ok(ListenerEnd::Ended(Ok(())));
            }
            if context.is_waiting() && self.wanted.is_some() && begun.elapsed() > LASTING {
                context.working();
                info!(scan = %self.scan.id, "saving goes on, the scan no longer waits");
            }
            if ended && self.open_streams.is_empty() {
                return self.close(context, None).await;
            }
            let events = self.source.next().await;
            let events = events.map_err(ScanProblem::from)?;
            self.scan.margin.take_lengths(&*self.source);
            if !events.is_empty() {
                last_event = Instant::now();
            }
            let deleted = events.contains(&SourceEvent::Deleted);
            let states = events.contains(&SourceEvent::StateChanged);
            self.forward(events).await?;
            // A change of state may be the end of the scan, which is then complete.
            if context.stopping().is_set() && !states && !deleted && !ended {
                let limit = *drain_deadline.get_or_insert_with(|| Instant::now() + DRAIN_LIMIT);
                if self.source.is_caught_up() || Instant::now() > limit {
                    return self.close(context, Some(Interruption::WriterStopped)).await;
                }
            }
            if deleted {
                return self.close(context, Some(Interruption::ScanDeleted)).await;
            }
            if states {
                ended = self.source.state() == ScanState::Closed;
                self.read_document(context, ended).await?;
            }
            if !ended && last_event.elapsed() > self.scan.save.park_after {
                return Ok(ListenerEnd::Parked);
            }
        }
    }

    async fn forward(&mut self, events: Vec<SourceEvent>) -> Result<(), Fault> {
        self.scan.figures.received(&events);
        self.scan.margin.take(&events);
        self.scan.live.take(&events);
        self.large_points.look(&self.scan.id, &events);
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

    async fn close(
        &mut self,
        context: &Context,
        interruption: Option<Interruption>,
    ) -> Result<ListenerEnd, Fault> {
        if self.wanted.is_none() {
            return match interruption {
                Some(interruption) => Err(ScanProblem::Interrupted(interruption).into()),
                None => Ok(ListenerEnd::Ended(Ok(()))),
            };
        }
        self.finish_links(context).await?;
        let references = std::mem::take(&mut self.references);
        let (references, problems) = references.resolve(&*self.scan.store).await;
        let closed = Closed {
            info: self.source.info().clone(),
            references,
            problems,
            interruption,
        };
        self.send(ScanUpdate::Closed(Box::new(closed))).await?;
        Ok(ListenerEnd::Ended(Ok(())))
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

fn no_answer() -> Fault {
    Fault::internal("the consumer of the scan did not answer")
}
