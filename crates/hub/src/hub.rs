//! [`Hub`]: the event loop of a thread.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

use crate::launcher::{Call, Launcher};
use crate::queue::Queue;
use crate::trigger::{self, TriggerFunctions};

/// An event loop to be run by one thread, with timers and network I/O.
///
/// Greenlets that [`spawn`](crate::spawn) starts share the thread: each runs until it waits, then another
/// one runs. They need not be [`Send`].
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hub = hub::Hub::new()?;
/// let sum = hub.run(async {
///     let sum = Rc::new(Cell::new(0));
///     let add = |number| {
///         let sum = sum.clone();
///         hub::spawn(async move { sum.set(sum.get() + number) })
///     };
///     let (one, two) = (add(1), add(2));
///     one.await?;
///     two.await?;
///     Ok::<_, hub::GreenletError>(sum.get())
/// })?;
/// assert_eq!(sum, 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Hub {
    calls: CallsOwner,
    runtime_owner: RuntimeOwner,
    launcher: Launcher,
}

thread_local! {
    static CURRENT: RefCell<Option<Launcher>> = const { RefCell::new(None) };
}

/// Returns `true` if this code runs in a greenlet, where waits must be awaited and `_blocking` forms fail.
///
/// All code that a thread executes while it runs a [`Hub`] is in a greenlet: the main one, or a
/// spawned one.
pub fn in_greenlet() -> bool {
    with_current(|_| ()).is_some()
}

impl Hub {
    /// Returns a hub with the name of the current thread.
    ///
    /// # Errors
    /// Fails when the system has no resources left for an event loop.
    pub fn new() -> io::Result<Self> {
        Hub::named(thread::current().name().unwrap_or("hub"))
    }

    /// Returns a hub with this name, which errors contain.
    ///
    /// # Errors
    /// Fails when the system has no resources left for an event loop.
    pub fn named(name: &str) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let launcher = Launcher::new(name);
        Ok(Hub {
            calls: CallsOwner(Calls {
                hub: Arc::from(name),
                queue: launcher.calls().clone(),
            }),
            runtime_owner: RuntimeOwner {
                runtime: Some(runtime),
            },
            launcher,
        })
    }

    /// Returns a launcher that runs functions in this hub. Functions that are sent before
    /// [`run`](Hub::run) wait for it.
    pub fn launcher(&self) -> Launcher {
        self.launcher.clone()
    }

    /// Runs the main greenlet until it returns, and meanwhile all greenlets that are spawned.
    ///
    /// Then the other greenlets end: their futures are dropped before this returns, even if the main
    /// greenlet panics. Functions that were sent to the hub and have not run yet fail with an error;
    /// [triggers](crate::HubTrigger) that were sent still run.
    ///
    /// # Panics
    /// Panics in a greenlet, because its thread runs a hub already: [`spawn`](crate::spawn) a greenlet there
    /// instead. A panic of the main greenlet is propagated.
    pub fn run<F: Future>(self, main: F) -> F::Output {
        let Hub {
            calls,
            runtime_owner,
            launcher,
        } = self;
        // Locals are dropped from last to first: no more calls are taken, then the greenlets end,
        // while this thread still counts as the hub that they belong to.
        let _current = CurrentHub::enter(launcher.clone());
        let runtime = runtime_owner.runtime();
        let _timers_and_sockets = runtime.enter();
        let greenlets = LocalSet::new();
        let _functions = TriggerFunctions;
        let calls = calls;
        greenlets.spawn_local(serve(calls.0.clone()));
        greenlets.block_on(runtime, async {
            let output = main.await;
            calls.0.run_last_triggers().await;
            output
        })
    }
}

/// Runs the calls that other threads send.
async fn serve(calls: Calls) {
    while let Some(call) = calls.queue.get().await {
        calls.run(call);
    }
}

/// Calls `look` with the launcher of the hub that this thread runs; returns `None` if it runs none.
pub(crate) fn with_current<R>(look: impl FnOnce(&Launcher) -> R) -> Option<R> {
    // A destructor of an ending thread may call this after the variable has been destroyed.
    let look = |current: &RefCell<Option<Launcher>>| current.borrow().as_ref().map(look);
    CURRENT.try_with(look).ok().flatten()
}

/// This thread's membership of its hub.
struct CurrentHub;

impl CurrentHub {
    fn enter(launcher: Launcher) -> Self {
        assert!(
            !in_greenlet(),
            "this thread runs a hub already: `hub::spawn` a greenlet instead of `Hub::run`"
        );
        CURRENT.set(Some(launcher));
        CurrentHub
    }
}

impl Drop for CurrentHub {
    fn drop(&mut self) {
        let launcher = CURRENT.take();
        drop(launcher);
    }
}

/// The calls that are sent to a hub.
#[derive(Debug, Clone)]
struct Calls {
    hub: Arc<str>,
    queue: Queue<Call>,
}

impl Calls {
    fn run(&self, call: Call) {
        match call {
            Call::Function(function) => function(),
            Call::Trigger(number) => trigger::run(number, &self.hub),
            Call::Forget(number) => TriggerFunctions::forget(number),
        }
    }

    /// Refuses further calls, and runs the triggers among those that are left, because each accepted
    /// send of a trigger must run. The senders of the functions that are left receive an error.
    async fn run_last_triggers(&self) {
        self.queue.close();
        let mut any = false;
        while let Ok(call) = self.queue.try_get() {
            if matches!(call, Call::Trigger(_)) {
                any = true;
                self.run(call);
            }
        }
        if any {
            // The greenlets that blocking triggers have started run to their first wait before a
            // greenlet that is started after them.
            tokio::task::spawn_local(async {}).await.ok();
        }
    }
}

/// The calls that are sent to a hub, as long as it lives. Those that are left are dropped at its end,
/// so that their senders receive an error.
#[derive(Debug)]
struct CallsOwner(Calls);

impl Drop for CallsOwner {
    fn drop(&mut self) {
        let Calls { hub, queue } = &self.0;
        queue.close();
        let mut triggers = 0;
        while let Ok(call) = queue.try_get() {
            triggers += usize::from(matches!(call, Call::Trigger(_)));
        }
        if triggers > 0 {
            tracing::error!(
                hub = &**hub,
                triggers,
                "a hub ended before its triggers could run"
            );
        }
    }
}

/// The Tokio runtime below a hub.
#[derive(Debug)]
struct RuntimeOwner {
    /// `None` only while being dropped.
    runtime: Option<Runtime>,
}

impl RuntimeOwner {
    fn runtime(&self) -> &Runtime {
        match &self.runtime {
            Some(runtime) => runtime,
            None => unreachable!("only the drop of the owner takes its runtime"),
        }
    }
}

impl Drop for RuntimeOwner {
    fn drop(&mut self) {
        // A plain drop would wait for a name look-up that hangs, and would panic in a greenlet.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
