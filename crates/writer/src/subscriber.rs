//! Subscribers: each listens to one node in Redis and consumes its events.
//!
//! A subscriber is a pair: its [`Listener`] waits for events of the node, its [`Consumer`] works on
//! them. The [`Mode`] determines in which greenlets and threads the two run, and does not change what they
//! do. A subscriber starts in INIT, is ON once its listener has subscribed, and ends OFF when listener and
//! consumer are done, or in FAULT with a reason when one of them fails or the subscriber is killed.
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

/// Name of the span in which a subscriber works. Its fields are `node`, `name` (what users call the node,
/// once that is known) and `state`. Spans of parts of a node have the same name, but no state.
pub const SPAN: &str = "subscriber";

/// Waits for events of a node and hands them on.
pub trait Listener: 'static {
    /// An event of the node.
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

    /// Works on one event. An error ends the subscriber in FAULT.
    fn consume(&mut self, event: Self::Event) -> impl Future<Output = Result<(), Fault>>;

    /// Does periodic work between events, also while there are none.
    fn tick(&mut self) -> impl Future<Output = ()> {
        async {}
    }

    /// Finishes or cleans up what was begun. Called once, however the subscriber ends.
    fn finish(self, end: Result<(), Fault>) -> impl Future<Output = Result<(), Fault>>;
}

/// In which greenlets and threads listener and consumer run.
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
        /// The failure and its causes, in one line.
        text: String,
        /// What kind of failure it is.
        kind: ErrorKind,
        /// Where its origin is.
        origin: ErrorOrigin,
        /// Set if the same work may succeed later, without anybody having changed the data.
        is_temporary: bool,
    },
    /// The subscriber was killed for this reason.
    #[error("killed: {0}")]
    Killed(String),
    /// The subscriber was killed because a user asked for it.
    #[error("Stop requested")]
    StopRequested,
}

impl Fault {
    /// Creates the fault of an error, with all its causes.
    pub fn new(error: &impl Classified) -> Fault {
        Fault::failed(with_causes(error), error)
    }

    /// Creates the fault of an error with this text instead of its own.
    pub fn failed(text: String, error: &impl Classified) -> Fault {
        Fault::Failed {
            text,
            kind: error.kind(),
            origin: error.origin(),
            is_temporary: false,
        }
    }

    /// Creates the fault of a defect of this program, such as a greenlet that has panicked.
    pub fn internal(error: impl Display) -> Fault {
        Fault::Failed {
            text: error.to_string(),
            kind: ErrorKind::Internal,
            origin: ErrorOrigin::Internal,
            is_temporary: false,
        }
    }
}

/// A subscriber that was killed has not failed by itself: the user is the origin.
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

pub use observation::with_causes;

/// The listener's view of its subscriber.
#[derive(Clone)]
pub struct Context {
    status: Arc<Status>,
}

impl Context {
    /// Reports that the listener has subscribed: INIT becomes ON.
    pub fn ready(&self) {
        self.status.ready();
    }

    /// Reports that the subscriber cannot work at present, and why. It is ON nevertheless: it works again as
    /// soon as it can.
    pub fn waiting(&self, reason: impl Into<String>) {
        self.status.ready();
        self.status.set_waiting(Some(reason.into()));
    }

    /// Returns `true` if the subscriber was reported to wait.
    pub fn is_waiting(&self) -> bool {
        self.status.waiting().is_some()
    }

    /// Reports that the subscriber no longer waits.
    pub fn working(&self) {
        self.status.set_waiting(None);
    }

    /// Returns the event that is sent when the subscriber shall stop. The listener then passes on the
    /// events that it has, and returns.
    pub fn stopping(&self) -> &Event {
        &self.status.stopping
    }
}

/// The handle of a subscriber. Clones refer to the same subscriber.
#[derive(Clone)]
pub struct Subscriber {
    node: String,
    status: Arc<Status>,
}

impl Subscriber {
    /// Creates a subscriber of `node` (a key in Redis, or the name of a session), in INIT.
    pub fn new(node: impl Into<String>) -> Subscriber {
        Subscriber {
            node: node.into(),
            status: Arc::new(Status::new()),
        }
    }

