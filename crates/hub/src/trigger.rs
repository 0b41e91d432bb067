//! [`HubTrigger`]: runs one function in the hub that made it, as often as it is told to.

mod functions;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::greenlet::spawn;
use crate::launcher::{Call, CallError, Launcher, NoHub};

pub(crate) use functions::{Functions, run};

/// Makes a hub run a function, from any thread. Clones are handles of the same trigger.
///
/// The function stays in the thread of the hub and need not be [`Send`]. N sends are N runs, never
/// fewer, in the order in which they were sent; triggers and [`Launcher`] calls of a hub wait
/// in one line. A send that was accepted is a run, also if the main greenlet ends before it had its turn:
/// then it runs before the hub's greenlets end. Only a main greenlet that panics takes the
/// waiting runs with it, which is logged as an error.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{cell::Cell, rc::Rc};
///
/// let points = Rc::new(Cell::new(0));
/// let trigger = hub::Hub::new()?.run(async {
///     let counted = points.clone();
///     let trigger = hub::HubTrigger::new(move || counted.set(counted.get() + 1))?;
///     let detector = std::thread::spawn({
///         let trigger = trigger.clone();
///         move || (0..100).try_for_each(|_| trigger.send())
///     });
///     detector.join().unwrap()?;
///     Ok::<_, Box<dyn std::error::Error>>(trigger)
/// })?;
/// assert_eq!(points.get(), 100);
/// assert!(trigger.send().is_err(), "the hub has ended");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HubTrigger {
    shared: Arc<Shared>,
}

struct Shared {
    launcher: Launcher,
    function: u64,
}

impl HubTrigger {
    /// Each send runs `function` in the hub of this thread, while its greenlets wait: so it must
    /// not take long. What waits needs a [`blocking`](HubTrigger::blocking) trigger.
    ///
    /// A panic of the function is logged, and harms nobody else.
    ///
    /// # Errors
    /// When this thread runs no hub.
    pub fn new(function: impl FnMut() + 'static) -> Result<Self, NoHub> {
        let launcher = Launcher::current()?;
        let function = functions::add(function);
        Ok(HubTrigger {
            shared: Arc::new(Shared { launcher, function }),
        })
    }

    /// Each send starts a greenlet of its own in the hub of this thread. They start in the order of the
    /// sends, and run side by side.
    ///
    /// At the end of the hub, those that were not yet started still run to their first wait.
    ///
    /// # Errors
    /// When this thread runs no hub.
    pub fn blocking<F>(mut function: impl FnMut() -> F + 'static) -> Result<Self, NoHub>
    where
        F: Future<Output = ()> + 'static,
    {
        let name = Arc::<str>::from(Launcher::current()?.name());
        HubTrigger::new(move || {
            let greenlet = spawn(function());
            let name = Arc::clone(&name);
            spawn(async move {
                if let Err(error @ crate::GreenletError::Panicked(_)) = greenlet.await {
                    tracing::error!(hub = &*name, "a blocking trigger failed: {error}");
                }
            })
            .detach();
        })
    }

    /// Makes the hub run the function once. Never waits, also in the hub itself: the function runs
    /// later.
    ///
    /// # Errors
    /// When the hub has ended or takes no more: the function will not run.
    pub fn send(&self) -> Result<(), CallError> {
        self.shared.put(Call::Trigger(self.shared.function))
    }
}

impl Shared {
    fn put(&self, call: Call) -> Result<(), CallError> {
        self.launcher.put(call)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Behind the sends of this trigger in the line. If the hub has ended, so has the function.
        self.put(Call::Forget(self.function)).ok();
    }
}

impl fmt::Debug for HubTrigger {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("HubTrigger")
            .field(&self.shared.launcher.name())
            .finish()
    }
}
