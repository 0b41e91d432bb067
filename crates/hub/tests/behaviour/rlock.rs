use std::thread;
use std::time::Duration;

use hub::{Event, LockError, RLock, ReleaseError};

use crate::on_hub;

#[test]
fn a_reentrant_lock_is_released_as_often_as_acquired() {
    let lock = RLock::new();
    on_hub(async {
        let outer = lock.acquire().await.unwrap();
        let inner = lock.try_acquire().unwrap();
        lock.acquire_timeout(Duration::ZERO).await.unwrap().keep();
        assert_eq!(lock.count(), 3);
        // Guards may be dropped in any order.
        drop(outer);
        drop(inner);
        assert!(lock.is_mine());
        lock.release().unwrap();
        assert!(!lock.is_taken());
        assert_eq!(lock.release(), Err(ReleaseError::Free));
    });
    let outer = lock.acquire_blocking(None).unwrap();
    let inner = lock.acquire_blocking(None).unwrap();
    drop((outer, inner));
    assert_eq!(lock.count(), 0);
}

#[test]
fn a_reentrant_lock_counts_for_each_greenlet() {
    let lock = RLock::new();
    on_hub(async {
        let outer = lock.acquire().await.unwrap();
        let other = hub::spawn({
            let lock = lock.clone();
            async move {
                assert_eq!(lock.try_acquire().err(), Some(LockError::Busy));
                assert_eq!(lock.release(), Err(ReleaseError::NotOwner));
                let _outer = lock.acquire().await.unwrap();
                let _inner = lock.acquire().await.unwrap();
                lock.count()
            }
        });
        let inner = lock.acquire().await.unwrap();
        tokio::task::yield_now().await;
        drop(outer);
        tokio::task::yield_now().await;
        // One of two releases leaves the lock taken.
        assert!(!other.is_finished() && lock.is_mine());
        drop(inner);
        assert_eq!(other.await, Ok(2));
    });
}

#[test]
fn a_thread_waits_for_a_greenlet_and_the_other_way_round() {
    let lock = RLock::new();
    let tried = Event::new();
    let (theirs, sender) = (lock.clone(), tried.clone());
    let guard = lock.acquire_blocking(None).unwrap();
    let other = thread::spawn(move || {
        on_hub(async {
            assert_eq!(
                theirs.acquire_timeout(Duration::from_millis(1)).await.err(),
                Some(LockError::Timeout)
            );
            sender.send();
            let _guard = theirs.acquire().await.unwrap();
            theirs.count()
        })
    });
    tried.wait_blocking(None).unwrap();
    drop(guard);
    assert_eq!(other.join().unwrap(), 1);
    drop(lock.acquire_blocking(None).unwrap());
}