    /// Starts to listen on this thread's hub. The consumer is created in the thread in which it runs.
    ///
    /// A subscriber that is OFF may be started again.
    ///
    /// # Errors
    /// If the subscriber runs, or is in FAULT.
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

    /// Waits at most `timeout` until the subscriber is ON or has ended. Returns `true` if it is ON.
    pub async fn subscribed(&self, timeout: Option<Duration>) -> bool {
        match timeout {
            None => self.status.settled.wait().await,
            Some(timeout) => {
                self.status.settled.wait_timeout(timeout).await;
            }
        }
        self.state() == State::On
    }

    /// Asks the subscriber to stop. It consumes what has been published, and is OFF then.
    pub fn stop(&self) {
        self.status.stopping.send();
    }

    /// Stops the subscriber and waits at most `timeout` for its end. Returns `true` if it has ended.
    pub async fn stop_and_join(&self, timeout: Option<Duration>) -> bool {
        self.stop();
        self.join(timeout).await
    }

    /// Kills the subscriber. The consumer cleans up, and the subscriber is in FAULT then.
    pub fn kill(&self, reason: impl Display) {
        self.status.kill(Fault::Killed(reason.to_string()));
    }

    /// Kills the subscriber because a user asked for it: the reason is [`Fault::StopRequested`].
    pub fn abort(&self) {
        self.status.kill(Fault::StopRequested);
    }

    /// Kills the subscriber and waits at most `timeout` for its end. Returns `true` if it has ended.
    pub async fn kill_and_join(&self, reason: impl Display, timeout: Option<Duration>) -> bool {
        self.kill(reason);
        self.join(timeout).await
    }

    /// Waits at most `timeout` for the end. Returns `true` if the subscriber has ended.
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
    ///
    /// # Errors
    /// In a greenlet.
    pub fn join_blocking(&self, timeout: Option<Duration>) -> Result<bool, BlockingInGreenlet> {
        self.status.done.wait_blocking(timeout)
    }

    /// Returns the node to which the subscriber listens.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Returns node, state and the reason of a fault in one line.
    pub fn info(&self) -> String {
        match self.status.fault() {
            Some(fault) => format!("{} ({}: {fault})", self.node, self.state()),
            None => format!("{} ({})", self.node, self.state()),
        }
    }

    /// Returns the state of the subscriber.
    pub fn state(&self) -> State {
        self.status.state()
    }

    /// Returns the text that clients of a writer see beside its state, in the words of `blisswriter` 2.0.0:
    /// `Subscribed to Redis`, `Finished succesfully`, or the reason of a fault.
    pub fn reason(&self) -> String {
        self.status.reason()
    }

    /// Sets a function that is called after every change of state, in the thread of the change. The new
    /// state is visible to all threads before the call. Returns `false` if a function is set already.
    pub fn observe(&self, observer: impl Fn() + Send + Sync + 'static) -> bool {
        self.status.observe(observer)
    }

    /// Returns when the subscriber was ON and when it ended, by the clock of the machine.
    pub fn times(&self) -> Times {
        self.status.times()
    }

    /// Returns what the subscriber waits for, if it is ON but cannot work at present.
    pub fn waiting(&self) -> Option<String> {
        self.status.waiting()
    }

    /// Returns the event that is sent when the subscriber shall stop.
    pub fn stopping(&self) -> &Event {
        &self.status.stopping
    }

    /// Returns why the subscriber is in FAULT, if it is.
    pub fn fault(&self) -> Option<Fault> {
        self.status.fault()
    }

    /// Returns the context of log lines about the subscriber; a disabled span before the start.
    pub fn span(&self) -> Span {
        self.status.span()
    }

    /// Returns `true` if the subscriber has ended.
    pub fn done(&self) -> bool {
        self.status.done.is_set()
    }

    /// Returns the time from the start until now or until the end; `None` before the start.
    pub fn duration(&self) -> Option<Duration> {
        self.status.duration()
    }
}
