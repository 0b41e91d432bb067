//! Every item arrives once, no byte of the budget leaks, and the end of a queue wakes all waiters.

use crate::budget::Budget;
use crate::error::WaitError;
use crate::queue::{PutError, Queue};
use crate::{NO_WAIT, check, join, poll_a_few_times, thread, threads};

/// Takes items until the queue is closed and empty.
fn drain(queue: &Queue<usize>) -> Vec<usize> {
    std::iter::from_fn(|| queue.get_blocking(None).unwrap()).collect()
}

#[test]
fn every_item_arrives_once() {
    check(|| {
        let queue = Queue::new(2);
        let gives = queue.clone();
        let producers = threads(2, move |n| {
            for item in 0..2 {
                gives.put_blocking(2 * n + item, 1 + item, None).unwrap();
            }
        });
        let takes = queue.clone();
        let consumers = threads(2, move |_| drain(&takes));
        join(producers);
        queue.close();
        let mut items = join(consumers).concat();
        items.sort_unstable();
        assert_eq!(items, [0, 1, 2, 3]);
        assert!(queue.high_water() <= 2);
        assert_eq!(queue.budget().available(), Some(2));
    });
}

#[test]
fn one_producer_and_one_consumer_keep_the_order() {
    check(|| {
        let queue = Queue::new(1);
        let takes = queue.clone();
        let consumer = thread::spawn(move || drain(&takes));
        for item in 0..4 {
            queue.put_blocking(item, 1, None).unwrap();
        }
        queue.close();
        assert_eq!(consumer.join().unwrap(), [0, 1, 2, 3]);
    });
}

#[test]
fn a_cancelled_waiter_loses_no_item_and_no_byte() {
    check(|| {
        let queue = Queue::new(1);
        let gives = queue.clone();
        let producers = threads(2, move |n| {
            let put = match poll_a_few_times(gives.reserve(1)) {
                Some(reservation) => gives.put_reserved(n, 1, reservation.unwrap()).is_ok(),
                None => match gives.put_blocking(n, 1, NO_WAIT) {
                    Err(PutError::Timeout(_)) => false,
                    put => put.is_ok(),
                },
            };
            put.then_some(n)
        });
        let takes = queue.clone();
        let fickle = thread::spawn(move || {
            let mut items = Vec::new();
            items.extend(poll_a_few_times(takes.get()).flatten());
            match takes.get_blocking(NO_WAIT) {
                Err(WaitError::Timeout) => {}
                item => items.extend(item.unwrap()),
            }
            items.extend(takes.try_get());
            items
        });
        let takes = queue.clone();
        let patient = thread::spawn(move || drain(&takes));
        let mut sent: Vec<_> = join(producers).into_iter().flatten().collect();
        queue.close();
        let mut items = [fickle.join().unwrap(), patient.join().unwrap()].concat();
        items.sort_unstable();
        sent.sort_unstable();
        assert_eq!(items, sent);
        assert_eq!(queue.budget().available(), Some(1));
    });
}

/// The queue is closed only at the end, because a closed queue hands items to every caller.
#[test]
fn a_cancelled_consumer_leaves_its_item_to_others() {
    check(|| {
        let queue = Queue::new(2);
        let takes = queue.clone();
        let fickle = thread::spawn(move || poll_a_few_times(takes.get()).is_some());
        let takes = queue.clone();
        let patient = thread::spawn(move || takes.get_blocking(None));
        queue.put_blocking(0, 1, None).unwrap();
        queue.put_blocking(1, 1, None).unwrap();
        assert!(patient.join().unwrap().unwrap().is_some());
        let left = !fickle.join().unwrap();
        assert_eq!(queue.try_get().is_ok(), left);
    });
}

/// As at the end of a hub: the thread that closes the queue and empties it sees every accepted item.
#[test]
fn a_put_beside_a_close_arrives_or_fails() {
    check(|| {
        let queue = Queue::sharing(Budget::unlimited());
        let gives = queue.clone();
        let producers = threads(2, move |n| {
            (0..2).filter(|_| gives.try_put(n, 0).is_ok()).count()
        });
        let serving = queue.clone();
        let server = thread::spawn(move || serving.get_blocking(None).unwrap().is_some());
        queue.close();
        let left = std::iter::from_fn(|| queue.try_get().ok()).count();
        let accepted: usize = join(producers).into_iter().sum();
        assert_eq!(left + usize::from(server.join().unwrap()), accepted);
    });
}

#[test]
fn the_end_of_a_queue_wakes_producers_and_consumers() {
    check(|| {
        let full = Queue::new(1);
        full.try_put(0, 1).unwrap();
        let empty = Queue::<usize>::new(1);
        let (gives, takes) = (full.clone(), empty.clone());
        let waiting = threads(3, move |n| {
            if n == 0 {
                matches!(gives.put_blocking(1, 1, None), Err(PutError::Closed(1)))
            } else {
                takes.get_blocking(None) == Ok(None)
            }
        });
        full.discard();
        empty.close();
        // A producer may have reserved the bytes of discarded items, but found the queue closed.
        assert!(join(waiting).into_iter().all(|woken| woken));
        assert_eq!(full.budget().available(), Some(1));
    });
}
