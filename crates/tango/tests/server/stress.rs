//! Many clients at once, while events are sent and devices are initialised.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use testing::TangoError;

use crate::fixture::{NONE, echo_device_with_events};

const CLIENTS: usize = 16;
const ROUNDS: usize = 150;

/// Accepts an error of cppTango itself: it drops the value that one client is about to receive when another
/// client writes the attribute at that moment.
fn forgotten(error: TangoError) -> Result<(), TangoError> {
    match error.has_reason("API_AttrValueNotSet") {
        true => Ok(()),
        false => Err(error),
    }
}

#[test]
fn readers_writers_listeners_and_inits_do_not_disturb_each_other() {
    let (server, device) = echo_device_with_events();
    for attribute in ["State", "count", "words", "moods"] {
        device.subscribe(attribute).unwrap();
    }
    device.call("fill", 20).unwrap();
    let failures = AtomicUsize::new(0);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (device, failures) = (device.clone(), &failures);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let done = match (client + round) % 8 {
                        0 => device.write("count", round).map(drop),
                        1 => device.write("mood", 10 * (round % 2)).map(drop),
                        2 => device.call("fill", 20).map(drop),
                        3 => device.read("State").map(drop),
                        4 => device.status().map(drop),
                        5 => device
                            .read("moods")
                            .map(|it| assert_eq!(it.as_array().unwrap().len(), 20)),
                        6 => device.read("words").map(|it| assert_eq!(it[19], "word 19")),
                        _ => device.read("count").map(drop).or_else(forgotten),
                    };
                    if let Err(error) = done {
                        failures.fetch_add(1, Ordering::Relaxed);
                        eprintln!("{error}");
                    }
                }
            });
        }
        for _ in 0..5 {
            device.call("Init", NONE).unwrap();
        }
    });
    assert_eq!(failures.into_inner(), 0);
    // The first event is the answer to the subscription.
    assert_eq!(device.event("count").unwrap(), 0);
    let writes = (0..CLIENTS).flat_map(|client| (0..ROUNDS).map(move |round| client + round));
    for _ in writes.filter(|turn| turn % 8 == 0) {
        device.event("count").unwrap();
    }
    let (status, log) = server.end("TERM");
    assert!(status.success(), "{status} {log}");
    assert!(!log.contains("ERROR"), "{log}");
}
