//! Files that cannot be read, and processes that do not answer.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::json;
use testing::{HttpAnswer, http_get};

use super::{Saved, message, readers};
use crate::fixture::wait_until;

#[tokio::test]
async fn a_file_that_cannot_be_read_costs_nothing_else() {
    let saved = Saved::new().await;
    let other = saved.fixture.file("other.h5");
    fs::write(&other, b"this is no HDF5 file").unwrap();
    fs::rename(&other, &saved.file).unwrap();
    let set_age = |time: SystemTime| {
        let file = fs::File::options().write(true).open(&saved.file).unwrap();
        file.set_modified(time).unwrap();
    };
    // It was just changed, so somebody may be writing it.
    set_age(SystemTime::now() + Duration::from_secs(3600));
    let answer = saved.ask("meta", "/", "");
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(message(&answer).contains("try again"), "{}", answer.body);
    set_age(SystemTime::UNIX_EPOCH);
    assert_eq!(saved.ask("meta", "/", "").status, 500);
    // A pipe in its place is not opened, as nobody writes into it.
    fs::remove_file(&saved.file).unwrap();
    let mode = Mode::from_raw_mode(0o600);
    mknodat(CWD, &saved.file, FileType::Fifo, mode, 0).unwrap();
    let answer = saved.ask("meta", "/", "");
    assert!(matches!(answer.status, 500 | 503), "{}", answer.body);
    assert_eq!(saved.watched.get("/livez").status, 200);
    saved.watched.end();
}

#[tokio::test]
async fn readers_that_do_not_answer_are_replaced() {
    let saved = Saved::new().await;
    // Both readers are started by two questions at once, and hang then.
    let writer = saved.watched.program.id();
    let address = saved.watched.address;
    let path = format!("/api/h5grove/meta?file={}&path=/", saved.id);
    let ask = || http_get(address, &path, &[]);
    wait_until("two readers", || {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(ask);
            }
        });
        readers(writer).len() == 2
    });
    let hanging = readers(writer);
    let signal = |signal: &str| {
        for reader in &hanging {
            let sent = Command::new("kill")
                .args([signal, &reader.to_string()])
                .status();
            assert!(sent.unwrap().success());
        }
    };
    signal("-STOP");
    let answers: Vec<HttpAnswer> = thread::scope(|scope| {
        let asked: Vec<_> = (0..3).map(|_| scope.spawn(ask)).collect();
        // Meanwhile everything else is answered.
        assert_eq!(saved.watched.get("/livez").status, 200);
        saved.watched.json("/api/v1/state");
        asked
            .into_iter()
            .map(|asked| asked.join().unwrap())
            .collect()
    });
    // Two have waited for the readers, the third one for its turn.
    for answer in &answers {
        assert_eq!(answer.status, 503, "{}", answer.body);
    }
    let has = |text: &str| {
        answers
            .iter()
            .filter(|answer| message(answer).contains(text))
            .count()
    };
    assert_eq!((has("within 5 s"), has("other requests")), (2, 1));
    assert_eq!(saved.json("data", "/diode", ""), json!([0.0, 1.0, 2.0]));
    let replaced = readers(writer);
    assert!(
        replaced.iter().all(|reader| !hanging.contains(reader)),
        "{replaced:?}"
    );
    // A reader ends with its writer.
    saved.watched.program.signal("KILL");
    for reader in replaced {
        let status = format!("/proc/{reader}/status");
        wait_until("the end of a reader", || {
            let status = fs::read_to_string(&status).unwrap_or_default();
            status.is_empty() || status.contains("State:\tZ")
        });
    }
}
