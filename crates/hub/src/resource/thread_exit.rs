//! What is removed when a thread ends.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use crate::sync::thread::ThreadId;
use crate::sync::thread_local;

/// An object that holds something for threads, and drops it when the thread ends.
pub(super) trait ThreadExitHook {
    fn thread_exits(&self, thread: ThreadId);
}

thread_local! {
    static HOOKS: RefCell<ThreadExitHooks> = const { RefCell::new(ThreadExitHooks(Vec::new())) };
}

/// The hooks of this thread. Dropping them runs them.
struct ThreadExitHooks(Vec<(ThreadId, Weak<dyn ThreadExitHook>)>);

/// Has `hook` called when this thread ends. Returns `false` if the thread is ending already and
/// runs no more hooks.
pub(super) fn add_hook(thread: ThreadId, hook: &Arc<dyn ThreadExitHook>) -> bool {
    let hook = Arc::downgrade(hook);
    let add = |hooks: &RefCell<ThreadExitHooks>| {
        let known = &mut hooks.borrow_mut().0;
        known.retain(|(_, other)| other.strong_count() > 0);
        if !known.iter().any(|(_, other)| other.ptr_eq(&hook)) {
            known.push((thread, hook));
        }
    };
    HOOKS.try_with(add).is_ok()
}

/// Runs the hooks of this thread now, as its end would. A [`Thread`](crate::Thread) does so before
/// it sets its outcome, so that its waiters find nothing of it any more.
pub(crate) fn run_thread_exit_hooks() {
    let take = |hooks: &RefCell<ThreadExitHooks>| std::mem::take(&mut hooks.borrow_mut().0);
    // Outside of the cell: the destructor of a resource may use another resource.
    drop(ThreadExitHooks(HOOKS.try_with(take).unwrap_or_default()));
}

impl Drop for ThreadExitHooks {
    fn drop(&mut self) {
        for (thread, hook) in self.0.drain(..) {
            if let Some(hook) = hook.upgrade() {
                hook.thread_exits(thread);
            }
        }
    }
}
