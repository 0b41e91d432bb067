//! Events and results: all waiters are woken, even if others have cancelled their waits.

use std::thread;
use std::time::Duration;

use hub::{AsyncResult, Event, ResultError, Thread};

use super::Random;

const ROUNDS: usize = 60;
const WAITERS: usize = 8;

#[test]
fn every_patient_waiter_is_woken_in_every_round() {
    let mut random = Random::seeded(3);
    let there = Thread::serving("waiters").unwrap();
    for round in 0..ROUNDS {
        let (event, result) = (Event::new(), AsyncResult::<usize, String>::new());
        let greenlets: Vec<_> = (0..WAITERS)
            .map(|n| {
                let (event, result) = (event.clone(), result.clone());
                let spawned = there.spawn(move || async move {
                    let mut random = Random::seeded(round * WAITERS + n + 1);
                    // The event is sent and cleared, then sent to stay.
                    random.cancelled(event.wait()).await;
                    random.cancelled(result.wait()).await;
                    event.wait_timeout(Duration::from_micros(20)).await;
                    event.wait().await;
                    result.get().await
                });
                spawned.unwrap()
            })
            .collect();
        let timeouts: Vec<_> = (0..2).map(|_| random.below(200)).collect();
        let plain: Vec<_> = timeouts
            .into_iter()
            .map(|timeout| {
                let (event, result) = (event.clone(), result.clone());
                thread::spawn(move || {
                    let timeout = Some(Duration::from_micros(timeout));
                    event.wait_blocking(timeout).unwrap();
                    match result.get_blocking(timeout) {
                        Ok(value) => assert_eq!(value, round),
                        Err(error) => assert_eq!(error, ResultError::Timeout),
                    }
                    assert!(event.wait_blocking(None).unwrap());
                    result.get_blocking(None)
                })
            })
            .collect();
        let (one, other) = (event.clone(), result.clone());
        let setter = thread::spawn(move || other.set(Ok(round)));
        one.send();
        for mut greenlet in greenlets {
            assert_eq!(greenlet.join_blocking(None).unwrap().unwrap(), Ok(round));
        }
        for thread in plain {
            assert_eq!(thread.join().unwrap(), Ok(round));
        }
        assert!(setter.join().unwrap());
    }
    there.stop_blocking(None).unwrap();
}
