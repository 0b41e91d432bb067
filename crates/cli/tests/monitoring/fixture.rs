//! A writer that can be asked, and scans for it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use blissdata::document::ScanIdentity;
use blissdata::store::DataStore;
use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamDefinition, StreamPublisher};
use simulation::redis::PrivateRedis;
use testing::{HttpAnswer, Metrics, Program, http_get, redis_call};

pub const WRITER: &str = env!("CARGO_BIN_EXE_nexus-writer");

/// Returns the path of `NexusSessionWriter`.
pub fn session_writer() -> PathBuf {
    testing::link_beside(WRITER, "NexusSessionWriter")
}

/// The limit of each wait: no correct program takes that long, even on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// Time between two questions.
const POLL_PERIOD: Duration = Duration::from_millis(50);

/// A private data store, and a directory for files.
pub struct Fixture {
    pub server: PrivateRedis,
    pub store: DataStore,
    folder: tempfile::TempDir,
}

/// A writer that answers HTTP requests.
pub struct Watched {
    pub program: Program,
    pub address: SocketAddr,
}

impl Fixture {
    pub async fn new() -> Fixture {
        let (server, store) = testing::data_store().await;
        Fixture {
            server,
            store,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn url(&self) -> String {
        self.server.url().with_secrets()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts `run` with these options, and waits until it has subscribed.
    pub fn run(&self, options: &[&str]) -> Watched {
        let mut watched = Watched::start(run(&self.url()).args(options));
        watched.program.wait_for("subscribed");
        watched
    }

    /// Starts a scan of a session whose only stream is `diode`.
    pub async fn start_scan(&self, session: &str, file: &Path) -> (ScanPublisher, StreamPublisher) {
        let diode = ("diode", "<f8", &[][..]);
        let (scan, mut streams) = self.start(session, file, 1, json!({}), &[diode]).await;
        (scan, streams.remove(0))
    }

    /// Starts a scan of a session with this number, these further fields of its info, and these streams: their names,
    /// types, and the shapes of their points.
    pub async fn start(
        &self,
        session: &str,
        file: &Path,
        number: u64,
        info: Json,
        streams: &[(&str, &str, &[u64])],
    ) -> (ScanPublisher, Vec<StreamPublisher>) {
        let names: Vec<&str> = streams.iter().map(|(name, _, _)| *name).collect();
        let mut scan = self.create(session, file, number, info, &names).await;
        let mut publishers = Vec::new();
        for (name, dtype, shape) in streams {
            let shape: Vec<_> = shape.iter().copied().map(Some).collect();
            let definition = StreamDefinition::numeric(dtype.parse().unwrap(), &shape);
            publishers.push(scan.add_stream(name, definition).await.unwrap());
        }
        scan.prepare().await.unwrap();
        scan.start().await.unwrap();
        (scan, publishers)
    }

    /// Creates a scan of a session with this number, these further fields of its info, and datasets for these streams.
    pub async fn create(
        &self,
        session: &str,
        file: &Path,
        number: u64,
        mut info: Json,
        streams: &[&str],
    ) -> ScanPublisher {
        let path = file.to_str().unwrap().to_owned();
        let id = ScanIdentity {
            name: "loopscan".to_owned(),
            number,
            data_policy: "no_policy".to_owned(),
            session: Some(session.to_owned()),
            proposal: None,
            collection: None,
            dataset: None,
            path: Some(path.clone()),
        };
        let children: serde_json::Map<String, Json> = streams
            .iter()
            .map(|name| {
                let member = name.replace(':', "_");
                (member, json!({"type": "stream", "stream": name}))
            })
            .collect();
        info["h5maps"] = json!({&path: {"type": "group", "children": children}});
        ScanPublisher::create(&self.store, id, info).await.unwrap()
    }

    /// Starts a scan of which Redis drops two of three points before the writer, without a spool, can take them.
    pub async fn start_scan_with_loss(
        &self,
        watched: &mut Watched,
        file: &Path,
    ) -> (ScanPublisher, StreamPublisher) {
        let holder = testing::hold(file);
        let (scan, diode) = self.start_scan("demo", file).await;
        watched.program.wait_for("file already locked");
        send(&diode, &[0.0, 1.0, 2.0]).await;
        let trim = format!("XTRIM {} MINID 2", diode.key());
        redis_call(&self.server.url(), &trim).await;
        drop(holder);
        (scan, diode)
    }

    /// Publishes a whole scan with three points.
    pub async fn scan(&self, session: &str, file: &Path) {
        let (scan, diode) = self.start_scan(session, file).await;
        send(&diode, &[0.0, 1.0, 2.0]).await;
        end(scan).await;
    }
}

/// Returns the command `run`, which answers at any free port.
pub fn run(url: &str) -> Command {
    let mut command = Command::new(WRITER);
    command.args(["run", url, "--http-listen=127.0.0.1:0"]);
    command
        .env_remove("REDIS_DATA_URL")
        .env_remove("BEACON_HOST");
    command
}

/// Starts a writer whose Redis is not there.
pub fn without_redis(options: &[&str]) -> Watched {
    Watched::start(run("redis://127.0.0.1:1").args(options))
}

pub async fn send(stream: &StreamPublisher, points: &[f64]) {
    for point in points {
        stream.send(&point.to_le_bytes(), 1).await.unwrap();
    }
    stream.settle().await.unwrap();
}

pub async fn end(mut scan: ScanPublisher) {
    scan.stop().await.unwrap();
    scan.close("SUCCESS").await.unwrap();
}

impl Watched {
    /// Starts a writer, and finds in its log where it answers.
    pub fn start(command: &mut Command) -> Watched {
        let mut program = Program::start(command);
        let line = program.wait_for_line("an address", |line| line.contains("metrics: http://"));
        let (_, address) = line.split_once("metrics: http://").unwrap();
        let (address, _) = address.split_once("/metrics").unwrap();
        Watched {
            address: address.parse().unwrap(),
            program,
        }
    }

    pub fn get(&self, path: &str) -> HttpAnswer {
        http_get(self.address, path, &[])
    }

    pub fn metrics(&self) -> Metrics {
        Metrics::read(&self.get("/metrics").body)
    }

    /// Returns an answer that is JSON.
    pub fn json(&self, path: &str) -> Json {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Waits until an answer that is JSON is as wanted. Returns it.
    pub fn wait_for_json(&self, path: &str, is_wanted: impl Fn(&Json) -> bool) -> Json {
        let mut last = Json::Null;
        wait_until(path, || {
            let answer = self.get(path);
            last = serde_json::from_str(&answer.body).unwrap();
            answer.status == 200 && is_wanted(&last)
        });
        last
    }

    /// Waits until the metrics are as wanted. Returns them.
    pub fn wait_for_metrics(&self, what: &str, are_wanted: impl Fn(&Metrics) -> bool) -> Metrics {
        let mut metrics = self.metrics();
        wait_until(what, || {
            metrics = self.metrics();
            are_wanted(&metrics)
        });
        metrics
    }

    /// Returns the status and the content of `/readyz`.
    pub fn readiness(&self) -> (u16, Json) {
        let answer = self.get("/readyz");
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }

    /// Waits until the process is ready, or is not.
    pub fn wait_ready(&self, is_ready: bool) -> Json {
        let mut found = Json::Null;
        wait_until(&format!("ready: {is_ready}"), || {
            let (status, readiness) = self.readiness();
            found = readiness;
            status == if is_ready { 200 } else { 503 }
        });
        found
    }

    /// Waits until the process is in a phase of its life. Returns what it says of its readiness then.
    pub fn wait_for_phase(&self, phase: &str) -> Json {
        let mut found = Json::Null;
        wait_until(&format!("phase {phase}"), || {
            found = self.readiness().1;
            found["phase"] == phase
        });
        found
    }

    /// Waits until a condition holds, or does not. Returns its text.
    pub fn wait_for_check(&self, name: &str, is_ok: bool) -> String {
        let mut text = String::new();
        wait_until(&format!("{name}: {is_ok}"), || {
            let (_, readiness) = self.readiness();
            let check = check(&readiness, name);
            text = check["text"].as_str().unwrap().to_owned();
            check["ok"] == is_ok
        });
        text
    }

    /// Stops the writer in order. Returns its log.
    pub fn end(self) -> String {
        self.program.signal("TERM");
        let (status, log) = self.program.end();
        assert!(status.success(), "{log}");
        log
    }
}

/// Returns what `/readyz` says about a condition.
pub fn check<'r>(readiness: &'r Json, name: &str) -> &'r Json {
    let checks = readiness["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check {name:?} in {readiness}"))
}

/// Waits until something is true that cannot be waited for otherwise.
pub fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + WAIT_LIMIT;
    while !is_true() {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        std::thread::sleep(POLL_PERIOD);
    }
}

/// Returns the path of a scan with this key.
pub fn path_of(key: &str, rest: &str) -> String {
    format!("/api/v1/scans/{}{rest}", key.replace(':', "%3A"))
}
