//! The primitives of this crate.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails shall stop")]

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub::{AsyncResult, Event, Greenlet, Hub, HubTrigger, Lock, Queue, Thread};
use tokio::task::yield_now;

use crate::alternation::Alternation;
use crate::{MANY, PLACES};

/// Two greenlets of one hub, of which the other always waits for the lock.
pub(crate) fn lock_inside(operations: usize) -> Duration {
    Hub::new().unwrap().run(async {
        let lock = Lock::new();
        let guard = lock.acquire().await.unwrap();
        let sides = [0, 1].map(|_| hub::spawn(take_turns(lock.clone(), operations / 2)));
        // Both wait in the line now, and each waits again after it has released the lock.
        yield_now().await;
        let begin = Instant::now();
        drop(guard);
        join(sides).await;
        begin.elapsed()
    })
}

async fn take_turns(lock: Lock, turns: usize) {
    for _ in 0..turns {
        drop(lock.acquire().await.unwrap());
    }
}

/// Two greenlets in different threads.
pub(crate) fn lock_across(operations: usize) -> Duration {
    let (lock, turns) = (Lock::new(), Arc::<Alternation>::default());
    timed([0, 1].map(|me| {
        let (lock, turns) = (lock.clone(), turns.clone());
        move || async move {
            loop {
                let guard = turns.wait(me, lock.acquire()).await;
                if !turns.next(me, operations) {
                    return;
                }
                drop(guard);
            }
        }
    }))
}

pub(crate) fn queue_inside(operations: usize) -> Duration {
    queue_in_one_hub(1, operations)
}

pub(crate) fn queue_many_inside(operations: usize) -> Duration {
    queue_in_one_hub(MANY, operations)
}

fn queue_in_one_hub(pairs: usize, operations: usize) -> Duration {
    Hub::new().unwrap().run(async {
        let queue = Queue::new(PLACES);
        let begin = Instant::now();
        let consumers: Vec<_> = (0..pairs)
            .map(|_| hub::spawn(consume(queue.clone())))
            .collect();
        let producers: Vec<_> = (0..pairs)
            .map(|_| hub::spawn(produce(queue.clone(), operations / pairs)))
            .collect();
        join(producers).await;
        queue.close();
        join(consumers).await;
        begin.elapsed()
    })
}

pub(crate) fn queue_across(operations: usize) -> Duration {
    let queue = Queue::new(PLACES);
    let (puts, gets) = (queue.clone(), queue);
    let produce: Main = Box::new(move || {
        Box::pin(async move {
            produce(puts.clone(), operations).await;
            puts.close();
        })
    });
    let consume: Main = Box::new(move || Box::pin(consume(gets)));
    timed([produce, consume])
}

/// All producers in one thread, all consumers in another.
pub(crate) fn queue_many_across(operations: usize) -> Duration {
    let queue = Queue::new(PLACES);
    let (puts, gets) = (queue.clone(), queue);
    let produce: Main = Box::new(move || {
        Box::pin(async move {
            let greenlets = [0; MANY].map(|_| hub::spawn(produce(puts.clone(), operations / MANY)));
            join(greenlets).await;
            puts.close();
        })
    });
    let consume: Main = Box::new(move || {
        Box::pin(async move {
            join([0; MANY].map(|_| hub::spawn(consume(gets.clone())))).await;
        })
    });
    timed([produce, consume])
}

async fn produce(queue: Queue<usize>, items: usize) {
    for item in 0..items {
        queue.put(item, 1).await.unwrap();
    }
}

async fn consume(queue: Queue<usize>) {
    while queue.get().await.is_some() {}
}

/// Sends from one hub to another and back, one send at a time: two operations.
pub(crate) fn trigger(operations: usize) -> Duration {
    let there = Thread::serving("there").unwrap();
    Hub::new().unwrap().run(async {
        let left = Rc::new(Cell::new(operations / 2));
        let done = Event::new();
        let forth = AsyncResult::<HubTrigger, ()>::new();
        let back = HubTrigger::new({
            let (left, done, forth) = (left.clone(), done.clone(), forth.clone());
            move || {
                left.set(left.get() - 1);
                if left.get() == 0 {
                    done.send();
                } else {
                    forth.try_get().unwrap().send().unwrap();
                }
            }
        })
        .unwrap();
        let made = there.apply(move || HubTrigger::new(move || back.send().unwrap()).unwrap());
        let first = made.await.unwrap();
        forth.set(Ok(first.clone()));
        let begin = Instant::now();
        first.send().unwrap();
        done.wait().await;
        begin.elapsed()
    })
}

/// A greenlet runs a function in another thread.
pub(crate) fn launch(operations: usize) -> Duration {
    let there = Thread::serving("there").unwrap();
    Hub::new().unwrap().run(async {
        there.apply(|| ()).await.unwrap();
        let begin = Instant::now();
        for number in 0..operations {
            assert_eq!(there.apply(move || number).await, Ok(number));
        }
        begin.elapsed()
    })
}

/// A plain thread runs a function in another thread.
pub(crate) fn launch_blocking(operations: usize) -> Duration {
    let there = Thread::serving("there").unwrap();
    there.apply_blocking(|| (), None).unwrap();
    let begin = Instant::now();
    for number in 0..operations {
        assert_eq!(there.apply_blocking(move || number, None), Ok(number));
    }
    begin.elapsed()
}

type Main = Box<dyn FnOnce() -> std::pin::Pin<Box<dyn Future<Output = ()>>> + Send>;

/// Runs each main greenlet in a thread of its own; the time does not include the start of the threads.
fn timed<F, W>(mains: [F; 2]) -> Duration
where
    F: FnOnce() -> W + Send + 'static,
    W: Future<Output = ()> + 'static,
{
    let start = Event::new();
    let threads = mains.map(|main| {
        let (ready, start) = (Event::new(), start.clone());
        let (sender, main) = (ready.clone(), main);
        let thread = Thread::start("side", async move |_| {
            sender.send();
            start.wait().await;
            main().await;
        });
        ready.wait_blocking(None).unwrap();
        thread.unwrap()
    });
    let begin = Instant::now();
    start.send();
    for thread in threads {
        thread.take_blocking(None).unwrap();
    }
    begin.elapsed()
}

async fn join(greenlets: impl IntoIterator<Item = Greenlet<()>>) {
    for greenlet in greenlets {
        greenlet.await.unwrap();
    }
}
