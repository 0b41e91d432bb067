use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::thread;

use hub::{CallError, Event, HubTrigger, Launcher, Queue, Thread};

use crate::on_hub;

/// A main function that others end, without a wait that serves the hub.
fn keep_busy(until: &Event) {
    while !until.is_set() {
        thread::yield_now();
    }
}

#[test]
fn n_sends_are_n_runs_from_any_thread() {
    on_hub(async {
        let runs = Rc::new(Cell::new(0));
        let all = Event::new();
        let home = thread::current().id();
        let trigger = HubTrigger::new({
            let (runs, all) = (runs.clone(), all.clone());
            move || {
                assert_eq!(thread::current().id(), home);
                runs.set(runs.get() + 1);
                if runs.get() == 4000 {
                    all.send();
                }
            }
        })
        .unwrap();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let trigger = trigger.clone();
                thread::spawn(move || (0..1000).for_each(|_| trigger.send().unwrap()))
            })
            .collect();
        all.wait().await;
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(runs.get(), 4000);
    });
}

#[test]
fn triggers_and_calls_of_a_hub_run_in_the_order_of_their_sends() {
    on_hub(async {
        let order = Rc::new(RefCell::new(Vec::new()));
        let note = |text: &'static str| {
            let order = order.clone();
            HubTrigger::new(move || order.borrow_mut().push(text)).unwrap()
        };
        let (one, two) = (note("one"), note("two"));
        let launcher = Launcher::current().unwrap();
        one.send().unwrap();
        two.send().unwrap();
        one.send().unwrap();
        // The function does not run inside of `send`, even in the hub itself.
        assert!(order.borrow().is_empty());
        launcher.apply_async(|| ()).wait().await;
        assert_eq!(*order.borrow(), ["one", "two", "one"]);
    });
}

#[test]
fn sends_to_a_busy_hub_all_run_later() {
    let (busy, sent) = (Event::new(), Event::new());
    let triggers = Queue::new(1);
    let thread = Thread::start("busy", {
        let (busy, sent, triggers) = (busy.clone(), sent.clone(), triggers.clone());
        async move |_| {
            let runs = Rc::new(Cell::new(0));
            let counts = runs.clone();
            let trigger = HubTrigger::new(move || counts.set(counts.get() + 1)).unwrap();
            triggers.try_put(trigger, 1).unwrap();
            busy.send();
            keep_busy(&sent);
            assert_eq!(runs.get(), 0);
            Launcher::current().unwrap().apply_async(|| ()).wait().await;
            runs.get()
        }
    })
    .unwrap();
    busy.wait_blocking(None).unwrap();
    let trigger = triggers.get_blocking(None).unwrap().unwrap();
    (0..500).for_each(|_| trigger.send().unwrap());
    sent.send();
    assert_eq!(thread.get_blocking(None), Ok(500));
}

#[test]
fn accepted_sends_run_at_the_end_of_the_hub_and_later_ones_are_errors() {
    let runs = Rc::new(Cell::new(0));
    let starts = Rc::new(Cell::new(0));
    let (trigger, blocking) = on_hub(async {
        let counts = runs.clone();
        let trigger = HubTrigger::new(move || counts.set(counts.get() + 1)).unwrap();
        let counts = starts.clone();
        let blocking = HubTrigger::blocking(move || {
            let counts = counts.clone();
            async move {
                counts.set(counts.get() + 1);
                std::future::pending().await
            }
        })
        .unwrap();
        for _ in 0..1000 {
            trigger.send().unwrap();
            blocking.send().unwrap();
        }
        // The main greenlet ends before any of them runs.
        assert_eq!(runs.get(), 0);
        (trigger, blocking)
    });
    assert_eq!((runs.get(), starts.get()), (1000, 1000));
    assert!(matches!(trigger.send(), Err(CallError::Stopped { .. })));
    assert!(matches!(blocking.send(), Err(CallError::Stopped { .. })));
    assert_eq!(runs.get(), 1000);
}

