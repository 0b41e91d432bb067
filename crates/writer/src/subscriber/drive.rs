//! Runs the listener and the consumer of a subscriber in one of the modes.

use std::cell::RefCell;
use std::future::{Future, pending};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hub::{AsyncResult, Event, GreenletError, Queue};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use tracing::{Instrument as _, Span};

use super::status::Status;
use super::{Consumer, Context, Fault, Listener, Mode, with_causes};

/// The listener's way to the consumer. A full queue makes the listener wait.
pub struct Sink<C: Consumer> {
    route: Route<C>,
}

/// How events reach the consumer.
enum Route<C: Consumer> {
    /// The consumer is called directly, in the same greenlet.
    Direct(Rc<RefCell<Option<C>>>, Arc<Status>),
    /// Events are put into a queue, from which the consumer takes them.
    Queued(Queue<C::Event>),
}

impl<C: Consumer> Sink<C> {
    fn direct(slot: Rc<RefCell<Option<C>>>, status: Arc<Status>) -> Sink<C> {
        Sink {
            route: Route::Direct(slot, status),
        }
    }

    fn queued(queue: Queue<C::Event>) -> Sink<C> {
        Sink {
            route: Route::Queued(queue),
        }
    }

    /// Passes an event on. `cost` is the number of bytes that it holds in memory until it is consumed.
    ///
    /// # Errors
    /// If the consumer has ended, has failed with this event, or was killed meanwhile.
    pub async fn put(&self, event: C::Event, cost: usize) -> Result<(), Fault> {
        let gone = || Fault::internal("the consumer has ended");
        match &self.route {
            Route::Queued(queue) => queue.put(event, cost).await.map_err(|_| gone()),
            Route::Direct(slot, status) => {
                // The consumer is taken out because a borrow must not be held while waiting.
                let mut consumer = slot.borrow_mut().take().ok_or_else(gone)?;
                let consumed = consumer.consume(event).await;
                slot.borrow_mut().replace(consumer);
                // A kill does not interrupt a consumer, so it is checked after the event.
                consumed.and(status.check_killed())
            }
        }
    }
}

/// Starts the greenlets of a subscriber. The last of them sets the final status.
pub fn start<L, C>(
    mode: Mode,
    context: Context,
    span: Span,
    listener: L,
    consumer: impl FnOnce() -> C + Send + 'static,
) where
    L: Listener<Event = C::Event>,
    C: Consumer,
{
    let (budget, thread) = match mode {
        Mode::Sequential => {
            let together = run_together(context.clone(), listener, consumer());
            return supervise(context, together.instrument(span));
        }
        Mode::Concurrent(budget) => (budget, None),
        Mode::Parallel(thread, budget) => (budget, Some(thread)),
    };
    let channel = EventChannel {
        queue: Queue::sharing(budget),
        listener_end: AsyncResult::new(),
        consumer_ended: Event::new(),
    };
    let (consumer_channel, status) = (channel.clone(), context.status.clone());
    let consuming = match thread {
        None => Ok(hub::spawn(
            consume(status, consumer_channel, consumer()).instrument(span.clone()),
        )),
        Some(thread) => {
            let span = span.clone();
            thread
                .spawn(move || consume(status, consumer_channel, consumer()).instrument(span))
                .map_err(|error| Fault::internal(with_causes(&error)))
        }
    };
    let supervised = context.clone();
    let work = async move {
        let mut consuming = consuming?;
        // The promise resolves in any case, so that a listener that panics does not leave the consumer
        // waiting.
        let promise = channel.listener_end.promise(listener_lost());
        let sink = Sink::<C>::queued(channel.queue.clone());
        let listened = tokio::select! {
            biased;
            consumed = &mut consuming => return consumed.unwrap_or_else(|e| Err(panicked(&e))),
            () = channel.consumer_ended.wait() => Ok(()),
            () = context.status.killed.wait() => context.status.check_killed(),
            listened = listener.listen(context.clone(), sink) => listened,
        };
        channel.queue.close();
        promise.keep(listened);
        consuming
            .await
            .unwrap_or_else(|error| Err(panicked(&error)))
    };
    supervise(supervised, work.instrument(span));
}

/// Connects a listener and a consumer in different greenlets.
struct EventChannel<E> {
    queue: Queue<E>,
    /// How the listener ended.
    listener_end: AsyncResult<(), Fault>,
    /// Sent when the consumer accepts no more events.
    consumer_ended: Event,
}

impl<E> Clone for EventChannel<E> {
    fn clone(&self) -> EventChannel<E> {
        EventChannel {
            queue: self.queue.clone(),
            listener_end: self.listener_end.clone(),
            consumer_ended: self.consumer_ended.clone(),
        }
    }
}

/// Runs listener and consumer in one greenlet.
async fn run_together<L, C>(context: Context, listener: L, consumer: C) -> Result<(), Fault>
where
    L: Listener<Event = C::Event>,
    C: Consumer,
{
    let status = context.status.clone();
    let slot = Rc::new(RefCell::new(Some(consumer)));
    let sink = Sink::direct(slot.clone(), status.clone());
    let mut clock = Clock::new(C::PERIOD);
    let mut killed = false;
    let mut listening = pin!(listener.listen(context, sink));
    let listened = loop {
        tokio::select! {
            biased;
            () = status.killed.wait(), if !killed => {
                killed = true;
                // While an event is consumed, `Sink::put` returns the fault to the listener instead.
                if slot.borrow().is_some() {
                    break status.check_killed();
                }
            }
            listened = &mut listening => break listened,
            () = clock.tick() => {
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
        Some(consumer) => consumer.finish(listened).await,
        None => listened,
    }
}

/// Consumes the events of a channel, then finishes with the result of the listener.
async fn consume<C: Consumer>(
    status: Arc<Status>,
    channel: EventChannel<C::Event>,
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
            event = channel.queue.get() => event,
        };
        match event {
            Some(event) if !status.killed.is_set() => {
                if let Err(fault) = consumer.consume(event).await {
                    break Err(fault);
                }
            }
            // The subscriber was killed: the remaining events are dropped.
            Some(_) => break status.check_killed(),
            None => break Ok(()),
        }
    };
    // The queue is emptied, so that the listener does not wait for room for ever.
    channel.queue.discard();
    channel.consumer_ended.send();
    let listened = channel
        .listener_end
        .take()
        .await
        .map_err(|error| error.failed().unwrap_or_else(listener_lost));
    consumer.finish(consumed.and(listened)).await
}

/// Wakes a consumer for its periodic work.
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

fn listener_lost() -> Fault {
    Fault::internal("the listener ended without a result")
}

fn panicked(error: &GreenletError) -> Fault {
    Fault::internal(with_causes(error))
}

/// Runs the work in a greenlet of its own, so that a panic in it becomes a fault.
fn supervise(context: Context, work: impl Future<Output = Result<(), Fault>> + 'static) {
    let work = hub::spawn(work);
    let end = async move {
        let end = work.await.unwrap_or_else(|error| Err(panicked(&error)));
        context.status.end(end);
    };
    hub::spawn(end).detach();
}
