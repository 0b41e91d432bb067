//! A Redis that refuses, or comes back different, while scans are saved.

use std::process::Command;

use blissdata::store::DataStore;
use redis_client::Value;
use serde_json::json;
use testing::{Program, redis_call};

use crate::fixture::{Fixture, WRITER, end, read, send};

impl Fixture {
    /// Executes a command of Redis, whose words are separated by spaces.
    async fn redis(&self, command: &str) -> Value {
        redis_call(&self.server.url(), command).await
    }
}

#[tokio::test]
async fn a_full_redis_ends_nothing() {
    let fixture = Fixture::new().await;
    let mut running = fixture.run();
    let file = fixture.file("a.h5");
    let (scan, diode) = fixture.start_scan(&file).await;
    send(&diode, &[0.0, 1.0]).await;
    running.wait_for("start saving");
    fixture.redis("CONFIG SET maxmemory 1").await;
    running.wait_for("the heartbeat of the writer cannot be renewed");
    fixture.redis("CONFIG SET maxmemory 0").await;
    running.wait_for("no longer: the heartbeat of the writer cannot be renewed");
    send(&diode, &[2.0]).await;
    end(scan).await;
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    let log = Fixture::end(running);
    let refused = log.matches("WARN the heartbeat").count();
    assert_eq!(refused, 1, "a refusal is reported once: {log}");
}

#[tokio::test]
async fn a_full_redis_is_joined_and_read() {
    let fixture = Fixture::new().await;
    // The group of writers exists from now on.
    Fixture::end(fixture.run());
    let file = fixture.file("a.h5");
    fixture.good_scan(&file).await;
    fixture.redis("CONFIG SET maxmemory 1").await;
    let mut running = fixture.run();
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    Fixture::end(running);
}

/// A server whose snapshots fail refuses all commands that write, and PING.
#[tokio::test]
async fn a_redis_that_cannot_save_its_data_is_read() {
    let fixture = Fixture::new().await;
    let mut running = fixture.run();
    let (first, second) = (fixture.file("first.h5"), fixture.file("second.h5"));
    let (scan, diode) = fixture.start_scan(&first).await;
    send(&diode, &[0.0, 1.0]).await;
    let waiting = fixture.good_scan(&second).await;
    running.wait_for("second.h5' (");
    let mut keeper = redis_client::Connection::open(&fixture.server.url())
        .await
        .unwrap();
    // A directory with the name of the file that Redis writes.
    std::fs::create_dir(fixture.server.directory().join("dump.rdb")).unwrap();
    let save = |moments: &str| {
        let command = redis_client::Command::new("CONFIG").arg("SET");
        command.arg("save").arg(moments)
    };
    keeper.call(&save("86400 1000000000")).await.unwrap();
    let snapshot = redis_client::Command::new("BGSAVE");
    keeper.call(&snapshot).await.unwrap();
    running.wait_for("MISCONF");
    // New connections are possible, and so is everything that only reads.
    std::fs::remove_file(&second).unwrap();
    let saved = fixture.save(&[&waiting]);
    assert_eq!(saved.status, Some(0), "{}", saved.log);
    keeper.call(&save("")).await.unwrap();
    send(&diode, &[2.0]).await;
    end(scan).await;
    running.wait_for("first.h5' (");
    assert_eq!(read(&first, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    let log = Fixture::end(running);
    assert!(!log.contains("FAILED"), "{log}");
    let refused = log.matches("WARN the scan history").count();
    assert_eq!(refused, 1, "a refusal is reported once: {log}");
}

#[tokio::test]
async fn a_replica_is_waited_for() {
    let fixture = Fixture::new().await;
    let mut running = fixture.run();
    fixture.redis("REPLICAOF 127.0.0.1 1").await;
    running.wait_for("READONLY");
    fixture.redis("REPLICAOF NO ONE").await;
    let file = fixture.file("a.h5");
    fixture.good_scan(&file).await;
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    Fixture::end(running);
}

#[tokio::test]
async fn clients_that_are_unblocked_or_refused_come_back() {
    let fixture = Fixture::new().await;
    let mut running = fixture.run();
    let mut clients = String::new();
    // A client cannot be unblocked before it waits.
    while !clients.contains("flags=b") {
        let list = fixture.redis("CLIENT LIST").await;
        clients = list.as_str().unwrap().to_owned();
    }
    for client in clients.lines() {
        let id = client.split_once(' ').unwrap().0.trim_start_matches("id=");
        fixture.redis(&format!("CLIENT UNBLOCK {id} ERROR")).await;
    }
    running.wait_for("UNBLOCKED");
    let first = fixture.file("first.h5");
    fixture.good_scan(&first).await;
    running.wait_for("first.h5' (");

    // This connection is one of the two that may be.
    let mut keeper = redis_client::Connection::open(&fixture.server.url())
        .await
        .unwrap();
    let set = |clients: &str| redis_client::Command::new("CONFIG SET maxclients").arg(clients);
    keeper.call(&set("1")).await.unwrap();
    let kill = redis_client::Command::new("CLIENT KILL TYPE normal SKIPME yes");
    keeper.call(&kill).await.unwrap();
    running.wait_for("max number of clients reached");
    keeper.call(&set("1000")).await.unwrap();
    let second = fixture.file("second.h5");
    let fixture = Fixture {
        store: DataStore::connect(&fixture.server.url()).await.unwrap(),
        ..fixture
    };
    fixture.good_scan(&second).await;
    running.wait_for("second.h5' (");
    Fixture::end(running);
}

#[tokio::test]
async fn an_empty_redis_stays_empty_until_it_is_initialised() {
    let fixture = Fixture::new().await;
    let mut running = fixture.run();
    let scan = fixture.file("before.h5");
    fixture.good_scan(&scan).await;
    running.wait_for("Finished writing");
    fixture.redis("FLUSHALL").await;
    running.wait_for("is not initialised for blissdata");
    // The next heartbeat is due as well.
    running.wait_for("the heartbeat of the writer cannot be renewed");
    assert_eq!(fixture.redis("DBSIZE").await.as_int(), Some(0));
    simulation::initialise(&fixture.store).await.unwrap();
    let file = fixture.file("after.h5");
    fixture.good_scan(&file).await;
    running.wait_for("after.h5' (");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    Fixture::end(running);
}

#[tokio::test]
async fn a_wrong_password_is_final() {
    let fixture = Fixture::new().await;
    fixture.redis("CONFIG SET requirepass right").await;
    let running = Program::start(Command::new(WRITER).args(["run", &fixture.url()]));
    let (status, log) = running.end();
    assert!(!status.success());
    assert!(log.contains("NOAUTH"), "{log}");
}

#[tokio::test]
async fn a_writer_that_waits_for_the_initialisation_misses_no_scan() {
    let server = testing::empty_redis().await;
    let fixture = Fixture {
        store: DataStore::connect(&server.url()).await.unwrap(),
        server,
        folder: tempfile::tempdir().unwrap(),
    };
    let mut running = Program::start(Command::new(WRITER).args(["run", &fixture.url()]));
    running.wait_for("is not initialised for blissdata");
    // It looks again after a pause that has grown, so that scans come first.
    simulation::initialise(&fixture.store).await.unwrap();
    let files: Vec<_> = (0..5).map(|n| fixture.file(&format!("{n}.h5"))).collect();
    for file in &files {
        fixture.good_scan(file).await;
    }
    for file in &files {
        running.wait_for(&format!("Finished writing to '{}'", file.display()));
    }
    Fixture::end(running);
}
