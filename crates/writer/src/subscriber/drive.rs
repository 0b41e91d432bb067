//! Runs listener and consumer together in one of the modes.

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

/// Where a listener puts its events; waits while the consumer is behind.
pub enum Sink<C: Consumer> {
    /// Into the consumer itself, which works in the same greenlet.
    #[doc(hidden)]
    Direct(Rc<RefCell<Option<C>>>, Arc<Status>),
    /// Into a queue that the consumer takes them from.
    #[doc(hidden)]
    Queued(Queue<C::Event>),
}

impl<C: Consumer> Sink<C> {
    /// Hands an event on. `cost` are the bytes that it holds in memory until it is consumed.
    ///
    /// # Errors
    /// If the consumer has ended, has failed with this event, or was killed meanwhile.
    pub async fn put(&self, event: C::Event, cost: usize) -> Result<(), Fault> {
        let gone = || Fault::internal("the consumer has ended");
        match self {
            Sink::Queued(queue) => queue.put(event, cost).await.map_err(|_| gone()),
            Sink::Direct(slot, status) => {
                // Taken out meanwhile: a borrow must not be held while waiting.
                let mut consumer = slot.borrow_mut().take().ok_or_else(gone)?;
                let consumed = consumer.consume(event).await;
                slot.borrow_mut().replace(consumer);
                // A kill does not break in on a consumer: it is heard here.
                consumed.and(status.alive())
            }
        }
    }
}

/// Starts the greenlets of a subscriber; the last of them tells the status how it ended.
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
        heard: AsyncResult::new(),
        refused: Event::new(),
    };
    let (there, status) = (channel.clone(), context.status.clone());
    let consuming = match thread {
        None => Ok(hub::spawn(
            consume(status, there, consumer()).instrument(span.clone()),
        )),
        Some(thread) => {
            let span = span.clone();
            thread
                .spawn(move || consume(status, there, consumer()).instrument(span))
                .map_err(|error| Fault::internal(with_causes(&error)))
        }
    };
    let supervised = context.clone();
    let work = async move {
        let mut consuming = consuming?;
        // Kept in any case: a listener that panics must not leave the consumer waiting.
        let told = channel.heard.promise(listener_lost());
        let sink = Sink::<C>::Queued(channel.queue.clone());
        let heard = tokio::select! {
            biased;
            consumed = &mut consuming => return consumed.unwrap_or_else(|e| Err(panicked(&e))),
            () = channel.refused.wait() => Ok(()),
            () = context.status.killed.wait() => context.status.alive(),
            heard = listener.listen(context.clone(), sink) => heard,
        };
        channel.queue.close();
        told.keep(heard);
        consuming
            .await
            .unwrap_or_else(|error| Err(panicked(&error)))
    };
    supervise(supervised, work.instrument(span));
}

/// What lies between a listener and a consumer that run beside each other.
struct EventChannel<E> {
    queue: Queue<E>,
    /// How the listener ended.
    heard: AsyncResult<(), Fault>,
    /// Sent when the consumer takes nothing more.
    refused: Event,
}

impl<E> Clone for EventChannel<E> {
    fn clone(&self) -> EventChannel<E> {
        EventChannel {
            queue: self.queue.clone(),
            heard: self.heard.clone(),
            refused: self.refused.clone(),
        }
    }
}

/// Listener and consumer in one greenlet.
async fn run_together<L, C>(context: Context, listener: L, consumer: C) -> Result<(), Fault>
where
    L: Listener<Event = C::Event>,
    C: Consumer,
{
    let status = context.status.clone();
    let slot = Rc::new(RefCell::new(Some(consumer)));
    let sink = Sink::Direct(slot.clone(), status.clone());
    let mut clock = Clock::new(C::PERIOD);
    let mut killed = false;
    let mut listening = pin!(listener.listen(context, sink));
    let heard = loop {
        tokio::select! {
            biased;
            () = status.killed.wait(), if !killed => {
                killed = true;
                // While an event is consumed the listener is told instead, when it is done.
                if slot.borrow().is_some() {
                    break status.alive();
                }
            }
            heard = &mut listening => break heard,
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
        Some(consumer) => consumer.finish(heard).await,
        None => heard,
    }
}

/// The consumer's side of a channel: all that was heard, then the end.
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
            // Not the end of what was heard, but of the patience with it.
            Some(_) => break status.alive(),
            None => break Ok(()),
        }
    };
    // What is left is let go, so that the listener does not wait for room that never comes.
    channel.queue.discard();
    channel.refused.send();
    let heard = channel
        .heard
        .take()
        .await
        .map_err(|error| error.failed().unwrap_or_else(listener_lost));
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

fn listener_lost() -> Fault {
    Fault::internal("the listener did not say how it ended")
}

fn panicked(error: &GreenletError) -> Fault {
    Fault::internal(with_causes(error))
}

/// Runs the work in a greenlet of its own, so that a panic in it is a fault and not a silence.
fn supervise(context: Context, work: impl Future<Output = Result<(), Fault>> + 'static) {
    let work = hub::spawn(work);
    let end = async move {
        let end = work.await.unwrap_or_else(|error| Err(panicked(&error)));
        context.status.end(end);
    };
    hub::spawn(end).detach();
}
