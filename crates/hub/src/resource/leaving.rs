//! What a thread takes with it when it ends.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use crate::sync::thread::ThreadId;
use crate::sync::thread_local;

/// Somebody who has something of a thread.
pub(super) trait Leave {
    fn leave(&self, thread: ThreadId);
}

thread_local! {
    static LEAVING: RefCell<Leaving> = const { RefCell::new(Leaving(Vec::new())) };
}

/// Its destructor is that of the thread.
struct Leaving(Vec<(ThreadId, Weak<dyn Leave>)>);

/// Will tell `whom` when this thread ends. False: it is ending already, and nobody will be told.
pub(super) fn remember(thread: ThreadId, whom: &Arc<dyn Leave>) -> bool {
    let whom = Arc::downgrade(whom);
    let add = |leaving: &RefCell<Leaving>| {
        let known = &mut leaving.borrow_mut().0;
        known.retain(|(_, other)| other.strong_count() > 0);
        if !known.iter().any(|(_, other)| other.ptr_eq(&whom)) {
            known.push((thread, whom));
        }
    };
    LEAVING.try_with(add).is_ok()
}

/// Takes what this thread has away from everybody, as its end would. A thread that somebody waits
/// for does so before it tells that it has ended.
pub(crate) fn leave() {
    let take = |leaving: &RefCell<Leaving>| std::mem::take(&mut leaving.borrow_mut().0);
    // Out of the cell first: the destructor of a resource may use another one.
    drop(Leaving(LEAVING.try_with(take).unwrap_or_default()));
}

impl Drop for Leaving {
    fn drop(&mut self) {
        for (thread, whom) in self.0.drain(..) {
            if let Some(whom) = whom.upgrade() {
                whom.leave(thread);
            }
        }
    }
}
