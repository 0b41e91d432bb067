//! Failures that no caller waits for are logged.

use std::fmt::{Debug, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hub::{Event, HubTrigger, Launcher, Thread};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

use crate::on_hub;

/// Collects the warnings and errors of one thread, a line each.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Line(String);
        impl Visit for Line {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                write!(self.0, "{field}={value:?} ").unwrap();
            }
        }
        let mut line = Line(format!("{} ", event.metadata().level()));
        event.record(&mut line);
        if event.metadata().target().starts_with("hub") {
            self.0.lock().unwrap().push(line.0);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Returns what this thread logs meanwhile.
fn log_lines(during: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), during);
    log.0.lock().unwrap().clone()
}

#[track_caller]
fn assert_one(lines: &[String], level: &str, parts: &[&str]) {
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with(level), "{lines:?}");
    assert!(
        parts.iter().all(|part| lines[0].contains(part)),
        "{lines:?}"
    );
}

#[test]
fn a_thread_that_does_not_stop_in_time() {
    let release = Event::new();
    let until = release.clone();
    let stuck = Thread::start("stuck", async move |_| {
        while !until.is_set() {
            std::thread::yield_now();
        }
    })
    .unwrap();
    let lines = log_lines(|| {
        let short_timeout = Some(Duration::from_millis(1));
        stuck.stop_blocking(short_timeout).unwrap_err();
    });
    assert_one(&lines, "ERROR", &["stuck", "did not end within 1ms"]);
    // It was asked to stop before, but still runs.
    let lines = log_lines(|| drop(stuck));
    assert_one(&lines, "WARN", &["stuck", "handle of a running thread"]);
    release.send();
}

#[test]
fn a_thread_that_has_ended_is_dropped_without_a_word() {
    let lines = log_lines(|| {
        let thread = Thread::serving("gone").unwrap();
        thread.stop_blocking(None).unwrap();
    });
    assert_eq!(lines, [""; 0]);
}

#[test]
fn a_panic_of_a_trigger() {
    let lines = log_lines(|| {
        on_hub(async {
            let trigger = HubTrigger::new(|| panic!("no beam")).unwrap();
            trigger.send().unwrap();
            Launcher::current().unwrap().apply_async(|| ()).wait().await;
        });
    });
    assert_one(&lines, "ERROR", &["panicked: no beam"]);
    let lines = log_lines(|| {
        on_hub(async {
            let trigger = HubTrigger::blocking(|| async { panic!("no beam") }).unwrap();
            trigger.send().unwrap();
            let launcher = Launcher::current().unwrap();
            launcher.apply_async(|| ()).wait().await;
            // Its greenlet, and the one that reports its end, run next.
            for _ in 0..2 {
                hub::spawn(async {}).await.unwrap();
            }
        });
    });
    assert_one(&lines, "ERROR", &["a blocking trigger failed", "no beam"]);
}

#[test]
fn triggers_that_a_panic_of_the_main_greenlet_takes_with_it() {
    let lines = log_lines(|| {
        let main = AssertUnwindSafe(|| {
            on_hub(async {
                let trigger = HubTrigger::new(|| ()).unwrap();
                (0..3).for_each(|_| trigger.send().unwrap());
                panic!("main");
            })
        });
        panic::catch_unwind(main).unwrap_err();
    });
    assert_one(
        &lines,
        "ERROR",
        &["triggers=3", "before its triggers could run"],
    );
}
