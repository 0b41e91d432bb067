use std::collections::BTreeSet;
use std::thread;

use hub::{Budget, PutError, Queue, QueueClosed, Thread, TryGetError};

use crate::{on_hub, poll};

#[test]
fn first_in_is_first_out() {
    on_hub(async {
        let queue = Queue::new(100);
        for item in 0..5 {
            queue.put(item, 10).await.unwrap();
        }
        assert_eq!((queue.len(), queue.bytes()), (5, 50));
        queue.close();
        let mut got = Vec::new();
        while let Some(item) = queue.get().await {
            got.push(item);
        }
        assert_eq!(got, [0, 1, 2, 3, 4]);
        assert_eq!((queue.len(), queue.bytes(), queue.high_water()), (0, 0, 50));
    });
}

#[test]
fn a_producer_waits_until_the_budget_has_its_bytes() {
    let queue = Queue::new(10);
    queue.try_put('a', 6).unwrap();
    let mut put = Box::pin(queue.put('b', 5));
    assert!(poll(&mut put).is_pending());
    assert_eq!(queue.try_put('c', 5), Err(PutError::Full('c')));
    assert_eq!(queue.try_get(), Ok('a'));
    assert!(poll(&mut put).is_ready());
    assert_eq!((queue.len(), queue.bytes()), (1, 5));
}

#[test]
fn an_item_dearer_than_the_budget_passes_alone() {
    let queue = Queue::new(10);
    queue.try_put('a', 1).unwrap();
    let mut put = Box::pin(queue.put('b', 1000));
    assert!(poll(&mut put).is_pending());
    assert_eq!(queue.try_get(), Ok('a'));
    assert!(poll(&mut put).is_ready());
    assert_eq!(queue.try_put('c', 1), Err(PutError::Full('c')));
    assert_eq!(queue.try_get(), Ok('b'));
    assert_eq!(queue.budget().available(), Some(10));
}

#[test]
fn a_budget_of_nothing_passes_items_one_by_one() {
    let queue = Queue::new(0);
    queue.try_put('a', 7).unwrap();
    assert_eq!(queue.try_put('b', 1), Err(PutError::Full('b')));
    assert_eq!(queue.try_get(), Ok('a'));
    assert_eq!(queue.try_put('b', 1), Ok(()));
}

#[test]
fn budgets_beyond_four_gibibytes_are_budgets_too() {
    let gib = 1 << 30;
    let budget = Budget::new(100 * gib);
    assert_eq!(budget.available(), Some(100 * gib));
    let most = budget.try_reserve(99 * gib).unwrap();
    assert!(budget.try_reserve(2 * gib).is_none());
    drop(most);
    assert!(budget.try_reserve(usize::MAX).is_some());
    assert_eq!(budget.available(), Some(100 * gib));
}

#[test]
fn large_items_are_not_overtaken_by_small_ones() {
    let queue = Queue::new(10);
    queue.try_put("first", 5).unwrap();
    let mut much = Box::pin(queue.put("much", 10));
    let mut little = Box::pin(queue.put("little", 1));
    assert!(poll(&mut much).is_pending());
    assert!(poll(&mut little).is_pending());
    assert_eq!(queue.try_put("pushy", 1), Err(PutError::Full("pushy")));
    assert_eq!(queue.try_get(), Ok("first"));
    assert!(poll(&mut little).is_pending());
    assert!(poll(&mut much).is_ready());
    assert_eq!(queue.try_get(), Ok("much"));
    assert!(poll(&mut little).is_ready());
}

#[test]
fn consumers_are_served_in_the_order_in_which_they_came() {
    let queue = Queue::new(10);
    let mut first = Box::pin(queue.get());
    let mut second = Box::pin(queue.get());
    assert!(poll(&mut first).is_pending());
    assert!(poll(&mut second).is_pending());
    queue.try_put('a', 1).unwrap();
    assert_eq!(queue.try_get(), Err(TryGetError::Empty));
    assert!(poll(&mut second).is_pending());
    assert!(poll(&mut first).is_ready());
}

#[test]
fn a_dropped_get_leaves_its_item_to_the_next() {
    let queue = Queue::new(10);
    let mut dropped = Box::pin(queue.get());
    let mut next = Box::pin(queue.get());
    assert!(poll(&mut dropped).is_pending());
    assert!(poll(&mut next).is_pending());
    queue.try_put('a', 1).unwrap();
    // The item was assigned to the wait that is dropped now.
    drop(dropped);
    assert_eq!(poll(&mut next), std::task::Poll::Ready(Some('a')));
}

#[test]
fn a_dropped_put_gives_back_what_it_had_gathered() {
    let queue = Queue::new(10);
    queue.try_put('a', 6).unwrap();
    let mut dropped = Box::pin(queue.put('b', 10));
    let mut next = Box::pin(queue.put('c', 4));
    assert!(poll(&mut dropped).is_pending());
    assert!(poll(&mut next).is_pending());
    assert_eq!(queue.budget().available(), Some(0));
    drop(dropped);
    assert!(poll(&mut next).is_ready());
    assert_eq!(queue.try_get(), Ok('a'));
    assert_eq!(queue.try_get(), Ok('c'));
    assert_eq!(queue.budget().available(), Some(10));
}

#[test]
fn a_reserved_item_survives_a_producer_that_is_cancelled() {
    let queue = Queue::new(10);
    queue.try_put('a', 10).unwrap();
    let item = 'b';
    let mut cancelled = Box::pin(queue.reserve(10));
    assert!(poll(&mut cancelled).is_pending());
    drop(cancelled);
    assert_eq!(queue.try_get(), Ok('a'));
    on_hub(async {
        let reservation = queue.reserve(10).await.unwrap();
        queue.put_reserved(item, 10, reservation).unwrap();
    });
    assert_eq!(queue.try_get(), Ok('b'));
}

