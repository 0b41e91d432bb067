//! A plain Redis with scans, and the commands that save them.

use std::path::{Path, PathBuf};
use std::process::Command;

use bliss_node::key::NodeKey;
use bliss_node::publish::{ChannelId, NewChannel, NewScan, ScanPublisher};
use bliss_node::store::NodeStore;
use pickle::encode;
use pickle::numpy::{Array, Dtype};
use serde_json::{Value as Json, json};
use simulation::redis::{PrivateRedis, PrivateRedisError, RedisModules, RedisOptions};
use testing::Program;

pub const WRITER: &str = env!("CARGO_BIN_EXE_nexus-writer");

/// A private Redis without modules, and a directory for files.
pub struct Fixture {
    pub server: PrivateRedis,
    pub store: NodeStore,
    pub folder: tempfile::TempDir,
}

/// A scan that is being published: one subscan with one device, whose channels are `diode0`, `diode1` and so on.
pub struct RunningScan {
    pub key: NodeKey,
    publisher: ScanPublisher,
    channels: Vec<ChannelId>,
}

impl Fixture {
    pub async fn new() -> Fixture {
        Fixture::of(PrivateRedis::start(&RedisOptions::new().modules(RedisModules::None)).await)
    }

    /// The same with a Redis that could hold scans of BLISS 2 as well.
    pub async fn with_modules() -> Fixture {
        Fixture::of(PrivateRedis::start(&RedisOptions::new()).await)
    }

    fn of(server: Result<PrivateRedis, PrivateRedisError>) -> Fixture {
        let server = server.unwrap();
        Fixture {
            store: NodeStore::new(&server.url()),
            server,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn url(&self) -> String {
        self.server.url().with_secrets()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts to publish a scan with so many channels, to be saved in `file`.
    pub async fn start_scan(&self, file: &Path, number: u64, channels: usize) -> RunningScan {
        let key = format!("demo:data:{number}_loopscan");
        let mut scan = NewScan::new(key.parse().unwrap());
        let names: Vec<String> = (0..channels)
            .map(|index| format!("ctl:diode{index}"))
            .collect();
        let described = |name: &String| (name.clone(), json!({"device": "1:timer", "dim": 0}));
        let described: serde_json::Map<String, Json> = names.iter().map(described).collect();
        let info = json!({
            "save": true,
            "data_writer": "nexus",
            "writer_options": {},
            "session_name": "demo",
            "name": "loopscan",
            "filename": file,
            "scan_nb": number,
            "title": "loopscan",
            "type": "loopscan",
            "start_timestamp": 1.7e9,
            "acquisition_chain": {"timer": {"devices": ["1:timer"]}},
            "devices": {"1:timer": {"channels": names}},
            "channels": described,
        });
        for (name, value) in info.as_object().unwrap() {
            scan.info.insert(name.clone(), encode::from_json(value));
        }
        let added = names.iter().map(|name| {
            let channel = NewChannel::numbers(name, Dtype::FLOAT64, &[]);
            scan.add_channel("timer:ctl", channel).unwrap()
        });
        let channels = added.collect();
        let mut publisher = ScanPublisher::create(&self.store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        RunningScan {
            key: key.parse().unwrap(),
            publisher,
            channels,
        }
    }

    /// Publishes a whole scan of one channel with the points 0, 1 and 2. Returns its key.
    pub async fn good_scan(&self, file: &Path, number: u64) -> String {
        let mut scan = self.start_scan(file, number, 1).await;
        scan.send(0..3).await;
        scan.end().await
    }

    /// Starts `session` and waits until it has subscribed.
    pub fn session(&self, options: &[&str]) -> Program {
        let mut running = self.start_session(options);
        running.wait_for("subscribed");
        running
    }

    /// Starts `session`.
    pub fn start_session(&self, options: &[&str]) -> Program {
        let mut command = Command::new(WRITER);
        command.args(["session", "demo", "--data-writer", "nexus"]);
        Program::start(command.args(["--redis", &self.url()]).args(options))
    }

    /// Saves a scan by `save`. Returns the report and the log.
    pub fn save(&self, key: &str) -> (Json, String) {
        let mut command = Command::new(WRITER);
        let output = command
            .args(["save", "--json", &self.url(), key])
            .output()
            .unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (report, String::from_utf8(output.stderr).unwrap())
    }

    /// Executes a command in the data base of the nodes.
    pub async fn call(&self, command: &str) -> redis_client::Value {
        testing::redis_call(self.store.url(), command).await
    }

    /// Stops a writer in order. Returns its log.
    pub fn end(running: Program) -> String {
        running.signal("TERM");
        let (status, log) = running.end();
        assert!(status.success(), "{log}");
        log
    }
}

impl RunningScan {
    /// Publishes points of all channels, each with its index as value, one event for each.
    pub async fn send(&mut self, points: std::ops::Range<u64>) {
        for point in points {
            let bytes = (point as f64).to_le_bytes().to_vec();
            let value = Array::new(Dtype::FLOAT64, Vec::new(), bytes.into()).unwrap();
            let data: Vec<_> = self.channels.iter().map(|id| (*id, 1, &value)).collect();
            self.publisher.publish(&data).await.unwrap();
        }
    }

    /// Ends the scan. Returns its key.
    pub async fn end(self) -> String {
        self.publisher.end(None).await.unwrap();
        self.key.to_string()
    }
}

/// Returns the dataset of a channel in the measurement group of a scan.
pub fn dataset(number: u64, channel: usize) -> String {
    format!("{number}.1/measurement/diode{channel}")
}

/// Returns the values of so many points.
pub fn points(count: u64) -> Json {
    (0..count).map(|point| point as f64).collect()
}
