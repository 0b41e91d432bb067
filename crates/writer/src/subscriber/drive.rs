//! Runs listener and consumer together in one of the modes.

use std::cell::RefCell;
use std::future::{Future, pending};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use hub::{AsyncResult, Queue};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::{Consumer, Context, Fault, Listener, Mode};

/// Where a listener puts its events; waits while the consumer is behind.
pub struct Sink<C: Consumer> {
    way: Way<C>,
}

enum Way<C: Consumer> {
    Direct(Rc<RefCell<Option<C>>>),
    Queued(Queue<C::Event>),
}

impl<C: Consumer> Sink<C> {
    /// Hands an event on. `cost` are the bytes that it holds in memory until it is consumed.
    pub async fn put(&self, event: C::Event, cost: usize) -> Result<(), Fault> {
        let gone = || Fault::Failed("the consumer has ended".to_owned());
        match &self.way {
            Way::Queued(queue) => queue.put(event, cost).await.map_err(|_| gone()),
            Way::Direct(slot) => {
                // Taken out meanwhile: a borrow must not be held while waiting.
                let mut consumer = slot.borrow_mut().take().ok_or_else(gone)?;
                let consumed = consumer.consume(event).await;
                *slot.borrow_mut() = Some(consumer);
                consumed
            }
        }
    }
}

/// Starts the greenlets of a subscriber; the last of them tells the status how it ended.
pub fn start<L, C>(
    mode: Mode,
    context: Context,
    listener: L,
    consumer: impl FnOnce() -> C + Send + 'static,
) where
    L: Listener<Event = C::Event>,
    C: Consumer,
{
    let (budget, thread) = match mode {
        Mode::Sequential => {
            let together = together(context.clone(), listener, consumer());
            return supervise(context, together);
        }
        Mode::Concurrent(budget) => (budget, None),
        Mode::Parallel(thread, budget) => (budget, Some(thread)),
    };
    let queue = Queue::sharing(budget);
    let heard = AsyncResult::new();
    let (there, told, killed) = (queue.clone(), heard.clone(), context.clone());
    let consuming = match thread {
        None => Ok(hub::spawn(consume(killed, there, told, consumer()))),
        Some(thread) => thread
            .spawn(move || consume(killed, there, told, consumer()))
            .map_err(|error| Fault::new(&error)),
    };
    supervise(context.clone(), async move {
        let consuming = consuming?;
        let sink: Sink<C> = Sink {
            way: Way::Queued(queue.clone()),
        };
        let end = listen(&context, listener, sink).await;
        queue.close();
        heard.set(end);
        consuming
            .await
            .unwrap_or_else(|error| Err(Fault::new(&error)))
    });
}

/// Listener and consumer in one greenlet.
async fn together<L, C>(context: Context, listener: L, consumer: C) -> Result<(), Fault>
where
    L: Listener<Event = C::Event>,
    C: Consumer,
{
    let slot = Rc::new(RefCell::new(Some(consumer)));
    let mut clock = Clock::new(C::PERIOD);
    let mut listening = pin!(listen(
        &context,
        listener,
        Sink {
            way: Way::Direct(slot.clone())
        }
    ));
    let heard = loop {
        tokio::select! {
            biased;
            heard = &mut listening => break heard,
            () = clock.tick() => {
                // The slot is empty while an event is consumed: then there is a next time.
                let idle = slot.borrow_mut().take();
                if let Some(mut consumer) = idle {
                    consumer.tick().await;
                    slot.borrow_mut().replace(consumer);
                }
            }
        }
    };
    let consumer = slot.borrow_mut().take();
    match consumer {
        Some(consumer) => consumer.finish(heard).await,
        // Killed while it consumed: it was dropped with the event.
        None => heard,
    }
}

/// The consumer's side of a queue: all that was heard, then the end.
async fn consume<C: Consumer>(
    context: Context,
    queue: Queue<C::Event>,
    heard: AsyncResult<(), Fault>,
    mut consumer: C,
) -> Result<(), Fault> {
    let mut clock = Clock::new(C::PERIOD);
    let consumed = loop {
        let event = tokio::select! {
            biased;
            () = clock.tick() => {
                consumer.tick().await;
                continue;
            }
            event = queue.get() => event,
        };
        match event {
            Some(event) if !context.status.killed.is_set() => {
                if let Err(fault) = consumer.consume(event).await {
                    break Err(fault);
                }
            }
            _ => break Ok(()),
        }
    };
    // What is left is let go, so that the listener does not wait for room that never comes.
    queue.close();
    queue.discard();
    let heard = heard
        .take()
        .await
        .map_err(|error| error.failed().unwrap_or_else(unheard));
    consumer.finish(consumed.and(heard)).await
}

/// Calls for the periodic work of a consumer.
struct Clock {
    interval: Option<Interval>,
}

impl Clock {
    fn new(period: Option<Duration>) -> Clock {
        let interval = period.map(|period| {
            let mut interval = interval_at(Instant::now() + period, period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        });
        Clock { interval }
    }

    async fn tick(&mut self) {
        match &mut self.interval {
            Some(interval) => {
                interval.tick().await;
            }
            None => pending().await,
        }
    }
}

fn unheard() -> Fault {
    Fault::Failed("the listener did not say how it ended".to_owned())
}

/// Listens until the listener is done or the subscriber is killed.
async fn listen<L, C>(context: &Context, listener: L, sink: Sink<C>) -> Result<(), Fault>
where
    L: Listener<Event = C::Event>,
    C: Consumer,
{
    tokio::select! {
        biased;
        () = context.status.killed.wait() => Err(context
            .status
            .fault()
            .unwrap_or_else(|| Fault::Killed("no reason given".to_owned()))),
        heard = listener.listen(context.clone(), sink) => heard,
    }
}

/// Runs the work in a greenlet of its own, so that a panic in it is a fault and not a silence.
fn supervise(context: Context, work: impl Future<Output = Result<(), Fault>> + 'static) {
    let work = hub::spawn(work);
    let end = async move {
        let end = work.await.unwrap_or_else(|error| Err(Fault::new(&error)));
        context.status.end(end);
    };
    hub::spawn(end).detach();
}
