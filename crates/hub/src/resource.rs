//! [`ThreadResource`]: one resource for each thread.
//!
//! It is part of the contract of primitives that the design prescribes for threads and greenlets, so
//! it stays even where nothing in this workspace uses it.

mod thread_exit;

use std::any::type_name;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError};

use crate::sync::thread::{self, ThreadId};
use crate::sync::{Mutex, MutexGuard};
use thread_exit::ThreadExitHook;

pub(crate) use thread_exit::run_thread_exit_hooks;

/// One resource for each thread that asks: a connection, a buffer, an open device. Clones are
/// handles of the same set of resources.
///
/// A resource is made when a thread first calls [`get`](ThreadResource::get), for all greenlets of that
/// thread. [`all`](ThreadResource::all) returns it while the thread lives. The end of the thread removes it
/// from the set; each `Arc` of it that is left keeps the resource itself alive.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// // Every thread counts for itself, without disturbing the others.
/// let bytes = hub::ThreadResource::new(|| AtomicU64::new(0));
/// let workers: Vec<_> = (0..3)
///     .map(|_| {
///         let bytes = bytes.clone();
///         hub::Thread::start("worker", async move |context: hub::ThreadContext| {
///             bytes.get().fetch_add(100, Ordering::Relaxed);
///             context.stopping.wait().await;
///         })
///     })
///     .collect::<Result<_, _>>()?;
/// for worker in &workers {
///     worker.apply_blocking(|| (), None)?;
/// }
/// let total: u64 = bytes.all().iter().map(|(_, n)| n.load(Ordering::Relaxed)).sum();
/// assert_eq!(total, 300);
/// for worker in &workers {
///     worker.stop_blocking(None)?;
/// }
/// assert!(bytes.all().is_empty());
/// # Ok(())
/// # }
/// ```
pub struct ThreadResource<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    init: Box<dyn Fn() -> T + Send + Sync>,
    slots: Mutex<Slots<T>>,
}

struct Slots<T> {
    by_thread: HashMap<ThreadId, Slot<T>>,
    /// How many were ever made.
    created: u64,
}

enum Slot<T> {
    /// The thread runs `init`.
    Initialising,
    Ready {
        number: u64,
        resource: Arc<T>,
    },
}

impl<T: 'static> ThreadResource<T> {
    /// Returns a set without resources; `init` makes the resource of a thread, in that thread.
    pub fn new(init: impl Fn() -> T + Send + Sync + 'static) -> Self {
        ThreadResource {
            shared: Arc::new(Shared {
                init: Box::new(init),
                slots: Mutex::new(Slots {
                    by_thread: HashMap::new(),
                    created: 0,
                }),
            }),
        }
    }

    /// Returns the resource of this thread, which is made if there is none.
    ///
    /// In a destructor of a thread-local variable, at the very end of the thread, it is a resource
    /// that is not in the set.
    ///
    /// # Panics
    /// Panics if `init` does, or if `init` asks for the very resource that it makes.
    pub fn get(&self) -> Arc<T> {
        let thread = thread::current().id();
        if let Some(resource) = self.shared.begin(thread) {
            return resource;
        }
        // Not under the lock: it may take long, and may use other resources.
        let guard = InitGuard {
            shared: &self.shared,
            thread,
        };
        let resource = Arc::new((self.shared.init)());
        let hook: Arc<dyn ThreadExitHook> = self.shared.clone();
        if thread_exit::add_hook(thread, &hook) {
            self.shared.end(thread, Arc::clone(&resource));
            std::mem::forget(guard);
        }
        resource
    }
}

impl<T> ThreadResource<T> {
    /// Removes and returns the resource of this thread: the next [`get`](ThreadResource::get) makes a new one.
    pub fn pop(&self) -> Option<Arc<T>> {
        self.shared.remove(thread::current().id())
    }

    /// Returns the present resources and their threads, in the order in which they were made.
    pub fn all(&self) -> Vec<(ThreadId, Arc<T>)> {
        let mut ready: Vec<_> = {
            let slots = self.shared.slots();
            let ready = slots.by_thread.iter().filter_map(|(thread, slot)| {
                let Slot::Ready { number, resource } = slot else {
                    return None;
                };
                Some((*number, *thread, Arc::clone(resource)))
            });
            ready.collect()
        };
        ready.sort_unstable_by_key(|(number, ..)| *number);
        ready
            .into_iter()
            .map(|(_, thread, resource)| (thread, resource))
            .collect()
    }
}

impl<T> Shared<T> {
    /// The resource of the thread, or else a slot in which to make it.
    fn begin(&self, thread: ThreadId) -> Option<Arc<T>> {
        let mut slots = self.slots();
        match slots.by_thread.get(&thread) {
            Some(Slot::Ready { resource, .. }) => return Some(Arc::clone(resource)),
            Some(Slot::Initialising) => {}
            None => {
                slots.by_thread.insert(thread, Slot::Initialising);
                return None;
            }
        }
        drop(slots);
        panic!(
            "the `init` of a resource of the type `{}` asks for the resource that it makes",
            type_name::<T>()
        );
    }

    fn end(&self, thread: ThreadId, resource: Arc<T>) {
        let mut slots = self.slots();
        let number = slots.created;
        slots.created += 1;
        let slot = Slot::Ready { number, resource };
        slots.by_thread.insert(thread, slot);
    }

    fn remove(&self, thread: ThreadId) -> Option<Arc<T>> {
        let mut slots = self.slots();
        match slots.by_thread.remove(&thread)? {
            Slot::Ready { resource, .. } => Some(resource),
            initialising @ Slot::Initialising => {
                // Popped by its own `init`: nothing is there yet.
                slots.by_thread.insert(thread, initialising);
                None
            }
        }
    }

    fn slots(&self) -> MutexGuard<'_, Slots<T>> {
        // Nothing panics under this lock.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> ThreadExitHook for Shared<T> {
    fn thread_exits(&self, thread: ThreadId) {
        // Its destructor runs here, out of the lock.
        drop(self.remove(thread));
    }
}

/// Gives the slot up again when `init` panics.
struct InitGuard<'shared, T> {
    shared: &'shared Shared<T>,
    thread: ThreadId,
}

impl<T> Drop for InitGuard<'_, T> {
    fn drop(&mut self) {
        self.shared.slots().by_thread.remove(&self.thread);
    }
}

impl<T> IntoIterator for &ThreadResource<T> {
    type Item = (ThreadId, Arc<T>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.all().into_iter()
    }
}

impl<T> Clone for ThreadResource<T> {
    fn clone(&self) -> Self {
        ThreadResource {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T> fmt::Debug for ThreadResource<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ThreadResource")
            .field("threads", &self.shared.slots().by_thread.len())
            .finish_non_exhaustive()
    }
}
