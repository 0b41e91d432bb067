use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use hub::{Event, Lock, LockError, Queue, ReleaseError, Thread};

use crate::{on_hub, poll};

const SHORT_TIMEOUT: Duration = Duration::from_millis(1);

#[test]
fn greenlets_of_one_thread_exclude_each_other() {
    on_hub(async {
        let lock = Lock::new();
        let inside = Arc::new(AtomicBool::new(false));
        let greenlets: Vec<_> = (0..10)
            .map(|_| {
                let (lock, inside) = (lock.clone(), inside.clone());
                hub::spawn(async move {
                    let _guard = lock.acquire().await.unwrap();
                    assert!(!inside.swap(true, Ordering::SeqCst));
                    tokio::task::yield_now().await;
                    assert!(inside.swap(false, Ordering::SeqCst));
                })
            })
            .collect();
        for greenlet in greenlets {
            greenlet.await.unwrap();
        }
        assert!(!lock.is_taken());
    });
}

#[test]
fn a_greenlet_excludes_threads_and_greenlets_elsewhere() {
    let lock = Lock::new();
    let other = Thread::serving("other").unwrap();
    on_hub(async {
        let guard = lock.acquire().await.unwrap();
        let plain = thread::spawn({
            let lock = lock.clone();
            move || {
                (
                    lock.acquire_blocking(Some(SHORT_TIMEOUT)).err(),
                    lock.try_acquire().err(),
                )
            }
        });
        assert_eq!(
            plain.join().unwrap(),
            (Some(LockError::Timeout), Some(LockError::Busy))
        );
        let tried = Event::new();
        let (there, sender) = (lock.clone(), tried.clone());
        let greenlet = other
            .spawn(move || async move {
                assert_eq!(
                    there.acquire_timeout(SHORT_TIMEOUT).await.err(),
                    Some(LockError::Timeout)
                );
                assert!(!there.is_mine() && there.is_taken());
                sender.send();
                there.acquire().await.map(drop)
            })
            .unwrap();
        tried.wait().await;
        assert!(lock.is_mine());
        drop(guard);
        assert_eq!(greenlet.await.unwrap(), Ok(()));
    });
}

#[test]
fn the_owner_of_a_lock_cannot_acquire_it_again() {
    let lock = Lock::new();
    let guard = lock.acquire_blocking(None).unwrap();
    assert_eq!(lock.acquire_blocking(None).err(), Some(LockError::Owned));
    assert_eq!(lock.try_acquire().err(), Some(LockError::Owned));
    drop(guard);
    on_hub(async {
        let _guard = lock.acquire().await.unwrap();
        assert_eq!(lock.acquire().await.err(), Some(LockError::Owned));
    });
    assert!(!lock.is_taken());
}

#[test]
fn only_its_owner_releases_it() {
    let lock = Lock::new();
    on_hub(async {
        assert_eq!(lock.release(), Err(ReleaseError::Free));
        let guard = lock.acquire().await.unwrap();
        assert_eq!(lock.release(), Err(ReleaseError::Guarded));
        guard.keep();
        let foreign = hub::spawn({
            let lock = lock.clone();
            async move { lock.release() }
        });
        assert_eq!(foreign.await.unwrap(), Err(ReleaseError::NotOwner));
        let elsewhere = thread::spawn({
            let lock = lock.clone();
            move || lock.release()
        });
        assert_eq!(elsewhere.join().unwrap(), Err(ReleaseError::NotOwner));
        assert!(lock.is_mine());
        assert_eq!(lock.release(), Ok(()));
        assert_eq!(lock.release(), Err(ReleaseError::Free));
    });
}

#[test]
fn a_lock_is_acquired_in_the_order_of_requests() {
    let lock = Lock::new();
    let served = Queue::new(100);
    on_hub(async {
        let guard = lock.acquire().await.unwrap();
        let mut greenlets = Vec::new();
        for number in 0..5 {
            let (lock, served) = (lock.clone(), served.clone());
            greenlets.push(hub::spawn(async move {
                let _guard = lock.acquire().await.unwrap();
                served.put(number, 1).await.unwrap();
            }));
            tokio::task::yield_now().await;
        }
        drop(guard);
        // The lock is free only for the first in the line.
        assert_eq!(lock.try_acquire().err(), Some(LockError::Busy));
        let mut last = Box::pin(lock.acquire());
        assert!(poll(&mut last).is_pending());
        drop(last.await.unwrap());
        for greenlet in greenlets {
            greenlet.await.unwrap();
        }
    });
    assert!((0..5).eq(std::iter::from_fn(|| served.try_get().ok())));
}

