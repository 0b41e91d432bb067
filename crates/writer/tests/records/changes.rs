//! Receivers of changes are notified, and find the changes in the records.

use std::cell::RefCell;
use std::rc::Rc;

use writer::subscriber::State;

use crate::fixture::{LONG_TIMEOUT, ended, with_session};

#[test]
fn the_number_of_running_scans_is_followed_without_asking() {
    with_session(async |fixture| {
        let seen = Rc::new(RefCell::new(vec![0]));
        let (mut watch, records, counts) = (
            fixture.records.watch(),
            fixture.records.clone(),
            seen.clone(),
        );
        let mut watching = hub::spawn(async move {
            while counts.borrow().as_slice() != [0, 1, 2, 1, 0] {
                watch.changed().await;
                let running = records.running();
                let mut counts = counts.borrow_mut();
                if counts.last() != Some(&running) {
                    counts.push(running);
                }
            }
        });
        let mut scans = Vec::new();
        for number in [1, 2] {
            scans.push(fixture.create(number, &fixture.file("a.h5")).await);
            fixture.record(&format!("{number}_loopscan")).await;
        }
        for name in ["2_loopscan", "1_loopscan"] {
            let record = fixture.record(name).await;
            record.stop();
            ended(&record).await;
        }
        let ended_in_time = hub::timeout(LONG_TIMEOUT, &mut watching).await;
        assert!(ended_in_time.is_ok(), "{:?}", seen.borrow());
        ended_in_time.unwrap().unwrap();
    });
}

#[test]
fn the_end_of_the_session_is_reported() {
    with_session(async |fixture| {
        let subscriber = fixture.writer.subscriber().clone();
        assert_eq!(subscriber.state(), State::On);
        assert_eq!(subscriber.reason(), "Subscribed to Redis");
        subscriber.stop();
        fixture
            .until(|_| (subscriber.state() == State::Off).then_some(()))
            .await;
        assert_eq!(subscriber.reason(), "Finished succesfully");
    });
}

#[test]
fn the_failure_of_the_session_is_reported_with_its_reason() {
    with_session(async |fixture| {
        let subscriber = fixture.writer.subscriber().clone();
        subscriber.kill("told to leave");
        fixture
            .until(|_| (subscriber.state() == State::Fault).then_some(()))
            .await;
        assert_eq!(subscriber.reason(), "killed: told to leave");
    });
}
