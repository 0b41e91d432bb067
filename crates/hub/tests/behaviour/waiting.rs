//! The behaviour that all `_blocking` forms have in common.

use std::thread;
use std::time::Duration;

use hub::{
    AsyncResult, Budget, CallError, Event, Launcher, Lock, PutError, Queue, RLock, ResultError,
    StopError, Thread, WaitError,
};

use crate::on_hub;

#[test]
fn in_a_greenlet_every_blocking_form_names_the_form_to_await() {
    let thread = Thread::serving("other").unwrap();
    on_hub(async {
        let budget = Budget::new(1);
        let queue = Queue::sharing(budget.clone());
        let result = AsyncResult::<i32, String>::new();
        let mut greenlet = thread.spawn(|| async {}).unwrap();
        let put = queue.put_blocking(5, 1, None).unwrap_err();
        let refusals = [
            (
                Event::new().wait_blocking(None).unwrap_err().to_string(),
                "`Event::wait`",
            ),
            (put.to_string(), "`Queue::put`"),
            (
                queue.get_blocking(None).unwrap_err().to_string(),
                "`Queue::get`",
            ),
            (
                queue.get_reserved_blocking(None).unwrap_err().to_string(),
                "`Queue::get_reserved`",
            ),
            (
                budget.reserve_blocking(1, None).unwrap_err().to_string(),
                "`Budget::reserve`",
            ),
            (
                result.wait_blocking(None).unwrap_err().to_string(),
                "`AsyncResult::wait`",
            ),
            (
                result.get_blocking(None).unwrap_err().to_string(),
                "`AsyncResult::get`",
            ),
            (
                result.take_blocking(None).unwrap_err().to_string(),
                "`AsyncResult::take`",
            ),
            (
                greenlet.join_blocking(None).unwrap_err().to_string(),
                "`Greenlet`",
            ),
            (
                Lock::new().acquire_blocking(None).unwrap_err().to_string(),
                "`Lock::acquire`",
            ),
            (
                RLock::new().acquire_blocking(None).unwrap_err().to_string(),
                "`RLock::acquire`",
            ),
            (
                thread.apply_blocking(|| (), None).unwrap_err().to_string(),
                "`apply`",
            ),
            (
                thread.stop_blocking(None).unwrap_err().to_string(),
                "`Thread::stop`",
            ),
            (
                thread.join_blocking(None).unwrap_err().to_string(),
                "`Thread::join`",
            ),
            (
                thread.get_blocking(None).unwrap_err().to_string(),
                "`Thread::get`",
            ),
            (
                thread.take_blocking(None).unwrap_err().to_string(),
                "`Thread::take`",
            ),
        ];
        for (refusal, awaitable) in refusals {
            assert!(
                refusal.ends_with(&format!("await {awaitable} instead")),
                "{refusal}"
            );
        }
        assert_eq!(put.into_item(), 5);
        assert_eq!(budget.available(), Some(1));
        assert!(thread.is_running());
    });
}

#[test]
fn greenlets_and_threads_are_distinguished() {
    assert!(!hub::in_greenlet());
    let (main, spawned, foreign) = on_hub(async {
        let spawned = hub::spawn(async { hub::in_greenlet() }).await.unwrap();
        let foreign = thread::spawn(hub::in_greenlet).join().unwrap();
        (hub::in_greenlet(), spawned, foreign)
    });
    assert!(main && spawned && !foreign);
    assert!(!hub::in_greenlet());
}

#[test]
fn a_time_that_is_up_leaves_everything_as_it_was() {
    let queue = Queue::new(10);
    let short_timeout = Some(Duration::from_millis(1));
    assert_eq!(queue.get_blocking(short_timeout), Err(WaitError::Timeout));
    queue.try_put('a', 10).unwrap();
    assert_eq!(
        queue.put_blocking('b', 1, short_timeout),
        Err(PutError::Timeout('b'))
    );
    assert_eq!(queue.get_blocking(None), Ok(Some('a')));
    assert_eq!(queue.budget().available(), Some(10));
}

#[test]
fn greenlets_give_up_waiting_in_the_same_ways() {
    let short_timeout = Duration::from_millis(1);
    on_hub(async {
        let queue = Queue::new(1);
        assert_eq!(
            queue.get_timeout(short_timeout).await,
            Err(WaitError::Timeout)
        );
        assert_eq!(queue.put_timeout('a', 1, short_timeout).await, Ok(()));
        assert_eq!(
            queue.put_timeout('b', 1, short_timeout).await,
            Err(PutError::Timeout('b'))
        );
        assert_eq!(queue.get_timeout(short_timeout).await, Ok(Some('a')));
        queue.close();
        assert_eq!(
            queue.put_timeout('c', 1, short_timeout).await,
            Err(PutError::Closed('c'))
        );
        assert_eq!(queue.get_timeout(short_timeout).await, Ok(None));

        let result = AsyncResult::<i32, String>::new();
        assert!(!result.wait_timeout(short_timeout).await);
        assert_eq!(
            result.get_timeout(short_timeout).await,
            Err(ResultError::Timeout)
        );
        assert_eq!(
            result.take_timeout(short_timeout).await,
            Err(ResultError::Timeout)
        );
        result.set(Ok(1));
        assert!(result.wait_timeout(short_timeout).await);
        assert_eq!(result.get_timeout(short_timeout).await, Ok(1));
        assert_eq!(result.take_timeout(short_timeout).await, Ok(1));

        let thread = Thread::serving("other").unwrap();
        let timeout = thread.join_timeout(short_timeout).await;
        assert!(matches!(timeout, Err(StopError::Timeout { .. })));
        assert_eq!(
            thread.get_timeout(short_timeout).await,
            Err(ResultError::Timeout)
        );
        assert_eq!(
            thread.take_timeout(short_timeout).await,
            Err(ResultError::Timeout)
        );
        let busy = Event::new();
        let done = busy.clone();
        let slow = thread.apply_timeout(move || while !done.is_set() {}, short_timeout);
        assert_eq!(slow.await, Err(CallError::Timeout));
        busy.send();
        thread.stop(None).await.unwrap();
        thread.join_timeout(short_timeout).await.unwrap();
        assert_eq!(thread.get_timeout(short_timeout).await, Ok(()));
    });
}

#[test]
fn a_thread_without_hub_has_no_launcher() {
    assert_eq!(
        Launcher::current().unwrap_err().to_string(),
        "this thread runs no hub"
    );
}
