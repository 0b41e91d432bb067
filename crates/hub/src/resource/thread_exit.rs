//! What a thread takes with it when it ends.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use crate::sync::thread::ThreadId;
use crate::sync::thread_local;

/// Somebody who has something of a thread.
pub(super) trait ThreadExitHook {
    fn thread_exits(&self, thread: ThreadId);
}

thread_local! {
    static HOOKS: RefCell<ThreadExitHooks> = const { RefCell::new(ThreadExitHooks(Vec::new())) };
}

/// Its destructor is that of the thread.
struct ThreadExitHooks(Vec<(ThreadId, Weak<dyn ThreadExitHook>)>);

/// Will tell `hook` when this thread ends. False: it is ending already, and nobody will be told.
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

/// Takes what this thread has away from everybody, as its end would. A thread that somebody waits
/// for does so before it tells that it has ended.
pub(crate) fn run_thread_exit_hooks() {
    let take = |hooks: &RefCell<ThreadExitHooks>| std::mem::take(&mut hooks.borrow_mut().0);
    // Out of the cell first: the destructor of a resource may use another one.
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
