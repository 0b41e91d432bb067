//! The operations with bare Tokio, whose durations are the lower limit of what this crate can reach.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails shall stop")]

use std::pin::Pin;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::{JoinHandle, LocalSet, spawn_local, yield_now};

use crate::alternation::Alternation;
use crate::{MANY, PLACES};

pub(crate) fn lock_inside(operations: usize) -> Duration {
    run(async {
        let lock = Arc::new(Mutex::new(()));
        let guard = lock.lock().await;
        let sides = [0, 1].map(|_| spawn_local(take_turns(lock.clone(), operations / 2)));
        // Both wait in the line now, and each waits again after it has released the lock.
        yield_now().await;
        let begin = Instant::now();
        drop(guard);
        join(sides).await;
        begin.elapsed()
    })
}

async fn take_turns(lock: Arc<Mutex<()>>, turns: usize) {
    for _ in 0..turns {
        drop(lock.lock().await);
    }
}

pub(crate) fn lock_across(operations: usize) -> Duration {
    let (lock, turns) = (Arc::new(Mutex::new(())), Arc::<Alternation>::default());
    timed([0, 1].map(|me| {
        let (lock, turns) = (lock.clone(), turns.clone());
        move || async move {
            loop {
                let guard = turns.wait(me, lock.lock()).await;
                if !turns.next(me, operations) {
                    return;
                }
                drop(guard);
            }
        }
    }))
}

pub(crate) fn queue_inside(operations: usize) -> Duration {
    run(async {
        let (puts, gets) = mpsc::channel(PLACES);
        let begin = Instant::now();
        let consumer = spawn_local(consume(gets));
        join([spawn_local(produce(puts, operations)), consumer]).await;
        begin.elapsed()
    })
}

pub(crate) fn queue_across(operations: usize) -> Duration {
    let (puts, gets) = mpsc::channel(PLACES);
    let produce: Main = Box::new(move || Box::pin(produce(puts, operations)));
    let consume: Main = Box::new(move || Box::pin(consume(gets)));
    timed([produce, consume])
}

/// Tokio has no queue with several consumers; they share the receiving end of a channel through a lock.
pub(crate) fn queue_many_inside(operations: usize) -> Duration {
    run(async {
        let (puts, gets) = mpsc::channel(PLACES);
        let gets = Arc::new(Mutex::new(gets));
        let begin = Instant::now();
        let consumers = [0; MANY].map(|_| spawn_local(consume_shared(gets.clone())));
        join([0; MANY].map(|_| spawn_local(produce(puts.clone(), operations / MANY)))).await;
        drop(puts);
        join(consumers).await;
        begin.elapsed()
    })
}

pub(crate) fn queue_many_across(operations: usize) -> Duration {
    let (puts, gets) = mpsc::channel(PLACES);
    let gets = Arc::new(Mutex::new(gets));
    let produce: Main = Box::new(move || {
        Box::pin(async move {
            join([0; MANY].map(|_| spawn_local(produce(puts.clone(), operations / MANY)))).await;
        })
    });
    let consume: Main = Box::new(move || {
        Box::pin(async move {
            join([0; MANY].map(|_| spawn_local(consume_shared(gets.clone())))).await;
        })
    });
    timed([produce, consume])
}

async fn produce(queue: mpsc::Sender<usize>, items: usize) {
    for item in 0..items {
        queue.send(item).await.unwrap();
    }
}

async fn consume(mut queue: mpsc::Receiver<usize>) {
    while queue.recv().await.is_some() {}
}

async fn consume_shared(queue: Arc<Mutex<mpsc::Receiver<usize>>>) {
    while queue.lock().await.recv().await.is_some() {}
}

/// This uses a channel and not `Notify`, which merges several wake-ups into one.
pub(crate) fn trigger(operations: usize) -> Duration {
    let (forth, mut there) = mpsc::unbounded_channel::<()>();
    let (back, mut here) = mpsc::unbounded_channel();
    let other = thread::spawn(move || {
        run(async move {
            while there.recv().await.is_some() {
                back.send(()).unwrap();
            }
        });
    });
    let elapsed = run(async {
        forth.send(()).unwrap();
        here.recv().await;
        let begin = Instant::now();
        for _ in 0..operations / 2 {
            forth.send(()).unwrap();
            here.recv().await;
        }
        begin.elapsed()
    });
    drop(forth);
    other.join().unwrap();
    elapsed
}

type Call = Box<dyn FnOnce() + Send>;

fn server() -> mpsc::UnboundedSender<Call> {
    let (calls, mut served) = mpsc::unbounded_channel::<Call>();
    thread::spawn(move || {
        run(async move {
            while let Some(call) = served.recv().await {
                call();
            }
        });
    });
    calls
}

fn send(calls: &mpsc::UnboundedSender<Call>, number: usize) -> oneshot::Receiver<usize> {
    let (answer, outcome) = oneshot::channel();
    let call = Box::new(move || answer.send(number).unwrap());
    calls.send(call).ok().unwrap();
    outcome
}

pub(crate) fn launch(operations: usize) -> Duration {
    let calls = server();
    run(async {
        send(&calls, 0).await.unwrap();
        let begin = Instant::now();
        for number in 0..operations {
            assert_eq!(send(&calls, number).await, Ok(number));
        }
        begin.elapsed()
    })
}

pub(crate) fn launch_blocking(operations: usize) -> Duration {
    let calls = server();
    send(&calls, 0).blocking_recv().unwrap();
    let begin = Instant::now();
    for number in 0..operations {
        assert_eq!(send(&calls, number).blocking_recv(), Ok(number));
    }
    begin.elapsed()
}

type Main = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

fn timed<F, W>(mains: [F; 2]) -> Duration
where
    F: FnOnce() -> W + Send + 'static,
    W: Future<Output = ()> + 'static,
{
    let start = Arc::new(Barrier::new(3));
    let threads = mains.map(|main| {
        let start = start.clone();
        thread::spawn(move || {
            run(async move {
                start.wait();
                main().await;
            });
        })
    });
    start.wait();
    let begin = Instant::now();
    for thread in threads {
        thread.join().unwrap();
    }
    begin.elapsed()
}

fn run<T>(main: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, main)
}

async fn join(tasks: impl IntoIterator<Item = JoinHandle<()>>) {
    for task in tasks {
        task.await.unwrap();
    }
}
