use std::cell::Cell;
use std::future::pending;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use hub::{Event, GreenletError, Hub, Queue, Thread, WaitError};

use crate::on_hub;

/// Reports that it was dropped.
struct DropSignal(Event);

impl Drop for DropSignal {
    fn drop(&mut self) {
        self.0.send();
    }
}

#[test]
fn gives_its_result_and_need_not_be_send() {
    let value = on_hub(async {
        let shared = Rc::new(Cell::new(1));
        let greenlet = hub::spawn({
            let shared = shared.clone();
            async move {
                shared.set(2);
                shared
            }
        });
        greenlet.await.unwrap().get() + shared.get()
    });
    assert_eq!(value, 4);
}

#[test]
fn a_panic_is_returned_and_other_greenlets_continue() {
    on_hub(async {
        let number = 7;
        let failed = hub::spawn(async move { assert!(number < 7, "number {number}") });
        let other = hub::spawn(async { 5 });
        let error = failed.await.unwrap_err();
        assert_eq!(error.to_string(), "the greenlet panicked: number 7");
        assert_eq!(other.await, Ok(5));
    });
}

#[test]
fn a_killed_greenlet_is_dropped_where_it_waits() {
    on_hub(async {
        let dropped = Event::new();
        let signal = DropSignal(dropped.clone());
        let started = Event::new();
        let greenlet = hub::spawn({
            let started = started.clone();
            async move {
                let _signal = signal;
                started.send();
                pending::<()>().await;
            }
        });
        started.wait().await;
        assert!(!greenlet.is_finished());
        greenlet.kill();
        assert_eq!(greenlet.await, Err(GreenletError::Killed));
        assert!(dropped.is_set());
    });
}

#[test]
fn a_dropped_handle_lets_the_greenlet_run_on() {
    on_hub(async {
        let done = Event::new();
        hub::spawn({
            let done = done.clone();
            async move { done.send() }
        })
        .detach();
        done.wait().await;
    });
}

#[test]
fn greenlets_end_with_the_main_one() {
    let dropped = Event::new();
    let refused = Queue::new(1);
    let signal = DropSignal(dropped.clone());
    let outlives = Cell::new(None);
    on_hub(async {
        let refused = refused.clone();
        let greenlet = hub::spawn(async move {
            let _signal = signal;
            // A wait in a destructor at the end of a hub is still in a greenlet.
            struct GreenletRecorder(Queue<bool>);
            impl Drop for GreenletRecorder {
                fn drop(&mut self) {
                    self.0.try_put(hub::in_greenlet(), 1).unwrap();
                }
            }
            let _recorder = GreenletRecorder(refused);
            pending::<()>().await;
        });
        outlives.set(Some(greenlet));
        tokio::task::yield_now().await;
    });
    let greenlet = outlives.take().unwrap();
    assert!(dropped.is_set());
    assert_eq!(refused.try_get(), Ok(true));
    assert!(greenlet.is_finished());
    assert_eq!(on_hub(greenlet), Err(GreenletError::Killed));
}

#[test]
fn greenlets_end_also_when_the_main_one_panics() {
    let dropped = Event::new();
    let signal = DropSignal(dropped.clone());
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        on_hub(async {
            hub::spawn(async move {
                let _signal = signal;
                pending::<()>().await;
            })
            .detach();
            panic!("main");
        })
    }));
    assert!(outcome.is_err());
    assert!(dropped.is_set());
    assert!(!hub::in_greenlet());
    assert_eq!(on_hub(async { 1 }), 1);
}

#[test]
fn a_hub_in_a_hub_is_refused() {
    let outcome = panic::catch_unwind(|| on_hub(async { on_hub(async {}) }));
    let message = *outcome.unwrap_err().downcast::<&str>().unwrap();
    assert!(message.contains("runs a hub already"), "{message}");
    assert!(panic::catch_unwind(|| hub::spawn(async {})).is_err());
}

#[test]
fn a_hub_may_be_dropped_in_a_greenlet() {
    on_hub(async { drop(Hub::new().unwrap()) });
}

#[test]
fn a_greenlet_of_another_thread_answers_to_its_handle() {
    let thread = Thread::serving("other").unwrap();
    let mut quick = thread
        .spawn(|| async { Rc::new(Cell::new(3)).get() })
        .unwrap();
    assert_eq!(quick.join_blocking(None), Ok(Ok(3)));
    assert!(on_hub(async {
        let failed = thread.spawn(|| async { panic!("far away") }).unwrap();
        let error: Result<(), _> = failed.await;
        error.unwrap_err().to_string().contains("far away")
    }));

    let dropped = Event::new();
    let signal = DropSignal(dropped.clone());
    let mut waits = thread
        .spawn(move || async move {
            let _signal = signal;
            pending::<()>().await;
        })
        .unwrap();
    let no_wait = Some(std::time::Duration::ZERO);
    assert_eq!(waits.join_blocking(no_wait), Err(WaitError::Timeout));
    waits.kill();
    assert_eq!(waits.join_blocking(None), Ok(Err(GreenletError::Killed)));
    assert!(dropped.is_set());

    let mut cut_off = thread.spawn(pending::<()>).unwrap();
    thread.stop_blocking(None).unwrap();
    assert_eq!(cut_off.join_blocking(None), Ok(Err(GreenletError::Killed)));
    assert!(cut_off.is_finished());
    assert!(thread.spawn(|| async {}).is_err());
}
