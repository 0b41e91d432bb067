//! Queues: no item is lost or doubled, no byte leaks, no waiter is left asleep.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use hub::{Budget, Queue, QueueClosed, Reservation, Thread, WaitError};

use super::Random;

const LIMIT: usize = 50;
const HUBS: usize = 2;
const GREENLETS: usize = 4;
const ITEMS: usize = 400;

/// Two queues that share one budget, and the bytes that are really taken.
#[derive(Clone)]
struct SharedQueues {
    queues: [Queue<usize>; 2],
    bytes_taken: Arc<AtomicUsize>,
}

impl SharedQueues {
    fn put(&self, way: usize, item: usize, cost: usize, reservation: Reservation) {
        let before = self.bytes_taken.fetch_add(cost, Ordering::SeqCst);
        assert!(before + cost <= LIMIT, "{before} + {cost} bytes");
        self.queues[way]
            .put_reserved(item, cost, reservation)
            .unwrap();
    }

    fn got(&self, (item, reservation): (usize, Reservation), all: &mut Vec<usize>) {
        self.bytes_taken.fetch_sub(cost(item), Ordering::SeqCst);
        drop(reservation);
        all.push(item);
    }
}

/// Returns a cost from zero to the whole budget.
fn cost(item: usize) -> usize {
    item * 7 % (LIMIT + 1)
}

async fn produce(shared: SharedQueues, first: usize) {
    let mut random = Random::seeded(first);
    for item in first..first + ITEMS {
        let way = random.below(2) as usize;
        loop {
            let reserving = shared.queues[way].reserve(cost(item));
            match random.cancelled(reserving).await {
                None => continue,
                Some(Ok(reservation)) => break shared.put(way, item, cost(item), reservation),
                Some(Err(QueueClosed(()))) => panic!("closed too early"),
            }
        }
    }
}

async fn consume(shared: SharedQueues, way: usize, seed: usize) -> Vec<usize> {
    let mut random = Random::seeded(seed);
    let mut all = Vec::new();
    loop {
        match random.cancelled(shared.queues[way].get_reserved()).await {
            None => continue,
            Some(Some(entry)) => shared.got(entry, &mut all),
            Some(None) => return all,
        }
    }
}

fn consume_blocking(shared: &SharedQueues, way: usize, seed: usize) -> Vec<usize> {
    let mut random = Random::seeded(seed);
    let mut all = Vec::new();
    loop {
        let timeout = Duration::from_micros(random.below(50));
        match shared.queues[way].get_reserved_blocking(Some(timeout)) {
            Err(WaitError::Timeout) => continue,
            Err(error) => panic!("{error}"),
            Ok(Some(entry)) => shared.got(entry, &mut all),
            Ok(None) => return all,
        }
    }
}

#[test]
fn random_cancellations_lose_nothing() {
    let budget = Budget::new(LIMIT);
    let shared = SharedQueues {
        queues: [
            Queue::sharing(budget.clone()),
            Queue::sharing(budget.clone()),
        ],
        bytes_taken: Arc::default(),
    };
    let producers: Vec<_> = (0..HUBS)
        .map(|hub| {
            let shared = shared.clone();
            Thread::start("producers", async move |_| {
                let greenlets: Vec<_> = (0..GREENLETS)
                    .map(|n| hub::spawn(produce(shared.clone(), (hub * GREENLETS + n) * ITEMS)))
                    .collect();
                for greenlet in greenlets {
                    greenlet.await.unwrap();
                }
            })
            .unwrap()
        })
        .collect();
    let consumers: Vec<_> = (0..HUBS)
        .map(|hub| {
            let shared = shared.clone();
            Thread::start("consumers", async move |_| {
                let greenlets: Vec<_> = (0..GREENLETS)
                    .map(|n| hub::spawn(consume(shared.clone(), n % 2, hub * GREENLETS + n + 99)))
                    .collect();
                let mut all = Vec::new();
                for greenlet in greenlets {
                    all.extend(greenlet.await.unwrap());
                }
                all
            })
            .unwrap()
        })
        .collect();
    let plain: Vec<_> = (0..2)
        .map(|way| {
            let shared = shared.clone();
            thread::spawn(move || consume_blocking(&shared, way, way + 7))
        })
        .collect();

    for producer in producers {
        producer.take_blocking(None).unwrap();
    }
    for queue in &shared.queues {
        queue.close();
    }
    let mut all = Vec::new();
    for consumer in consumers {
        all.extend(consumer.take_blocking(None).unwrap());
    }
    for consumer in plain {
        all.extend(consumer.join().unwrap());
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..HUBS * GREENLETS * ITEMS));
    assert_eq!(budget.available(), Some(LIMIT));
    assert_eq!(shared.bytes_taken.load(Ordering::SeqCst), 0);
}

/// Kills greenlets while they put and get, from another thread: the bytes that they held are returned.
#[test]
fn killed_greenlets_leak_no_budget() {
    let queue = Queue::new(LIMIT);
    let thread = Thread::serving("victims").unwrap();
    let mut random = Random::seeded(5);
    let mut left: Vec<_> = (0..200)
        .map(|n: usize| {
            let queue = queue.clone();
            thread
                .spawn(move || async move {
                    if n.is_multiple_of(2) {
                        while queue.put(n, 1 + n % LIMIT).await.is_ok() {}
                    } else {
                        while queue.get().await.is_some() {}
                    }
                })
                .unwrap()
        })
        .collect();
    while !left.is_empty() {
        let victim = random.below(left.len() as u64) as usize;
        let mut greenlet = left.swap_remove(victim);
        greenlet.kill();
        greenlet.join_blocking(None).unwrap().unwrap_err();
    }
    queue.discard();
    assert_eq!(queue.budget().available(), Some(LIMIT));
    thread.stop_blocking(None).unwrap();
}
