//! Subscribers: each listens to one node in Redis and consumes what it hears.
//!
//! A subscriber is a pair. Its [`Listener`] waits for events of the node, its [`Consumer`] works on
//! them. How the two run together is one parameter, the [`Mode`]; what they do does not depend on
//! it. A subscriber starts in INIT, is ON once its listener says that the subscription stands, and
//! ends OFF when listener and consumer are done, or in FAULT with a reason when one of them fails or
//! it is killed.
//!
//! ```text
//!                      Sequential            Concurrent                  Parallel
//!  this thread's hub   listener ─▶ consumer  listener ─▶ queue ─▶ consumer  listener ─▶ queue
//!  another thread                                                            └─▶ consumer
//! ```

mod drive;
mod status;

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tracing::field::Empty;
use tracing::{Span, info_span};

use hub::{BlockingInGreenlet, Budget, Event, Thread};
use observation::{Classified, ErrorKind, ErrorOrigin};

pub use drive::Sink;
use status::Status;
pub use status::{IllegalTransition, State, Times};

/// Name of the span in which a subscriber works. Its fields are `node`, `name` (what people call
/// the node, once that is known) and `state`. Spans of its parts have the name too, and no state.
pub const SPAN: &str = "subscriber";

/// Waits for events of a node and hands them on.
pub trait Listener: 'static {
    /// What the listener hears.
    type Event: Send + 'static;

    /// Listens until the node has ended or [`Context::stopping`] was sent.
    fn listen<C: Consumer<Event = Self::Event>>(
        self,
        context: Context,
        sink: Sink<C>,
    ) -> impl Future<Output = Result<(), Fault>>;
}

/// Works on the events of a node.
pub trait Consumer: 'static {
    /// What the consumer works on.
    type Event: Send + 'static;

    /// How often [`tick`](Consumer::tick) is called, if at all.
    const PERIOD: Option<Duration> = None;

    /// Works on one event. An error ends the subscriber.
    fn consume(&mut self, event: Self::Event) -> impl Future<Output = Result<(), Fault>>;

    /// Called between events, whether any come or not.
    fn tick(&mut self) -> impl Future<Output = ()> {
        async {}
    }

    /// Called once, at the end, however it came: whatever was begun is brought in order here.
    fn finish(self, end: Result<(), Fault>) -> impl Future<Output = Result<(), Fault>>;
}

/// How listener and consumer run together.
#[derive(Clone)]
pub enum Mode<'a> {
    /// In one greenlet: the listener waits while an event is consumed.
    Sequential,
    /// In two greenlets of this thread, with a queue between them.
    Concurrent(Budget),
    /// The consumer in another thread, with a queue between them.
    Parallel(&'a Thread<()>, Budget),
}

/// Why a subscriber ended in FAULT.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Listener or consumer failed.
    #[error("{text}")]
    Failed {
        /// The failure and its causes, in one channel.
        text: String,
        /// What it is about.
        kind: ErrorKind,
        /// Who is at fault.
        origin: ErrorOrigin,
    },
    /// Somebody gave it up.
    #[error("killed: {0}")]
    Killed(String),
    /// A user did.
    #[error("Stop requested")]
    StopRequested,
}

impl Fault {
    /// Creates the fault of an error, with all its causes.
    pub fn new(error: &impl Classified) -> Fault {
        Fault::failed(with_causes(error), error)
    }

    /// Creates the fault of an error that has a text of its own.
    pub fn failed(text: String, error: &impl Classified) -> Fault {
        Fault::Failed {
            text,
            kind: error.kind(),
            origin: error.origin(),
        }
    }

    /// Creates the fault of a defect of this program, such as a greenlet that has panicked.
    pub fn internal(error: impl Display) -> Fault {
        Fault::Failed {
            text: error.to_string(),
            kind: ErrorKind::Internal,
            origin: ErrorOrigin::Internal,
        }
    }
}

/// A subscriber that somebody ended has not failed by itself: the user is at the origin of that.
impl Classified for Fault {
    fn kind(&self) -> ErrorKind {
        match self {
            Fault::Failed { kind, .. } => *kind,
            Fault::Killed(_) | Fault::StopRequested => ErrorKind::Internal,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            Fault::Failed { origin, .. } => *origin,
            Fault::Killed(_) | Fault::StopRequested => ErrorOrigin::User,
        }
    }
}

/// An error and what caused it, in one channel.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// What a listener knows of its subscriber.
#[derive(Clone)]
pub struct Context {
    status: Arc<Status>,
}

impl Context {
    /// Tells that the subscription stands: INIT becomes ON.
    pub fn ready(&self) {
        self.status.ready();
    }

