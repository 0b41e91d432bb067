//! One writer, many short scans, and faults one after the other.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use redis_client::{Command as RedisCommand, Connection, RedisError, Value};
use rustix::fs::{FlockOperation, flock};
use testing::Program;
use tokio::sync::RwLock;

use super::resources::{Resources, assert_flat};
use super::{ExpectedScans, publish, scale, signal};
use crate::fixture::{Fixture, WRITER};

/// Scans that share a file, as those of a dataset of BLISS do.
const SCANS_PER_FILE: usize = 50;

/// Longest fault, and longest time between two.
const FAULT_TIME: Duration = Duration::from_secs(2);

/// How long nothing may be finished before the writer counts as stuck: longer than any of its pauses.
const PATIENCE: Duration = Duration::from_secs(120);

/// A fault of the environment. Most of those of Redis would refuse what is published too, so publishing waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EnvironmentFault {
    /// Redis has no memory for writes.
    OutOfMemory,
    /// Redis cannot save its data, and refuses writes.
    CannotPersist,
    /// Redis is a replica without a master.
    Replica,
    /// All connections are closed.
    ConnectionsClosed,
    /// Blocked reads end with an error.
    Unblocked,
    /// Redis does not answer.
    RedisFrozen,
    /// The writer gets no processor time.
    WriterFrozen,
    /// Another program has locked a file that is written.
    FileLocked,
}

impl EnvironmentFault {
    const ALL: [EnvironmentFault; 8] = [
        EnvironmentFault::OutOfMemory,
        EnvironmentFault::CannotPersist,
        EnvironmentFault::Replica,
        EnvironmentFault::ConnectionsClosed,
        EnvironmentFault::Unblocked,
        EnvironmentFault::RedisFrozen,
        EnvironmentFault::WriterFrozen,
        EnvironmentFault::FileLocked,
    ];

    /// Returns `true` if scans can be published meanwhile.
    fn spares_publishers(self) -> bool {
        matches!(
            self,
            EnvironmentFault::RedisFrozen
                | EnvironmentFault::WriterFrozen
                | EnvironmentFault::FileLocked
        )
    }
}

/// What the faults act on.
struct Surroundings<'a> {
    fixture: &'a Fixture,
    writer: u32,
    /// The file that is written at the moment.
    file: &'a RefCell<PathBuf>,
}

impl Surroundings<'_> {
    /// Has a fault for some time.
    async fn suffer(&self, fault: EnvironmentFault, time: Duration) {
        let pause = || tokio::time::sleep(time);
        match fault {
            EnvironmentFault::OutOfMemory => {
                self.redis(&["CONFIG", "SET", "maxmemory", "1"]).await;
                pause().await;
                self.redis(&["CONFIG", "SET", "maxmemory", "0"]).await;
            }
            EnvironmentFault::CannotPersist => {
                // A directory with the name of the file that Redis writes.
                let obstacle = self.fixture.server.directory().join("dump.rdb");
                fs::remove_file(&obstacle).ok();
                fs::create_dir(&obstacle).unwrap();
                self.redis(&["CONFIG", "SET", "save", "86400 1000000000"])
                    .await;
                // An earlier snapshot may not have ended.
                while self.try_redis(&["BGSAVE"]).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                pause().await;
                self.redis(&["CONFIG", "SET", "save", ""]).await;
                fs::remove_dir(&obstacle).unwrap();
            }
            EnvironmentFault::Replica => {
                self.redis(&["REPLICAOF", "127.0.0.1", "1"]).await;
                pause().await;
                self.redis(&["REPLICAOF", "NO", "ONE"]).await;
            }
            EnvironmentFault::ConnectionsClosed => {
                self.redis(&["CLIENT", "KILL", "TYPE", "normal"]).await;
                // The connection of the publishers is made again, which is not the subject of this test.
                let ping = RedisCommand::new("PING");
                self.fixture.store.call(&ping).await.unwrap();
            }
            EnvironmentFault::Unblocked => {
                let clients = self.redis(&["CLIENT", "LIST"]).await;
                for client in clients.as_str().unwrap().lines() {
                    let id = client.split_once(' ').unwrap().0.trim_start_matches("id=");
                    self.redis(&["CLIENT", "UNBLOCK", id, "ERROR"]).await;
                }
            }
            EnvironmentFault::RedisFrozen => {
                let time = time.as_millis().to_string();
                self.redis(&["CLIENT", "PAUSE", &time, "ALL"]).await;
            }
            EnvironmentFault::WriterFrozen => {
                self.signal("STOP");
                pause().await;
                self.signal("CONT");
            }
            EnvironmentFault::FileLocked => {
                let path = self.file.borrow().clone();
                if let Ok(file) = File::open(path)
                    && flock(&file, FlockOperation::NonBlockingLockShared).is_ok()
                {
                    pause().await;
                }
            }
        }
    }

    async fn redis(&self, words: &[&str]) -> Value {
        self.try_redis(words).await.unwrap()
    }

    async fn try_redis(&self, words: &[&str]) -> Result<Value, RedisError> {
        let command = RedisCommand::new(words[0]).args(&words[1..]);
        let mut connection = Connection::open(&self.fixture.server.url()).await.unwrap();
        connection.call(&command).await
    }

    fn signal(&self, name: &str) {
        signal(self.writer, name);
    }
}

