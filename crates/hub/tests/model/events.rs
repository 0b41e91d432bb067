//! Every waiter of an event is woken, even if the event is cleared at once.

use crate::event::Event;
use crate::{check, join, poll_a_few_times, thread, threads};

#[test]
fn every_waiter_is_woken() {
    check(|| {
        let event = Event::new();
        let waits = event.clone();
        let waiters = threads(3, move |_| waits.wait_blocking(None));
        event.send();
        assert!(join(waiters).into_iter().all(|woken| woken == Ok(true)));
    });
}

#[test]
fn waiters_see_a_send_that_is_cleared_at_once() {
    check(|| {
        let (event, waiting) = (Event::new(), Event::new());
        let (waits, tells) = (event.clone(), waiting.clone());
        let waiter = thread::spawn(move || {
            let mut polled = false;
            let mut wait = Box::pin(waits.wait());
            let noted = std::future::poll_fn(|context| {
                let poll = wait.as_mut().poll(context);
                if !polled {
                    polled = true;
                    tells.send();
                }
                poll
            });
            crate::blocking::wait(noted, None)
        });
        waiting.wait_blocking(None).unwrap();
        event.send();
        event.clear();
        assert_eq!(waiter.join().unwrap(), Some(()));
    });
}

#[test]
fn a_cancelled_waiter_loses_no_wakeup() {
    check(|| {
        let event = Event::new();
        let waits = event.clone();
        let fickle = threads(2, move |_| poll_a_few_times(waits.wait()));
        let waits = event.clone();
        let patient = thread::spawn(move || waits.wait_blocking(None));
        event.send();
        join(fickle);
        assert_eq!(patient.join().unwrap(), Ok(true));
    });
}

use std::future::Future;
