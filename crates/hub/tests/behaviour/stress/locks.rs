//! Locks: one owner at a time, even if waiters and owners are cancelled or killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use hub::{Lock, LockError, RLock, Thread};

use super::Random;

const HUBS: usize = 3;
const GREENLETS: usize = 6;
const PLAIN: usize = 3;
const ROUNDS: usize = 150;

/// The count that a lock protects, which is right only if one greenlet at a time changes it.
#[derive(Clone, Default)]
struct ProtectedCount {
    inside: Arc<AtomicUsize>,
    count: Arc<AtomicUsize>,
}

impl ProtectedCount {
    fn enter(&self) -> CriticalSection<'_> {
        assert_eq!(self.inside.fetch_add(1, Ordering::SeqCst), 0);
        let seen = self.count.load(Ordering::Relaxed);
        CriticalSection(self, seen)
    }
}

struct CriticalSection<'a>(&'a ProtectedCount, usize);

impl Drop for CriticalSection<'_> {
    fn drop(&mut self) {
        self.0.count.store(self.1 + 1, Ordering::Relaxed);
        assert_eq!(self.0.inside.fetch_sub(1, Ordering::SeqCst), 1);
    }
}

/// Takes the lock in many rounds; returns how often it succeeded.
async fn greenlet(lock: Lock, protected: ProtectedCount, seed: usize) -> usize {
    let mut random = Random::seeded(seed);
    let mut entered = 0;
    for _ in 0..ROUNDS {
        if random.below(3) == 0 {
            let timeout = Duration::from_micros(random.below(100));
            match lock.acquire_timeout(timeout).await {
                Ok(_guard) => {
                    entered += 1;
                    drop(protected.enter());
                }
                Err(error) => assert_eq!(error, LockError::Timeout),
            }
        } else if let Some(guard) = random.cancelled(lock.acquire()).await {
            entered += 1;
            // The work may be cancelled while it holds the lock.
            let work = async {
                let _section = protected.enter();
                tokio::task::yield_now().await;
            };
            random.cancelled(work).await;
            if random.below(2) == 0 {
                guard.unwrap().keep();
                tokio::task::yield_now().await;
                lock.release().unwrap();
            }
        }
    }
    entered
}

fn plain(lock: &Lock, protected: &ProtectedCount, seed: usize) -> usize {
    let mut random = Random::seeded(seed);
    let mut entered = 0;
    for _ in 0..ROUNDS {
        let guard = match random.below(3) {
            0 => lock.try_acquire(),
            1 => lock.acquire_blocking(Some(Duration::from_micros(random.below(100)))),
            _ => lock.acquire_blocking(None),
        };
        match guard {
            Ok(_guard) => {
                entered += 1;
                drop(protected.enter());
            }
            Err(error) => assert!(matches!(error, LockError::Busy | LockError::Timeout)),
        }
    }
    entered
}

#[test]
fn random_cancellations_leave_no_lock_taken_and_no_waiter_asleep() {
    let lock = Lock::new();
    let protected = ProtectedCount::default();
    let hubs: Vec<_> = (0..HUBS)
        .map(|hub| {
            let (lock, protected) = (lock.clone(), protected.clone());
            Thread::start("owners", async move |_| {
                let greenlets: Vec<_> = (0..GREENLETS)
                    .map(|n| {
                        let seed = 1 + hub * GREENLETS + n;
                        hub::spawn(greenlet(lock.clone(), protected.clone(), seed))
                    })
                    .collect();
                let mut entered = 0;
                for greenlet in greenlets {
                    entered += greenlet.await.unwrap();
                }
                entered
            })
            .unwrap()
        })
        .collect();
    let threads: Vec<_> = (0..PLAIN)
        .map(|n| {
            let (lock, protected) = (lock.clone(), protected.clone());
            thread::spawn(move || plain(&lock, &protected, 1000 + n))
        })
        .collect();
    let mut entered = 0;
    for hub in hubs {
        entered += hub.take_blocking(None).unwrap();
    }
    for thread in threads {
        entered += thread.join().unwrap();
    }
    assert!(!lock.is_taken());
    // Each owner has counted, and no two at the same time.
    assert_eq!(protected.count.load(Ordering::SeqCst), entered);
    assert!(lock.try_acquire().is_ok());
}

/// Kills greenlets from another thread at any moment: while they wait, own, or have just been woken.
#[test]
fn killed_greenlets_leave_their_locks() {
    let lock = RLock::new();
    let thread = Thread::serving("victims").unwrap();
    let mut random = Random::seeded(11);
    let mut left: Vec<_> = (0..200)
        .map(|n| {
            let lock = lock.clone();
            thread
                .spawn(move || async move {
                    let mut random = Random::seeded(n + 1);
                    loop {
                        let _outer = lock.acquire().await.unwrap();
                        let _inner = random.cancelled(lock.acquire()).await;
                        tokio::task::yield_now().await;
                    }
                })
                .unwrap()
        })
        .collect();
    while !left.is_empty() {
        let victim = random.below(left.len() as u64) as usize;
        let mut greenlet: hub::Greenlet<()> = left.swap_remove(victim);
        greenlet.kill();
        greenlet.join_blocking(None).unwrap().unwrap_err();
    }
    assert_eq!(lock.count(), 0);
    assert!(lock.acquire_blocking(None).is_ok());
    thread.stop_blocking(None).unwrap();
}