#[tokio::test]
async fn faults_lose_no_scan_and_leave_nothing_behind() {
    let scans = scale("NEXUS_WRITER_SOAK_SCANS", 150);
    let seed = fastrand::u64(..);
    println!("{scans} scans, seed {seed}");
    fastrand::seed(seed);
    let fixture = Fixture::new().await;
    let log = fixture.file("writer.log");
    let mut command = Command::new(WRITER);
    // One file, however many scans there are.
    command.args(["run", &fixture.url(), "--filesize=1000", "--logfile"]);
    command.arg(&log);
    let mut writer = Program::start(&mut command);
    writer.wait_for("subscribed");

    let (expected, file) = (
        RefCell::new(ExpectedScans::default()),
        RefCell::new(fixture.file("0.h5")),
    );
    // Publishers read, faults that they would notice write.
    let calm = RwLock::new(());
    let (next, is_published) = (Cell::new(0), Cell::new(false));
    let samples = RefCell::new(Vec::new());
    let lane = async || {
        loop {
            let _calm = calm.read().await;
            let number = next.replace(next.get() + 1);
            if number >= scans {
                break;
            }
            let path = fixture.file(&format!("{}.h5", number / SCANS_PER_FILE));
            let name = format!("scan{number}");
            file.replace(path.clone());
            expected.borrow_mut().add(&path, &name);
            publish(&fixture, &path, &name, Duration::from_millis(2)).await;
        }
        is_published.set(true);
    };
    let faults = async {
        let surroundings = Surroundings {
            fixture: &fixture,
            writer: writer.id(),
            file: &file,
        };
        let mut turn = 0;
        while !is_published.get() || turn < EnvironmentFault::ALL.len() {
            // Each fault comes once before they come at random.
            let fault = match EnvironmentFault::ALL.get(turn) {
                Some(fault) => *fault,
                None => EnvironmentFault::ALL[fastrand::usize(..EnvironmentFault::ALL.len())],
            };
            turn += 1;
            let time = FAULT_TIME.mul_f64(fastrand::f64());
            if fault.spares_publishers() {
                surroundings.suffer(fault, time).await;
            } else {
                let _stopped = calm.write().await;
                surroundings.suffer(fault, time).await;
            }
            samples.borrow_mut().push(Resources::of(writer.id()));
            tokio::time::sleep(FAULT_TIME.mul_f64(fastrand::f64())).await;
        }
        turn
    };
    let (.., turns) = tokio::join!(lane(), lane(), lane(), lane(), faults);
    println!("{turns} faults");
    let expected = expected.into_inner();
    assert_eq!(expected.len(), scans);
    let mut finished = 0;
    let mut progress = Instant::now();
    while finished < scans {
        let text = fs::read_to_string(&log).unwrap();
        let now = text.matches("Finished writing").count();
        if now > finished {
            (finished, progress) = (now, Instant::now());
        }
        let missing = || expected.missing();
        assert!(progress.elapsed() < PATIENCE, "stuck: {:?}", missing());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let text = Fixture::end(writer);
    let missing = expected.missing();
    assert_eq!(missing, super::MissingScans::default());
    assert!(!text.contains("FAILED"), "{text}");
    assert_flat(&samples.into_inner());
}
