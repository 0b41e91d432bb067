use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::{panic, thread};

use hub::{Event, Thread, ThreadResource};

use crate::on_hub;

/// A resource that contains its number, in the order in which resources are made.
fn numbered() -> (ThreadResource<usize>, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let counts = made.clone();
    let resource = ThreadResource::new(move || {
        // Other threads may make theirs in between.
        thread::yield_now();
        counts.fetch_add(1, Ordering::SeqCst)
    });
    (resource, made)
}

#[test]
fn every_thread_has_one_made_once_under_races() {
    const THREADS: usize = 8;
    let (resource, made) = numbered();
    let start = Arc::new(Barrier::new(THREADS));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (resource, start) = (resource.clone(), start.clone());
            thread::spawn(move || {
                start.wait();
                on_hub(async {
                    let greenlets: Vec<_> = (0..20)
                        .map(|_| {
                            let resource = resource.clone();
                            hub::spawn(async move {
                                tokio::task::yield_now().await;
                                resource.get()
                            })
                        })
                        .collect();
                    let mine = resource.get();
                    for greenlet in greenlets {
                        assert!(Arc::ptr_eq(&greenlet.await.unwrap(), &mine));
                    }
                    *mine
                })
            })
        })
        .collect();
    let mut numbers: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..THREADS));
    assert_eq!(made.load(Ordering::SeqCst), THREADS);
    assert!(resource.all().is_empty());
}

#[test]
fn all_threads_see_a_resource_while_its_thread_lives() {
    let (resource, _) = numbered();
    let mine = resource.get();
    let other = Thread::serving("other").unwrap();
    let there = resource.clone();
    let id = other
        .apply_blocking(move || (thread::current().id(), there.get()), None)
        .unwrap();
    let seen = resource.all();
    assert_eq!(seen, [(thread::current().id(), mine.clone()), id.clone()]);
    assert!((&resource).into_iter().eq(seen));
    other.stop_blocking(None).unwrap();
    assert_eq!(resource.all(), [(thread::current().id(), mine)]);
    // The `Arc` keeps the resource alive.
    assert_eq!(*id.1, 1);
}

#[test]
fn a_resource_is_dropped_when_a_plain_thread_ends() {
    let (resource, _) = numbered();
    let theirs = resource.clone();
    // `join` of the standard library waits for the destructors of the thread.
    let weak = thread::spawn(move || Arc::downgrade(&theirs.get()))
        .join()
        .unwrap();
    assert!(resource.all().is_empty());
    assert!(weak.upgrade().is_none());
}

/// The destructors of a thread may take long. Joining a [`Thread`] does not wait for them.
#[test]
fn a_resource_is_dropped_when_join_returns() {
    /// Delays the destructors of its thread.
    struct SlowDrop(Arc<AtomicBool>);
    impl Drop for SlowDrop {
        fn drop(&mut self) {
            while !self.0.load(Ordering::SeqCst) {
                thread::yield_now();
            }
        }
    }
    thread_local! {
        static DROPPED_BEFORE: Cell<Option<SlowDrop>> = const { Cell::new(None) };
        static DROPPED_AFTER: Cell<Option<SlowDrop>> = const { Cell::new(None) };
    }
    let (resource, _) = numbered();
    let release = Arc::new(AtomicBool::new(false));
    let (theirs, until) = (resource.clone(), release.clone());
    let thread = Thread::start("late", async move |_| {
        DROPPED_BEFORE.set(Some(SlowDrop(until.clone())));
        theirs.get();
        DROPPED_AFTER.set(Some(SlowDrop(until)));
    })
    .unwrap();
    thread.join_blocking(None).unwrap();
    assert!(resource.all().is_empty());
    release.store(true, Ordering::SeqCst);
}

#[test]
fn a_resource_is_dropped_when_a_main_function_panics() {
    let (resource, _) = numbered();
    let theirs = resource.clone();
    let thread = Thread::start("panics", async move |_| {
        theirs.get();
        panic!("out of luck");
    })
    .unwrap();
    thread.join_blocking(None).unwrap();
    assert!(resource.all().is_empty());
}

#[test]
fn pop_then_get_makes_a_new_one() {
    let (resource, _) = numbered();
    assert_eq!(resource.pop(), None);
    assert_eq!(*resource.get(), 0);
    assert_eq!(resource.pop().as_deref(), Some(&0));
    assert!(resource.all().is_empty());
    assert_eq!(*resource.get(), 1);
    assert_eq!(*resource.get(), 1);
}

#[test]
fn an_init_that_panics_leaves_nothing_behind() {
    let tries = AtomicUsize::new(0);
    let resource = ThreadResource::new(move || {
        assert!(tries.fetch_add(1, Ordering::SeqCst) > 0, "first try");
        7
    });
    let theirs = resource.clone();
    assert!(panic::catch_unwind(panic::AssertUnwindSafe(|| theirs.get())).is_err());
    assert!(resource.all().is_empty());
    assert_eq!(*resource.get(), 7);
}

#[test]
fn an_init_that_asks_for_its_own_resource_panics() {
    let own = Arc::new(std::sync::OnceLock::<ThreadResource<usize>>::new());
    let inner = own.clone();
    let resource = ThreadResource::new(move || *inner.get().unwrap().get() + 1);
    own.set(resource.clone()).unwrap();
    let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| resource.get()));
    let message = *outcome.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("asks for the resource"), "{message}");
}

#[test]
fn a_resource_may_use_another_one() {
    let (numbers, _) = numbered();
    let inner = numbers.clone();
    let texts = ThreadResource::new(move || inner.get().to_string());
    let theirs = texts.clone();
    let text = thread::spawn(move || theirs.get().to_string())
        .join()
        .unwrap();
    assert_eq!(text, "0");
    assert!(numbers.all().is_empty() && texts.all().is_empty());
}

#[test]
fn a_resource_is_dropped_in_its_own_thread() {
    struct DropSignal(Event, thread::ThreadId);
    impl Drop for DropSignal {
        fn drop(&mut self) {
            assert_eq!(thread::current().id(), self.1);
            self.0.send();
        }
    }
    let dropped = Event::new();
    let tell = dropped.clone();
    let resource = ThreadResource::new(move || DropSignal(tell.clone(), thread::current().id()));
    thread::spawn(move || drop(resource.get())).join().unwrap();
    assert!(dropped.is_set());
}

#[test]
fn a_resource_need_not_be_send() {
    let resource = ThreadResource::new(|| Rc::new(5));
    assert!(Rc::ptr_eq(&resource.get(), &resource.get()));
}
