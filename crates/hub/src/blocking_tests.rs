//! Tests of parked threads that need private functions. They are not in the module itself because the
//! models compile its source.

use std::future::Future;
use std::pin::pin;
use std::thread;
use std::time::Duration;

use crate::blocking::wait;
use crate::event::Event;

#[test]
fn a_wait_inside_a_wait_takes_no_wakeup_of_the_outer_one() {
    let (outer, inner) = (Event::new(), Event::new());
    // From now on this thread has a parker.
    assert_eq!(wait(async {}, None), Some(()));
    let mut nested = false;
    let both = async {
        let mut waits = pin!(outer.wait());
        std::future::poll_fn(|context| {
            let poll = waits.as_mut().poll(context);
            if !nested {
                nested = true;
                // The outer wait is woken while the inner one blocks the thread.
                outer.send();
                assert_eq!(wait(inner.wait(), Some(Duration::from_millis(1))), None);
            }
            poll
        })
        .await;
    };
    assert_eq!(wait(both, Some(Duration::from_secs(60))), Some(()));
}

#[test]
fn a_foreign_unpark_ends_no_wait() {
    let event = Event::new();
    thread::current().unpark();
    assert_eq!(wait(event.wait(), Some(Duration::from_millis(1))), None);
}
