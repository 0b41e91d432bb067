//! [`ThreadResource`]: something that every thread has one of.
//!
//! It is part of the contract of the design slides, like all primitives of this crate, so it stays
//! whether this workspace uses it or not.

mod leaving;

use std::any::type_name;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError};

use crate::sync::thread::{self, ThreadId};
use crate::sync::{Mutex, MutexGuard};

pub(crate) use leaving::leave;

/// One resource for each thread that asks: a connection, a buffer, an open device. Clones are
/// handles of the same set of resources.
///
/// It is made when a thread first [`get`](ThreadResource::get)s it, for all greenlets of that thread. The
/// others see it while the thread lives; when the thread ends, it is gone. Who still has
/// the `Arc` of it keeps the resource itself alive.
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
    places: Mutex<Places<T>>,
}

struct Places<T> {
    of_threads: HashMap<ThreadId, Place<T>>,
    /// How many were ever made.
    made: u64,
}

enum Place<T> {
    /// The thread is making it.
    InTheMaking,
    Made {
        number: u64,
        resource: Arc<T>,
    },
}

impl<T: 'static> ThreadResource<T> {
    /// `init` makes the resource of a thread, in that thread.
    pub fn new(init: impl Fn() -> T + Send + Sync + 'static) -> Self {
        ThreadResource {
            shared: Arc::new(Shared {
                init: Box::new(init),
                places: Mutex::new(Places {
                    of_threads: HashMap::new(),
                    made: 0,
                }),
            }),
        }
    }

    /// The resource of this thread, which is made if there is none.
    ///
    /// In a destructor of a thread-local variable, at the very end of the thread, it is a resource
    /// that nobody else sees.
    ///
    /// # Panics
    /// When `init` does, and when it asks for the very resource that it makes.
    pub fn get(&self) -> Arc<T> {
        let thread = thread::current().id();
        if let Some(resource) = self.shared.begin(thread) {
            return resource;
        }
        // Not under the lock: it may take long, and may use other resources.
        let making = Making {
            shared: &self.shared,
            thread,
        };
        let resource = Arc::new((self.shared.init)());
        let leaves: Arc<dyn leaving::Leave> = self.shared.clone();
        if leaving::remember(thread, &leaves) {
            self.shared.end(thread, Arc::clone(&resource));
            std::mem::forget(making);
        }
        resource
    }
}

impl<T> ThreadResource<T> {
    /// Removes the resource of this thread: the next [`get`](ThreadResource::get) makes a new one.
    pub fn pop(&self) -> Option<Arc<T>> {
        self.shared.remove(thread::current().id())
    }

    /// The resources that there are now, and their threads, in the order in which they were made.
    pub fn all(&self) -> Vec<(ThreadId, Arc<T>)> {
        let mut made: Vec<_> = {
            let places = self.shared.places();
            let made = places.of_threads.iter().filter_map(|(thread, place)| {
                let Place::Made { number, resource } = place else {
                    return None;
                };
                Some((*number, *thread, Arc::clone(resource)))
            });
            made.collect()
        };
        made.sort_unstable_by_key(|(number, ..)| *number);
        made.into_iter()
            .map(|(_, thread, resource)| (thread, resource))
            .collect()
    }
}

impl<T> Shared<T> {
    /// The resource of the thread, or else a place in which to make it.
    fn begin(&self, thread: ThreadId) -> Option<Arc<T>> {
        let mut places = self.places();
        match places.of_threads.get(&thread) {
            Some(Place::Made { resource, .. }) => return Some(Arc::clone(resource)),
            Some(Place::InTheMaking) => {}
            None => {
                places.of_threads.insert(thread, Place::InTheMaking);
                return None;
            }
        }
        drop(places);
        panic!(
            "the `init` of a resource of the type `{}` asks for the resource that it makes",
            type_name::<T>()
        );
    }

    fn end(&self, thread: ThreadId, resource: Arc<T>) {
        let mut places = self.places();
        let number = places.made;
        places.made += 1;
        let place = Place::Made { number, resource };
        places.of_threads.insert(thread, place);
    }

    fn remove(&self, thread: ThreadId) -> Option<Arc<T>> {
        let mut places = self.places();
        match places.of_threads.remove(&thread)? {
            Place::Made { resource, .. } => Some(resource),
            making @ Place::InTheMaking => {
                // Popped by its own `init`: nothing is there yet.
                places.of_threads.insert(thread, making);
                None
            }
        }
    }

    fn places(&self) -> MutexGuard<'_, Places<T>> {
        // Nothing panics under this lock.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> leaving::Leave for Shared<T> {
    fn leave(&self, thread: ThreadId) {
        // Its destructor runs here, out of the lock.
        drop(self.remove(thread));
    }
}

/// Gives the place up again when `init` panics.
struct Making<'shared, T> {
    shared: &'shared Shared<T>,
    thread: ThreadId,
}

impl<T> Drop for Making<'_, T> {
    fn drop(&mut self) {
        self.shared.places().of_threads.remove(&self.thread);
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
            .field("threads", &self.shared.places().of_threads.len())
            .finish_non_exhaustive()
    }
}