/// However a hub ends: each send either runs or fails with an error.
#[test]
fn sends_that_race_with_the_end_of_the_hub_run_or_fail() {
    for turns in 0..50 {
        let runs = Rc::new(Cell::new(0));
        let sender = on_hub(async {
            let counts = runs.clone();
            let trigger = HubTrigger::new(move || counts.set(counts.get() + 1)).unwrap();
            let sender = thread::spawn(move || {
                let mut accepted = 0;
                while trigger.send().is_ok() {
                    accepted += 1;
                }
                accepted
            });
            while runs.get() == 0 {
                tokio::task::yield_now().await;
            }
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            sender
        });
        assert_eq!(sender.join().unwrap(), runs.get());
    }
}

#[test]
fn blocking_triggers_run_in_greenlets_of_their_own() {
    on_hub(async {
        let gate = Event::new();
        let started = Rc::new(Cell::new(0));
        let ended = Queue::new(10);
        let trigger = HubTrigger::blocking({
            let (gate, started, ended) = (gate.clone(), started.clone(), ended.clone());
            move || {
                let number = started.get();
                started.set(number + 1);
                let (gate, ended) = (gate.clone(), ended.clone());
                async move {
                    // This wait stalls neither the hub nor the other runs.
                    gate.wait().await;
                    ended.put(number, 1).await.unwrap();
                }
            }
        })
        .unwrap();
        for _ in 0..3 {
            trigger.send().unwrap();
        }
        Launcher::current().unwrap().apply_async(|| ()).wait().await;
        assert_eq!((started.get(), ended.len()), (3, 0));
        gate.send();
        let mut numbers = Vec::new();
        for _ in 0..3 {
            numbers.push(ended.get().await.unwrap());
        }
        assert_eq!(numbers, [0, 1, 2]);
    });
}

#[test]
fn a_panic_of_a_trigger_does_not_affect_others() {
    on_hub(async {
        let runs = Rc::new(Cell::new(0));
        let counts = runs.clone();
        let trigger = HubTrigger::new(move || {
            counts.set(counts.get() + 1);
            assert_ne!(counts.get(), 2, "second run");
        })
        .unwrap();
        let blocking = HubTrigger::blocking(|| async { panic!("in its greenlet") }).unwrap();
        blocking.send().unwrap();
        for _ in 0..3 {
            trigger.send().unwrap();
        }
        Launcher::current().unwrap().apply_async(|| ()).wait().await;
        assert_eq!(runs.get(), 3);
    });
}

#[test]
fn the_function_ends_with_the_last_handle_behind_its_runs() {
    on_hub(async {
        let runs = Rc::new(Cell::new(0));
        let counts = runs.clone();
        let trigger = HubTrigger::new(move || counts.set(counts.get() + 1)).unwrap();
        assert_eq!(Rc::strong_count(&runs), 2);
        trigger.send().unwrap();
        thread::spawn(move || drop(trigger)).join().unwrap();
        Launcher::current().unwrap().apply_async(|| ()).wait().await;
        assert_eq!((runs.get(), Rc::strong_count(&runs)), (1, 1));
    });
}

#[test]
fn the_function_ends_with_its_hub() {
    let owned = Rc::new(());
    let inside = owned.clone();
    let trigger = on_hub(async { HubTrigger::new(move || drop(inside.clone())).unwrap() });
    assert_eq!(Rc::strong_count(&owned), 1);
    // Another hub of the same thread has triggers of its own.
    on_hub(async {
        let other = HubTrigger::new(|| panic!("not meant")).unwrap();
        trigger.send().unwrap_err();
        drop(trigger);
        drop(other);
        tokio::task::yield_now().await;
    });
}

#[test]
fn a_thread_without_hub_has_no_triggers() {
    assert!(HubTrigger::new(|| ()).is_err());
    assert!(HubTrigger::blocking(|| async {}).is_err());
}