#[test]
fn queues_share_a_budget() {
    let budget = Budget::new(10);
    let (one, other) = (
        Queue::sharing(budget.clone()),
        Queue::sharing(budget.clone()),
    );
    one.try_put('a', 8).unwrap();
    let mut put = Box::pin(other.put('b', 5));
    assert!(poll(&mut put).is_pending());
    assert_eq!(one.try_get(), Ok('a'));
    assert!(poll(&mut put).is_ready());
    drop(put);
    drop(other);
    assert_eq!(budget.available(), Some(10));
}

#[test]
fn items_count_until_their_reservation_is_dropped() {
    on_hub(async {
        let queue = Queue::new(10);
        queue.put('a', 10).await.unwrap();
        let (item, reservation) = queue.get_reserved().await.unwrap();
        assert_eq!((item, queue.bytes()), ('a', 0));
        assert_eq!(queue.try_put('b', 1), Err(PutError::Full('b')));
        drop(reservation);
        assert_eq!(queue.try_put('b', 1), Ok(()));
    });
}

#[test]
fn closing_wakes_all_waiters_and_returns_items() {
    let full = Queue::new(1);
    full.try_put('a', 1).unwrap();
    let empty = Queue::<char>::new(1);
    let plain_put = thread::spawn({
        let full = full.clone();
        move || full.put_blocking('b', 1, None)
    });
    let plain_get = thread::spawn({
        let empty = empty.clone();
        move || empty.get_blocking(None)
    });
    let mut put = Box::pin(full.put('c', 1));
    let mut get = Box::pin(empty.get());
    assert!(poll(&mut put).is_pending());
    assert!(poll(&mut get).is_pending());
    full.close();
    empty.close();
    assert_eq!(plain_put.join().unwrap(), Err(PutError::Closed('b')));
    assert_eq!(plain_get.join().unwrap(), Ok(None));
    assert_eq!(
        poll(&mut put),
        std::task::Poll::Ready(Err(QueueClosed('c')))
    );
    assert_eq!(poll(&mut get), std::task::Poll::Ready(None));
    assert_eq!(full.try_put('d', 1), Err(PutError::Closed('d')));
    assert_eq!(full.try_get(), Ok('a'));
    assert_eq!(full.try_get(), Err(TryGetError::Closed));
    assert_eq!(full.budget().available(), Some(1));
}

#[test]
fn discarding_gives_the_shared_bytes_back() {
    let budget = Budget::new(10);
    let queue = Queue::sharing(budget.clone());
    queue.try_put('a', 4).unwrap();
    queue.try_put('b', 6).unwrap();
    assert_eq!(queue.discard(), 2);
    assert_eq!(budget.available(), Some(10));
    assert_eq!(
        (queue.len(), queue.bytes(), queue.is_closed()),
        (0, 0, true)
    );
    assert_eq!(queue.try_get(), Err(TryGetError::Closed));
}

#[test]
fn a_greenlet_that_never_has_to_wait_lets_others_run() {
    for budget in [Budget::unlimited(), Budget::new(usize::MAX)] {
        on_hub(async {
            let queue = Queue::sharing(budget);
            let producer = hub::spawn({
                let queue = queue.clone();
                // Only the consumer ends this, and only if the hub runs it.
                async move { while queue.put((), 1).await.is_ok() {} }
            });
            assert_eq!(queue.get().await, Some(()));
            queue.close();
            producer.await.unwrap();
        });
    }
}

#[test]
fn threads_and_greenlets_get_each_item_once() {
    const ITEMS: usize = 2000;
    let queue = Queue::new(64);
    let in_hub = |name: &str, queue: &Queue<usize>| {
        let queue = queue.clone();
        Thread::start(name, async move |_| {
            let consumers: Vec<_> = (0..4)
                .map(|_| {
                    let queue = queue.clone();
                    hub::spawn(async move {
                        let mut got = Vec::new();
                        while let Some(item) = queue.get().await {
                            got.push(item);
                        }
                        got
                    })
                })
                .collect();
            let mut got = Vec::new();
            for consumer in consumers {
                got.extend(consumer.await.unwrap());
            }
            got
        })
        .unwrap()
    };
    let hubs = [in_hub("one", &queue), in_hub("two", &queue)];
    let plain = thread::spawn({
        let queue = queue.clone();
        move || {
            let mut got = Vec::new();
            while let Some(item) = queue.get_blocking(None).unwrap() {
                got.push(item);
            }
            got
        }
    });
    let producers: Vec<_> = (0..3)
        .map(|producer| {
            let queue = queue.clone();
            thread::spawn(move || {
                for item in 0..ITEMS {
                    let cost = item % 70;
                    queue
                        .put_blocking(producer * ITEMS + item, cost, None)
                        .unwrap();
                }
            })
        })
        .collect();
    for producer in producers {
        producer.join().unwrap();
    }
    queue.close();
    let mut got = plain.join().unwrap();
    for hub in hubs {
        got.extend(hub.take_blocking(None).unwrap());
    }
    assert_eq!(got.len(), 3 * ITEMS);
    assert_eq!(got.into_iter().collect::<BTreeSet<_>>().len(), 3 * ITEMS);
    assert!(queue.high_water() <= 69);
    assert_eq!(queue.budget().available(), Some(64));
}