    /// Sent when the subscriber shall stop: hand on what is there, and return.
    pub fn stopping(&self) -> &Event {
        &self.status.stopping
    }
}

/// The handle of a subscriber; clones are the same subscriber.
#[derive(Clone)]
pub struct Subscriber {
    node: String,
    status: Arc<Status>,
}

impl Subscriber {
    /// A subscriber of `node` (a key in Redis, or a session's name), in INIT.
    pub fn new(node: impl Into<String>) -> Subscriber {
        Subscriber {
            node: node.into(),
            status: Arc::new(Status::new()),
        }
    }

    /// Starts to listen on this thread's hub. The consumer is made where it runs.
    ///
    /// A subscriber that is OFF may be started again.
    pub fn start<L, C>(
        &self,
        mode: Mode,
        listener: L,
        consumer: impl FnOnce() -> C + Send + 'static,
    ) -> Result<(), IllegalTransition>
    where
        L: Listener<Event = C::Event>,
        C: Consumer,
    {
        let span = info_span!(SPAN, node = self.node, name = Empty, state = "INIT");
        self.status.start(span.clone())?;
        drive::start(
            mode,
            Context {
                status: self.status.clone(),
            },
            span,
            listener,
            consumer,
        );
        Ok(())
    }

    /// Waits until the subscription stands or the subscriber has ended, at most `timeout`; tells
    /// whether it is ON.
    pub async fn subscribed(&self, timeout: Option<Duration>) -> bool {
        match timeout {
            None => self.status.settled.wait().await,
            Some(timeout) => {
                self.status.settled.wait_timeout(timeout).await;
            }
        }
        self.state() == State::On
    }

    /// Asks to stop: what was published is consumed, then the subscriber is OFF.
    pub fn stop(&self) {
        self.status.stopping.send();
    }

    /// The same, and waits for the end, at most `timeout`; tells whether it came.
    pub async fn stop_and_join(&self, timeout: Option<Duration>) -> bool {
        self.stop();
        self.join(timeout).await
    }

    /// Gives up: the consumer brings its work in order, then the subscriber is in FAULT.
    pub fn kill(&self, reason: impl Display) {
        self.status.kill(Fault::Killed(reason.to_string()));
    }

    /// The same on request of a user: the reason is [`Fault::StopRequested`].
    pub fn abort(&self) {
        self.status.kill(Fault::StopRequested);
    }

    /// The same, and waits for the end, at most `timeout`; tells whether it came.
    pub async fn kill_and_join(&self, reason: impl Display, timeout: Option<Duration>) -> bool {
        self.kill(reason);
        self.join(timeout).await
    }

    /// Waits for the end, at most `timeout`; tells whether it came.
    pub async fn join(&self, timeout: Option<Duration>) -> bool {
        match timeout {
            None => {
                self.status.done.wait().await;
                true
            }
            Some(timeout) => self.status.done.wait_timeout(timeout).await,
        }
    }

    /// [`join`](Self::join) for plain threads.
    pub fn join_blocking(&self, timeout: Option<Duration>) -> Result<bool, BlockingInGreenlet> {
        self.status.done.wait_blocking(timeout)
    }

    /// The node that is listened to.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// One channel for people: node, state, and the reason of a fault.
    pub fn info(&self) -> String {
        match self.status.fault() {
            Some(fault) => format!("{} ({}: {fault})", self.node, self.state()),
            None => format!("{} ({})", self.node, self.state()),
        }
    }

    /// Where the subscriber stands.
    pub fn state(&self) -> State {
        self.status.state()
    }

    /// What clients of a writer are told beside its state, in the words of `blisswriter` 2.0.0:
    /// `Subscribed to Redis`, `Finished succesfully`, or the reason of a fault.
    pub fn reason(&self) -> String {
        self.status.reason()
    }

    /// Has a function called after every change of state, in whatever thread it happens; when it
    /// is called, the new state is what everybody sees. False if there is one already.
    pub fn observe(&self, observer: impl Fn() + Send + Sync + 'static) -> bool {
        self.status.observe(observer)
    }

    /// When it came how far, by the clock of the machine.
    pub fn times(&self) -> Times {
        self.status.times()
    }

    /// Why the subscriber is in FAULT.
    pub fn fault(&self) -> Option<Fault> {
        self.status.fault()
    }

    /// The context of log lines about the subscriber; none before the start.
    pub fn span(&self) -> Span {
        self.status.span()
    }

    /// Whether the subscriber has ended.
    pub fn done(&self) -> bool {
        self.status.done.is_set()
    }

    /// Time from the start until now, or until the end; none before the start.
    pub fn duration(&self) -> Option<Duration> {
        self.status.duration()
    }
}
