use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hub::{CallError, Event, Hub, Launcher, Queue, ResultError, Thread};

use crate::{on_hub, poll};

#[test]
fn runs_functions_in_the_thread_that_made_it() {
    on_hub(async {
        let home = thread::current().id();
        let launcher = Launcher::current().unwrap();
        let other = Thread::start("other", async move |_| {
            assert!(!launcher.is_here());
            launcher.apply(|| thread::current().id()).await
        })
        .unwrap();
        assert_eq!(other.take().await.unwrap(), Ok(home));
    });
}

#[test]
fn runs_at_once_in_that_thread_itself() {
    on_hub(async {
        let launcher = Launcher::current().unwrap();
        assert!(launcher.is_here());
        let mut call = Box::pin(launcher.apply(hub::in_greenlet));
        assert_eq!(poll(&mut call), std::task::Poll::Ready(Ok(true)));
        assert_eq!(launcher.apply_blocking(|| 2, None), Ok(2));
        let later = launcher.apply_async(|| 3);
        assert!(!later.ready());
        assert_eq!(later.get().await, Ok(3));
    });
}

#[test]
fn runs_functions_in_the_order_in_which_they_were_sent() {
    let thread = Thread::serving("target").unwrap();
    let (sender, receiver) = mpsc::channel();
    for number in 0..500 {
        let sender = sender.clone();
        thread.apply_async(move || sender.send(number).unwrap());
    }
    drop(sender);
    assert!(receiver.iter().eq(0..500));
}

#[test]
fn errors_and_panics_travel_to_the_caller() {
    let thread = Thread::serving("target").unwrap();
    let failed = thread.apply_blocking(|| "x".parse::<i32>(), None).unwrap();
    assert!(failed.is_err());
    let panicked = thread.apply_blocking(|| panic!("bad {}", 1), None);
    let error: CallError = Result::<(), _>::unwrap_err(panicked);
    assert_eq!(error.to_string(), "the function panicked: bad 1");
    let error = thread.apply_async(|| panic!("bad 2")).get_blocking(None);
    let error: ResultError<CallError> = Result::<(), _>::unwrap_err(error);
    assert_eq!(error.to_string(), "the function panicked: bad 2");
    assert_eq!(on_hub(thread.apply(|| 4)), Ok(4));
}

#[test]
fn a_call_to_a_thread_that_stopped_is_an_error() {
    let thread = Thread::serving("gone").unwrap();
    thread.stop_blocking(None).unwrap();
    let stopped = "thread `gone` has stopped";
    let error = thread.apply_blocking(|| (), None).unwrap_err();
    assert_eq!(error.to_string(), stopped);
    let error = on_hub(thread.apply(|| ())).unwrap_err();
    assert_eq!(error.to_string(), stopped);
    let error = thread.apply_async(|| ()).get_blocking(None).unwrap_err();
    assert_eq!(error.to_string(), stopped);
}

#[test]
fn a_call_that_a_thread_no_longer_runs_is_an_error() {
    let (busy, end) = (Event::new(), Event::new());
    let thread = Thread::start("ends", {
        let (busy, end) = (busy.clone(), end.clone());
        async move |_| {
            busy.send();
            // This wait blocks the hub: the calls come while the hub cannot serve them.
            while !end.is_set() {
                thread::yield_now();
            }
        }
    })
    .unwrap();
    busy.wait_blocking(None).unwrap();
    let result = thread.apply_async(|| ());
    let launcher = thread.launcher();
    let mut call = Box::pin(launcher.apply(|| ()));
    assert!(poll(&mut call).is_pending());
    end.send();
    assert!(matches!(
        result.get_blocking(None),
        Err(ResultError::Failed(CallError::Stopped { .. }))
    ));
    assert!(matches!(on_hub(call), Err(CallError::Stopped { .. })));
}

#[test]
fn a_hub_that_never_runs_answers_when_it_is_dropped() {
    let hub = Hub::named("idle").unwrap();
    let result = hub.launcher().apply_async(|| ());
    assert!(!result.ready());
    drop(hub);
    assert_eq!(
        result.get_blocking(None).unwrap_err().to_string(),
        "thread `idle` has stopped"
    );
}

#[test]
fn two_threads_may_call_each_other_at_the_same_time() {
    let one = Thread::serving("one").unwrap();
    let other = Thread::serving("other").unwrap();
    let (to_one, to_other) = (one.launcher(), other.launcher());
    let mut from_one = one
        .spawn(move || async move { to_other.apply(|| 1).await })
        .unwrap();
    let mut from_other = other
        .spawn(move || async move { to_one.apply(|| 2).await })
        .unwrap();
    assert_eq!(from_one.join_blocking(None).unwrap().unwrap(), Ok(1));
    assert_eq!(from_other.join_blocking(None).unwrap().unwrap(), Ok(2));
}

#[test]
fn a_caller_that_gives_up_does_not_take_the_call_back() {
    let gate = Event::new();
    let thread = Thread::start("slow", {
        let gate = gate.clone();
        async move |context| {
            gate.wait().await;
            context.stopping.wait().await;
        }
    })
    .unwrap();
    let ran = Queue::new(1);
    let blocks = thread.apply_async({
        let gate = gate.clone();
        move || while !gate.is_set() {}
    });
    let call = {
        let ran = ran.clone();
        move || ran.try_put((), 1).unwrap()
    };
    let given_up = thread.apply_blocking(call, Some(Duration::ZERO));
    assert_eq!(given_up, Err(CallError::Timeout));
    gate.send();
    blocks.get_blocking(None).unwrap();
    assert_eq!(ran.get_blocking(None), Ok(Some(())));
}
