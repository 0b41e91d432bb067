//! One owner at a time, and the next in line is always woken.

use std::sync::Arc;

use shuttle::sync::atomic::{AtomicUsize, Ordering};

use crate::lock::{Lock, LockError, RLock, ReleaseError};
use crate::{NO_WAIT, check, join, poll_a_few_times, thread, threads};

/// A counter that pauses between reading and writing.
fn add(count: &AtomicUsize) {
    let seen = count.load(Ordering::SeqCst);
    thread::yield_now();
    count.store(seen + 1, Ordering::SeqCst);
}

#[test]
fn one_owner_at_a_time() {
    check(|| {
        let lock = Lock::new();
        let count = Arc::new(AtomicUsize::new(0));
        let (there, counts) = (lock.clone(), count.clone());
        join(threads(3, move |_| {
            for _ in 0..2 {
                let _guard = there.acquire_blocking(None).unwrap();
                assert!(there.is_mine());
                add(&counts);
            }
        }));
        assert_eq!(count.load(Ordering::SeqCst), 6);
        assert!(!lock.is_taken());
    });
}

#[test]
fn a_cancelled_waiter_loses_no_turn() {
    check(|| {
        let lock = Lock::new();
        let count = Arc::new(AtomicUsize::new(0));
        let (there, counts) = (lock.clone(), count.clone());
        let fickle = threads(2, move |_| {
            let guard = poll_a_few_times(there.acquire());
            if guard.is_some() {
                add(&counts);
            }
            guard.is_some()
        });
        let (there, counts) = (lock.clone(), count.clone());
        let hasty = threads(1, move |_| {
            let by_timeout = there.acquire_blocking(NO_WAIT).map(|_guard| add(&counts));
            let by_trying = there.try_acquire().map(|_guard| add(&counts));
            usize::from(by_timeout.is_ok()) + usize::from(by_trying.is_ok())
        });
        {
            let _guard = lock.acquire_blocking(None).unwrap();
            add(&count);
        }
        let successes = join(fickle).into_iter().filter(|taken| *taken).count()
            + join(hasty).into_iter().sum::<usize>();
        assert_eq!(count.load(Ordering::SeqCst), successes + 1);
        assert!(lock.try_acquire().is_ok());
    });
}

#[test]
fn a_kept_lock_waits_for_its_release() {
    check(|| {
        let lock = Lock::new();
        let there = lock.clone();
        let others = threads(2, move |_| {
            assert!(matches!(
                there.release(),
                Err(ReleaseError::NotOwner | ReleaseError::Free)
            ));
            drop(there.acquire_blocking(None).unwrap());
        });
        lock.acquire_blocking(None).unwrap().keep();
        assert!(lock.is_mine());
        assert_eq!(lock.try_acquire().err(), Some(LockError::Owned));
        lock.release().unwrap();
        join(others);
        assert!(!lock.is_taken());
    });
}

#[test]
fn a_lock_that_counts_is_free_when_its_count_is_zero() {
    check(|| {
        let lock = RLock::new();
        let count = Arc::new(AtomicUsize::new(0));
        let (there, counts) = (lock.clone(), count.clone());
        let others = threads(2, move |_| {
            let outer = there.acquire_blocking(None).unwrap();
            let inner = there.acquire_blocking(None).unwrap();
            drop(outer);
            add(&counts);
            assert_eq!(there.count(), 1);
            drop(inner);
        });
        if let Ok(_guard) = lock.try_acquire() {
            lock.try_acquire().unwrap().keep();
            add(&count);
            lock.release().unwrap();
            count.fetch_sub(1, Ordering::SeqCst);
        }
        join(others);
        assert_eq!(count.load(Ordering::SeqCst), 2);
        assert_eq!(lock.count(), 0);
    });
}
