use std::thread;
use std::time::Duration;

use hub::{Event, Thread};

use crate::{on_hub, poll};

#[test]
fn wakes_every_waiter_in_every_thread() {
    let event = Event::new();
    let hubs: Vec<_> = (0..3)
        .map(|_| {
            let event = event.clone();
            Thread::start("waiters", async move |_| {
                let greenlets: Vec<_> = (0..10)
                    .map(|_| {
                        let event = event.clone();
                        hub::spawn(async move { event.wait().await })
                    })
                    .collect();
                let mut woken = 0;
                for greenlet in greenlets {
                    greenlet.await.unwrap();
                    woken += 1;
                }
                woken
            })
            .unwrap()
        })
        .collect();
    let plain: Vec<_> = (0..3)
        .map(|_| {
            let event = event.clone();
            thread::spawn(move || event.wait_blocking(None))
        })
        .collect();
    event.send();
    for hub in hubs {
        assert_eq!(hub.take_blocking(None), Ok(10));
    }
    for thread in plain {
        assert_eq!(thread.join().unwrap(), Ok(true));
    }
}

#[test]
fn waiters_are_woken_even_if_the_event_is_cleared_at_once() {
    let event = Event::new();
    let mut early = Box::pin(event.wait());
    assert!(poll(&mut early).is_pending());
    event.send();
    event.clear();
    let mut late = Box::pin(event.wait());
    assert!(poll(&mut early).is_ready());
    assert!(poll(&mut late).is_pending());
    assert!(!event.is_set());
}

#[test]
fn stays_raised_until_cleared() {
    let event = Event::new();
    event.send();
    assert_eq!(event.wait_blocking(Some(Duration::ZERO)), Ok(true));
    assert_eq!(event.wait_blocking(Some(Duration::ZERO)), Ok(true));
    event.clear();
    assert_eq!(event.wait_blocking(Some(Duration::ZERO)), Ok(false));
}

#[test]
fn a_greenlet_tells_an_event_from_a_timeout() {
    on_hub(async {
        let event = Event::new();
        assert!(!event.wait_timeout(Duration::from_millis(1)).await);
        event.send();
        assert!(event.wait_timeout(Duration::MAX).await);
    });
}

#[test]
fn a_waiter_that_is_dropped_takes_no_wakeup_with_it() {
    let event = Event::new();
    let mut dropped = Box::pin(event.wait());
    let mut stays = Box::pin(event.wait());
    assert!(poll(&mut dropped).is_pending());
    assert!(poll(&mut stays).is_pending());
    drop(dropped);
    event.send();
    assert!(poll(&mut stays).is_ready());
}
