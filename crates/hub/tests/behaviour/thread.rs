use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread as std_thread;
use std::time::Duration;

use hub::{Event, ResultError, StopError, Thread, ThreadError};

use crate::on_hub;

#[test]
fn gives_the_value_of_its_main_function() {
    let thread = Thread::start("main", async |context: hub::ThreadContext| {
        let name = std_thread::current().name().map(str::to_owned);
        assert_eq!(name.as_deref(), Some(&*context.name));
        assert!(hub::in_greenlet());
        5
    })
    .unwrap();
    assert_eq!(thread.name(), "main");
    assert_eq!(thread.get_blocking(None), Ok(5));
    assert_eq!(on_hub(thread.get()), Ok(5));
    assert_eq!(on_hub(thread.take()), Ok(5));
    assert_eq!(thread.take_blocking(None), Err(ResultError::Taken));
    assert!(!thread.is_running());
}

#[test]
fn gives_the_error_or_panic_of_its_main_function() {
    let fails = Thread::start("fails", async |_| "x".parse::<i32>()).unwrap();
    assert!(fails.get_blocking(None).unwrap().is_err());
    let number = 3;
    let panics = Thread::start("panics", async move |_| assert_eq!(number, 4, "not four")).unwrap();
    let Err(ResultError::Failed(ThreadError::Panicked(panic))) = panics.get_blocking(None) else {
        panic!("no panic");
    };
    assert!(panic.message().contains("not four"), "{panic}");
    panics.stop_blocking(None).unwrap();
    panics.join_blocking(None).unwrap();
}

#[test]
fn stop_reaches_a_main_function_that_waits() {
    let listens = Thread::start("listens", async |context: hub::ThreadContext| {
        context.stopping.wait().await;
        "stopped"
    })
    .unwrap();
    listens.stop_blocking(None).unwrap();
    assert_eq!(listens.get_blocking(None), Ok("stopped"));

    let works = Thread::start("works", async |context: hub::ThreadContext| {
        context.until_stopping(pending::<()>()).await
    })
    .unwrap();
    on_hub(works.stop(None)).unwrap();
    assert_eq!(works.get_blocking(None), Ok(None));
}

#[test]
fn a_main_function_that_does_not_listen_is_reported_and_killed_where_it_waits() {
    let dropped = Event::new();
    struct DropSignal(Event);
    impl Drop for DropSignal {
        fn drop(&mut self) {
            self.0.send();
        }
    }
    let signal = DropSignal(dropped.clone());
    let deaf = Thread::start("deaf", async move |_| {
        let _signal = signal;
        pending::<()>().await;
    })
    .unwrap();
    let error = deaf
        .stop_blocking(Some(Duration::from_millis(1)))
        .unwrap_err();
    assert_eq!(error.to_string(), "thread `deaf` did not end within 1ms");
    deaf.join_blocking(None).unwrap();
    assert!(dropped.is_set());
    let error = deaf.get_blocking(None).unwrap_err();
    assert_eq!(error, ResultError::Failed(ThreadError::Killed));
}

#[test]
fn a_thread_that_cannot_stop_is_reported_until_it_has() {
    let release = Arc::new(AtomicBool::new(false));
    let started = Event::new();
    let stuck = Thread::start("stuck", {
        let (release, started) = (release.clone(), started.clone());
        async move |_| {
            started.send();
            while !release.load(Ordering::SeqCst) {
                std_thread::yield_now();
            }
        }
    })
    .unwrap();
    started.wait_blocking(None).unwrap();
    let short_timeout = Some(Duration::from_millis(1));
    let timeout = |error: StopError| matches!(error, StopError::Timeout { .. });
    assert!(timeout(stuck.join_blocking(short_timeout).unwrap_err()));
    assert!(timeout(on_hub(stuck.stop(short_timeout)).unwrap_err()));
    assert!(timeout(stuck.stop_blocking(short_timeout).unwrap_err()));
    assert!(stuck.is_running());
    release.store(true, Ordering::SeqCst);
    stuck.join_blocking(None).unwrap();
    stuck.stop_blocking(short_timeout).unwrap();
}

#[test]
fn a_thread_does_not_wait_for_its_own_end() {
    let thread = Arc::new(Thread::serving("self").unwrap());
    let own = Arc::clone(&thread);
    let mut greenlet = thread
        .spawn(move || async move { (own.join().await, own.stop(None).await) })
        .unwrap();
    let (join, stop) = greenlet.join_blocking(None).unwrap().unwrap();
    assert_eq!(
        join.unwrap_err().to_string(),
        "thread `self` cannot wait for its own end"
    );
    assert!(matches!(stop, Err(StopError::OwnThread { .. })));
    // The thread was asked to stop all the same.
    thread.join_blocking(None).unwrap();
}

#[test]
fn a_dropped_handle_asks_the_thread_to_stop() {
    let ended = Event::new();
    let thread = Thread::start("dropped", {
        let ended = ended.clone();
        async move |context: hub::ThreadContext| {
            context.stopping.wait().await;
            ended.send();
        }
    })
    .unwrap();
    drop(thread);
    ended.wait_blocking(None).unwrap();
}

#[test]
fn all_greenlets_have_ended_when_the_thread_has() {
    let dropped = Event::new();
    struct DropSignal(Event);
    impl Drop for DropSignal {
        fn drop(&mut self) {
            self.0.send();
        }
    }
    let signal = DropSignal(dropped.clone());
    let thread = Thread::start("main", async move |_| {
        hub::spawn(async move {
            let _signal = signal;
            pending::<()>().await;
        })
        .detach();
    })
    .unwrap();
    thread.join_blocking(None).unwrap();
    assert!(dropped.is_set());
}
