//! [`spawn`] and [`Greenlet`]: tasks of a hub.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

use crate::blocking;
use crate::error::{Panic, WaitError};
use crate::event::Event;

/// Starts a greenlet on the hub of this thread. It runs when the current greenlet waits.
///
/// # Panics
/// Panics in a thread that does not run a hub.
pub fn spawn<F>(future: F) -> Greenlet<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    Greenlet {
        inner: Inner::Local(tokio::task::spawn_local(future)),
    }
}

/// A handle of a greenlet, to be awaited for its result.
///
/// The greenlet continues to run when its handle is dropped. All greenlets of a hub end when its main
/// greenlet has returned.
#[must_use = "a greenlet whose handle is dropped runs on by itself: call `detach` to say so"]
pub struct Greenlet<T> {
    inner: Inner<T>,
}

enum Inner<T> {
    Local(JoinHandle<T>),
    /// A greenlet of a hub in another thread.
    Remote {
        outcome: oneshot::Receiver<Result<T, GreenletError>>,
        kill: Event,
        ended: Event,
    },
}

/// Why a greenlet has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GreenletError {
    /// The greenlet was killed, or its hub ended before it did.
    #[error("the greenlet was killed, or its hub ended")]
    Killed,
    /// The greenlet panicked.
    #[error("the greenlet {0}")]
    Panicked(Panic),
}

impl<T> Greenlet<T> {
    /// Ends the greenlet where it waits: its future is dropped, in its own thread.
    ///
    /// Does nothing if the greenlet has ended already.
    pub fn kill(&self) {
        match &self.inner {
            Inner::Local(task) => task.abort(),
            Inner::Remote { kill, .. } => kill.send(),
        }
    }

    /// Returns `true` if the greenlet has ended, with a result or without.
    pub fn is_finished(&self) -> bool {
        match &self.inner {
            Inner::Local(task) => task.is_finished(),
            Inner::Remote { ended, .. } => ended.is_set(),
        }
    }

    /// Drops the handle: the greenlet continues to run and its result is dropped. A panic is reported
    /// by the panic hook alone.
    pub fn detach(self) {}

    /// Waits for the result of a greenlet of another thread. (In a greenlet, await the handle.)
    ///
    /// # Errors
    /// Fails in a greenlet, and when the time is up.
    pub fn join_blocking(
        &mut self,
        timeout: Option<Duration>,
    ) -> Result<Result<T, GreenletError>, WaitError> {
        blocking::wait_or_refuse(self, timeout, "Greenlet::join_blocking", "Greenlet")
    }

    /// A handle for a greenlet elsewhere, with the two ends that [`RemoteGreenlet::run`] needs there.
    pub(crate) fn remote() -> (Self, RemoteGreenlet<T>) {
        let (answer, outcome) = oneshot::channel();
        let kill = Event::new();
        let ended = EndSignal(Event::new());
        let greenlet = Greenlet {
            inner: Inner::Remote {
                outcome,
                kill: kill.clone(),
                ended: ended.0.clone(),
            },
        };
        let remote = RemoteGreenlet {
            answer,
            kill,
            ended,
        };
        (greenlet, remote)
    }
}

impl<T> Future for Greenlet<T> {
    type Output = Result<T, GreenletError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.inner {
            Inner::Local(task) => Pin::new(task)
                .poll(context)
                .map(|outcome| outcome.map_err(GreenletError::from)),
            // The answer is dropped unsent if the hub ends first.
            Inner::Remote { outcome, .. } => Pin::new(outcome)
                .poll(context)
                .map(|outcome| outcome.unwrap_or(Err(GreenletError::Killed))),
        }
    }
}

impl<T> fmt::Debug for Greenlet<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Greenlet")
            .field("finished", &self.is_finished())
            .finish()
    }
}

impl From<JoinError> for GreenletError {
    fn from(error: JoinError) -> Self {
        match error.try_into_panic() {
            Ok(payload) => GreenletError::Panicked(Panic::from_payload(&*payload)),
            Err(_) => GreenletError::Killed,
        }
    }
}

/// The far ends of a handle made by [`Greenlet::remote`].
pub(crate) struct RemoteGreenlet<T> {
    answer: oneshot::Sender<Result<T, GreenletError>>,
    kill: Event,
    ended: EndSignal,
}

/// Tells that a greenlet has ended, however that came.
struct EndSignal(Event);

impl Drop for EndSignal {
    fn drop(&mut self) {
        self.0.send();
    }
}

impl<T: 'static> RemoteGreenlet<T> {
    /// Runs `future` on the hub of this thread and answers to the handle.
    pub(crate) fn run(self, future: impl Future<Output = T> + 'static) {
        let RemoteGreenlet {
            answer,
            kill,
            ended,
        } = self;
        let mut greenlet = spawn(future);
        spawn(async move {
            let outcome = tokio::select! {
                outcome = &mut greenlet => outcome,
                () = kill.wait() => {
                    greenlet.kill();
                    greenlet.await
                }
            };
            // The send fails if the handle was dropped, which detaches the greenlet.
            answer.send(outcome).ok();
            drop(ended);
        })
        .detach();
    }
}
