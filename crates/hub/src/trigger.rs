//! [`HubTrigger`]: runs one function in the hub that made it, once for each send.
//!
//! It is part of the contract of primitives that the design prescribes for threads and greenlets, so
//! it stays even where nothing in this workspace uses it.

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
/// in one line. Each accepted send is run, even if the main greenlet ends before its turn: then it is run
/// before the hub's greenlets end. Only a panic of the main greenlet cancels the waiting runs, which is
/// logged as an error.
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
    /// Returns a trigger whose sends run `function` in the hub of this thread, while its greenlets wait:
    /// so it must not take long. Code that waits needs a [`blocking`](HubTrigger::blocking) trigger.
    ///
    /// A panic of the function is logged, and affects nothing else.
    ///
    /// # Errors
    /// Fails when this thread runs no hub.
    pub fn new(function: impl FnMut() + 'static) -> Result<Self, NoHub> {
        let launcher = Launcher::current()?;
        let function = add(function);
        Ok(HubTrigger {
            shared: Arc::new(Shared { launcher, function }),
        })
    }

    /// Returns a trigger whose sends each start a greenlet in the hub of this thread. The greenlets start
    /// in the order of the sends, and run concurrently.
    ///
    /// At the end of the hub, greenlets that were not yet started still run to their first wait.
    ///
    /// # Errors
    /// Fails when this thread runs no hub.
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

    /// Makes the hub run the function once. Never waits, even in the hub itself: the function runs
    /// later.
    ///
    /// # Errors
    /// Fails when the hub has ended or accepts no more sends: the function will not run.
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
        // The call is behind the sends of this trigger in the line. If the hub has ended, its functions
        // are dropped already.
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

/// The function of a trigger. It never leaves the thread of its hub.
type Function = Rc<RefCell<dyn FnMut()>>;

thread_local! {
    static FUNCTIONS: RefCell<HashMap<u64, Function>> = RefCell::default();
    /// The next number of a function. Numbers are never reused, not even by the next hub of this
    /// thread: a send to one function must not reach another one.
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// Stores a function for the hub of this thread; returns its number.
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
    // The borrow succeeds, as no function runs inside of another: sends only put calls in the line
    // of the hub.
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
        // The cell must not be borrowed here: the destructor may use other triggers.
        drop(function);
    }
}

impl Drop for TriggerFunctions {
    fn drop(&mut self) {
        drop(FUNCTIONS.take());
    }
}
