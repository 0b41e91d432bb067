//! [`HubTrigger`]: runs one function in the hub that made it, as often as it is told to.
//!
//! It is part of the contract of the design slides, like all primitives of this crate, so it stays
//! whether this workspace uses it or not.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::Arc;

use crate::error::Panic;
use crate::greenlet::spawn;
use crate::launcher::{Call, CallError, Launcher, NoHub};

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
        let function = add(function);
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

/// A function of a trigger. It never leaves the thread of its hub.
type Function = Rc<RefCell<dyn FnMut()>>;

thread_local! {
    static FUNCTIONS: RefCell<HashMap<u64, Function>> = RefCell::default();
    /// Never used again, also not by the next hub of this thread: what was sent to a function
    /// must not reach another one.
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// Keeps a function for the hub of this thread; returns the name to call it by.
fn add(function: impl FnMut() + 'static) -> u64 {
    let number = NEXT.get();
    NEXT.set(number + 1);
    let function = Rc::new(RefCell::new(function));
    FUNCTIONS.with_borrow_mut(|functions| functions.insert(number, function));
    number
}

/// Runs a function once.
pub(crate) fn run(number: u64, hub: &str) {
    let function = FUNCTIONS.with_borrow(|functions| functions.get(&number).cloned());
    let Some(function) = function else {
        // Calls of a trigger come before the call that forgets it.
        tracing::error!(hub, number, "the function of a trigger is missing");
        return;
    };
    // No function runs inside of another: sends only put calls in the line of the hub.
    let run = AssertUnwindSafe(|| (function.borrow_mut())());
    if let Err(payload) = panic::catch_unwind(run) {
        let panic = Panic::from_payload(&*payload);
        tracing::error!(hub, "the function of a trigger {panic}");
    }
}

/// The functions of this thread's hub; they end with it.
pub(crate) struct TriggerFunctions;

impl TriggerFunctions {
    /// No trigger needs this function any more.
    pub(crate) fn forget(number: u64) {
        let function = FUNCTIONS.with_borrow_mut(|functions| functions.remove(&number));
        // Out of the cell first: its destructor may do anything.
        drop(function);
    }
}

impl Drop for TriggerFunctions {
    fn drop(&mut self) {
        drop(FUNCTIONS.take());
    }
}
