//! Services that are told to end while they start.

use std::thread;
use std::time::Duration;

use serde_json::json;
use testing::Program;

use crate::fixture::{Fixture, READY, start};

#[tokio::test]
async fn a_start_ends_in_order_at_each_point_and_the_next_one_serves() {
    let fixture = Fixture::new().await;
    let device = fixture.nexus_writer(json!({}));
    // A start is followed by the number of its threads, which grows until clients are served.
    for threads in 1.. {
        let mut service = Program::start_with_output(&mut fixture.service());
        while !service.catches_signals() {
            thread::yield_now();
        }
        let mut is_ready = false;
        while !is_ready && service.thread_count() < threads {
            is_ready = service.logs_within(READY, Duration::ZERO);
        }
        service.signal("TERM");
        let (status, log) = service.end();
        assert_eq!(status.code(), Some(0), "{threads}: {status}\n{log}");
        assert!(!device.exported().unwrap(), "{threads}: {log}");
        let service = start(&mut fixture.service());
        device.wait_for_state("ON");
        service.signal("TERM");
        let (status, log) = service.end();
        assert_eq!(status.code(), Some(0), "after {threads}: {status}\n{log}");
        if is_ready {
            break;
        }
    }
}

#[tokio::test]
async fn a_start_that_waits_for_the_database_ends_at_once() {
    let mut fixture = Fixture::new().await;
    let device = fixture.nexus_writer(json!({}));
    fixture.database.stop();
    for signal in ["TERM", "INT"] {
        let service = Program::start_with_output(&mut fixture.service());
        service.wait_for_threads(TANGO, 2);
        service.signal(signal);
        let (status, log) = service.end();
        assert_eq!(status.code(), Some(0), "{signal}: {status}\n{log}");
    }
    fixture.database.start();
    let _service = start(&mut fixture.service());
    device.wait_for_state("ON");
}

/// The kernel gives a signal that is still pending to any thread that waits for signals, and cppTango has one.
#[tokio::test]
async fn threads_of_tango_take_no_signals() {
    let mut fixture = Fixture::new().await;
    let device = fixture.nexus_writer(json!({}));
    // Without the database, the server stays in the middle of its start.
    fixture.database.stop();
    let mut service = Program::start_with_output(&mut fixture.service());
    service.wait_for_threads(TANGO, 2);
    service.signal_threads(TANGO, libc::SIGTERM);
    fixture.database.start();
    service.wait_for(READY);
    device.wait_for_state("ON");
    service.signal("TERM");
    let (status, log) = service.end();
    assert_eq!(status.code(), Some(0), "{status}\n{log}");
}

/// The thread that runs the server, and those that cppTango starts.
const TANGO: &str = "tango-orb";
