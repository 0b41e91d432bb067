//! The functions of a hub's triggers. They never leave its thread.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use crate::error::Panic;

type Function = Rc<RefCell<dyn FnMut()>>;

thread_local! {
    static FUNCTIONS: RefCell<HashMap<u64, Function>> = RefCell::default();
    /// Never used again, also not by the next hub of this thread: what was sent to a function
    /// must not reach another one.
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// Keeps a function for the hub of this thread; returns the name to call it by.
pub(super) fn add(function: impl FnMut() + 'static) -> u64 {
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
pub(crate) struct Functions;

impl Functions {
    /// No trigger needs this function any more.
    pub(crate) fn forget(number: u64) {
        let function = FUNCTIONS.with_borrow_mut(|functions| functions.remove(&number));
        // Out of the cell first: its destructor may do anything.
        drop(function);
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        drop(FUNCTIONS.take());
    }
}
