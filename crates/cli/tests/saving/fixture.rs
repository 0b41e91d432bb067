//! A data store with scans, and the command that saves them.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use blissdata::document::{ScanIdentity, ScanState};
use blissdata::store::DataStore;
use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamDefinition, StreamPublisher};
use simulation::redis::PrivateRedis;
use testing::Program;
pub use testing::read;

pub const WRITER: &str = env!("CARGO_BIN_EXE_nexus-writer");

/// Returns the path of `NexusSessionWriter`.
pub fn session_writer() -> String {
    let link = testing::link_beside(WRITER, "NexusSessionWriter");
    link.into_os_string().into_string().unwrap()
}

/// A private data store, and a directory for files.
pub struct Fixture {
    pub server: PrivateRedis,
    pub store: DataStore,
    pub folder: tempfile::TempDir,
}

/// Output of `save`: exit status, one report per scan, and its log.
pub struct SaveOutput {
    pub status: Option<i32>,
    pub reports: Vec<Json>,
    pub log: String,
}

impl Fixture {
    pub async fn new() -> Fixture {
        let (server, store) = testing::data_store().await;
        let folder = tempfile::tempdir().unwrap();
        Fixture {
            server,
            store,
            folder,
        }
    }

    pub fn url(&self) -> String {
        self.server.url().with_secrets()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Creates a scan to be saved in `file`, with this mapping of that file.
    pub async fn create(&self, file: &Path, children: Json) -> ScanPublisher {
        self.create_in(&[file], children).await
    }

    /// Creates a scan to be saved in several files, with this mapping of each.
    pub async fn create_in(&self, files: &[&Path], children: Json) -> ScanPublisher {
        let path = files[0].to_str().unwrap().to_owned();
        let id = ScanIdentity {
            name: "loopscan".to_owned(),
            number: 1,
            data_policy: "no_policy".to_owned(),
            session: Some("demo".to_owned()),
            proposal: None,
            collection: None,
            dataset: None,
            path: Some(path),
        };
        let root = json!({"type": "group", "children": children});
        let mut info = json!({"h5maps": {}});
        for file in files {
            info["h5maps"][file.to_str().unwrap()] = root.clone();
        }
        ScanPublisher::create(&self.store, id, info).await.unwrap()
    }

    /// Starts a scan whose only stream is mapped as `diode`.
    pub async fn start_scan(&self, file: &Path) -> (ScanPublisher, StreamPublisher) {
        self.start_scan_as(file, "diode").await
    }

    /// Starts a scan whose only stream is mapped as `name`.
    pub async fn start_scan_as(&self, file: &Path, name: &str) -> (ScanPublisher, StreamPublisher) {
        let mut children = json!({});
        children[name] = stream("diode");
        let mut scan = self.create(file, children).await;
        let diode = diode(&mut scan).await;
        scan.prepare().await.unwrap();
        scan.start().await.unwrap();
        (scan, diode)
    }

    /// Publishes a whole scan whose only stream, mapped as `diode`, has three points.
    pub async fn good_scan(&self, file: &Path) -> String {
        self.scan_with(file, json!({"diode": stream("diode")}))
            .await
    }

    /// Publishes such a scan with another mapping.
    pub async fn scan_with(&self, file: &Path, children: Json) -> String {
        let mut scan = self.create(file, children).await;
        let diode = diode(&mut scan).await;
        scan.prepare().await.unwrap();
        scan.start().await.unwrap();
        send(&diode, &[0.0, 1.0, 2.0]).await;
        end(scan).await
    }

    pub fn save<K: AsRef<str>>(&self, keys: &[K]) -> SaveOutput {
        self.save_with(keys, |_| {})
    }

    pub fn save_with<K: AsRef<str>>(&self, keys: &[K], adapt: impl Fn(&mut Command)) -> SaveOutput {
        let mut command = Command::new(WRITER);
        // What is refused here stays refused.
        command.args(["save", "--json", "--retry-time=0", &self.url()]);
        command.args(keys.iter().map(AsRef::as_ref));
        adapt(&mut command);
        saved(command.output().unwrap())
    }

    /// Claims a file for a writer that does not exist. It is on another host, so nobody knows that.
    pub async fn claim_elsewhere(&self, file: &Path) {
        let claim = format!("SET {} elsewhere/boot/space/1/1", claim_of(file));
        testing::redis_call(&self.server.url(), &claim).await;
    }

    /// Ends the claim of a file.
    pub async fn end_claim(&self, file: &Path) {
        let end = format!("DEL {}", claim_of(file));
        testing::redis_call(&self.server.url(), &end).await;
    }

    /// Returns the number of files that are claimed.
    pub async fn claims(&self) -> usize {
        let claims = testing::redis_call(&self.server.url(), "KEYS nexus-writer:file:*").await;
        claims.as_array().unwrap().len()
    }

    /// Starts `run` and waits until it has subscribed.
    pub fn run(&self) -> Program {
        self.run_with(&[])
    }

    /// Starts `run` with these options and waits until it has subscribed.
    pub fn run_with(&self, options: &[&str]) -> Program {
        let mut command = Command::new(WRITER);
        let mut running = Program::start(command.args(["run", &self.url()]).args(options));
        running.wait_for("subscribed");
        running
    }

    /// Stops a writer in order. Returns its log.
    pub fn end(running: Program) -> String {
        running.signal("TERM");
        let (status, log) = running.end();
        assert!(status.success(), "{log}");
        log
    }
}

/// Returns the key of the claim of a file.
fn claim_of(file: &Path) -> String {
    format!("nexus-writer:file:{}", file.display())
}

fn saved(output: Output) -> SaveOutput {
    let text = String::from_utf8(output.stdout).unwrap();
    SaveOutput {
        status: output.status.code(),
        reports: text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
        log: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Returns the mapping of a stream.
pub fn stream(name: &str) -> Json {
    json!({"type": "stream", "stream": name})
}

pub fn floats() -> StreamDefinition {
    StreamDefinition::numeric("<f8".parse().unwrap(), &[])
}

pub async fn diode(scan: &mut ScanPublisher) -> StreamPublisher {
    scan.add_stream("diode", floats()).await.unwrap()
}

pub async fn send(stream: &StreamPublisher, points: &[f64]) {
    for point in points {
        stream.send(&point.to_le_bytes(), 1).await.unwrap();
    }
    stream.settle().await.unwrap();
}

pub async fn end(mut scan: ScanPublisher) -> String {
    if scan.state() == ScanState::Prepared {
        scan.start().await.unwrap();
    }
    scan.stop().await.unwrap();
    scan.close("SUCCESS").await.unwrap();
    scan.key().to_string()
}

/// Runs a command without the rights of the super-user, to whom permissions do not apply.
pub fn run_unprivileged(command: &mut Command) {
    const NOBODY: u32 = 65534;
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
}