#[test]
fn no_waiter_starves_beside_threads_that_never_pause() {
    let lock = Lock::new();
    let done = Arc::new(AtomicBool::new(false));
    let greedy: Vec<_> = (0..2)
        .map(|_| {
            let (lock, done) = (lock.clone(), done.clone());
            thread::spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    drop(lock.acquire_blocking(None).unwrap());
                }
            })
        })
        .collect();
    on_hub(async {
        for _ in 0..100 {
            drop(lock.acquire().await.unwrap());
        }
    });
    done.store(true, Ordering::SeqCst);
    for thread in greedy {
        thread.join().unwrap();
    }
}

#[test]
fn a_dropped_waiter_loses_no_turn() {
    let lock = Lock::new();
    on_hub(async {
        let guard = lock.acquire().await.unwrap();
        let waiter = |lock: &Lock| {
            let lock = lock.clone();
            hub::spawn(async move { drop(lock.acquire().await.unwrap()) })
        };
        let (first, second) = (waiter(&lock), waiter(&lock));
        tokio::task::yield_now().await;
        // The first is killed at the moment at which it receives the lock.
        drop(guard);
        first.kill();
        second.await.unwrap();
        assert!(first.await.is_err());
    });
    assert!(!lock.is_taken());
}

#[test]
fn a_dropped_wait_owns_nothing() {
    let lock = Lock::new();
    let holder = Thread::serving("holder").unwrap();
    let there = lock.clone();
    holder
        .apply_blocking(move || there.try_acquire().unwrap().keep(), None)
        .unwrap();
    let mut wait = Box::pin(lock.acquire());
    assert!(poll(&mut wait).is_pending());
    let there = lock.clone();
    holder
        .apply_blocking(move || there.release().unwrap(), None)
        .unwrap();
    // The lock is assigned to this wait already, which is not polled any more.
    assert_eq!(lock.try_acquire().err(), Some(LockError::Busy));
    drop(wait);
    drop(lock.try_acquire().unwrap());
}

#[test]
fn a_killed_or_panicking_owner_releases_it() {
    let lock = Lock::new();
    on_hub(async {
        let waits = hub::spawn({
            let lock = lock.clone();
            async move {
                let _guard = lock.acquire().await.unwrap();
                std::future::pending::<()>().await;
            }
        });
        tokio::task::yield_now().await;
        assert!(lock.is_taken());
        waits.kill();
        waits.await.unwrap_err();
        let panics = hub::spawn({
            let lock = lock.clone();
            async move {
                let _guard = lock.acquire().await.unwrap();
                panic!("in the lock");
            }
        });
        panics.await.unwrap_err();
        assert!(!lock.is_taken());
    });
}

#[test]
fn functions_that_run_at_once_run_for_their_caller() {
    let lock = Lock::new();
    on_hub(async {
        let _guard = lock.acquire().await.unwrap();
        let launcher = hub::Launcher::current().unwrap();
        let mine = {
            let lock = lock.clone();
            move || lock.is_mine()
        };
        assert_eq!(launcher.apply(mine.clone()).await, Ok(true));
        assert_eq!(launcher.apply_async(mine).get().await, Ok(false));
    });
}

#[test]
fn many_threads_and_greenlets_count_right() {
    let lock = Lock::new();
    // Reading and writing are separate steps, so that only the lock makes the count right.
    let count = Arc::new(AtomicUsize::new(0));
    let add = {
        let count = count.clone();
        move || {
            let seen = count.load(Ordering::Relaxed);
            thread::yield_now();
            count.store(seen + 1, Ordering::Relaxed);
        }
    };
    let plain: Vec<_> = (0..3)
        .map(|_| {
            let (lock, add) = (lock.clone(), add.clone());
            thread::spawn(move || {
                for _ in 0..100 {
                    let _guard = lock.acquire_blocking(None).unwrap();
                    add();
                }
            })
        })
        .collect();
    let hubs: Vec<_> = (0..2)
        .map(|_| {
            let (lock, add) = (lock.clone(), add.clone());
            Thread::start("adders", async move |_| {
                let greenlets: Vec<_> = (0..5)
                    .map(|_| {
                        let (lock, add) = (lock.clone(), add.clone());
                        hub::spawn(async move {
                            for _ in 0..50 {
                                let _guard = lock.acquire().await.unwrap();
                                add();
                            }
                        })
                    })
                    .collect();
                for greenlet in greenlets {
                    greenlet.await.unwrap();
                }
            })
            .unwrap()
        })
        .collect();
    for thread in plain {
        thread.join().unwrap();
    }
    for thread in hubs {
        thread.take_blocking(None).unwrap();
    }
    assert_eq!(count.load(Ordering::Relaxed), 3 * 100 + 2 * 5 * 50);
}
