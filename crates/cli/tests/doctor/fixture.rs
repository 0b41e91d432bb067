//! Installations that have nothing wrong, of which tests break a part.

use std::path::Path;
use std::process::{Command, Stdio};

use redis_client::RedisUrl;
use serde_json::json;
use simulation::redis::{PrivateRedis, RedisOptions};
use tempfile::TempDir;
use testing::{BeaconServer, Program, TangoDatabaseServer, TangoDevice};

use crate::findings::Findings;

/// Memory that Redis may use, as at a beamline.
const REDIS_MEMORY: u64 = 1_000_000_000;

/// Name of the device of the session.
pub const DEVICE: &str = "id00/bliss_nxwriter/demo";

/// Returns the options of a Redis that has nothing wrong.
pub fn redis_options() -> RedisOptions {
    RedisOptions::new().port(0).maxmemory(REDIS_MEMORY)
}

/// Makes a server a data store.
pub async fn initialise(server: &PrivateRedis) {
    let store = blissdata::store::DataStore::connect(&server.url()).await;
    simulation::initialise(&store.unwrap()).await.unwrap();
}

/// The session `demo`, whose scans a writer without Tango saves.
pub struct Installation {
    pub redis: PrivateRedis,
    folder: TempDir,
}

impl Installation {
    pub async fn new() -> Installation {
        let redis = PrivateRedis::start(&redis_options()).await.unwrap();
        initialise(&redis).await;
        let installation = Installation {
            redis,
            folder: tempfile::tempdir().unwrap(),
        };
        installation.set_writer("external").await;
        installation
    }

    /// Returns the URL of Redis.
    pub fn url(&self) -> RedisUrl {
        self.redis.tcp_url().unwrap()
    }

    /// Returns the directory for files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stores the writer that BLISS asks for, as BLISS 2.4 does.
    pub async fn set_writer(&self, name: &str) {
        let folder = self.folder().display();
        let settings = format!("_writer_module \"{name}\" base_path \"{folder}/{{session}}\"");
        let command = format!("HSET scan_saving:basic:demo {settings}");
        testing::redis_call(&self.url(), &command).await;
    }

    /// Sends a command to Redis, whose words are separated by spaces.
    pub async fn call(&self, command: &str) {
        testing::redis_call(&self.url(), command).await;
    }

    /// Returns a command of `nexus-writer` in this environment.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nexus-writer"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("NEXUS_WRITER_") {
                command.env_remove(&name);
            }
        }
        command
            .args(words)
            .stdin(Stdio::null())
            .current_dir(self.folder())
            .env("REDIS_DATA_URL", self.url().with_secrets())
            .env("HOME", self.folder())
            .env_remove("XDG_STATE_HOME")
            .env_remove("STATE_DIRECTORY")
            .env_remove("RUNTIME_DIRECTORY")
            .env_remove("BEACON_HOST")
            .env_remove("TANGO_HOST");
        command
    }

    /// Returns the command that checks the session.
    pub fn doctor(&self) -> Command {
        // Any port is free, whatever else runs on this machine.
        self.doctor_with(&["demo", "--http-listen=127.0.0.1:0"])
    }

    /// Returns the command that checks with these words in place of those of [`doctor`](Installation::doctor).
    pub fn doctor_with(&self, words: &[&str]) -> Command {
        // The machine may be busy.
        self.doctor_within(60, words)
    }

    /// The same with a limit in seconds.
    pub fn doctor_within(&self, limit: u32, words: &[&str]) -> Command {
        let mut command = self.command(&["doctor"]);
        command.arg(format!("--time-limit={limit}")).args(words);
        command
    }

    /// Runs the check of the session.
    pub fn findings(&self) -> Findings {
        Findings::of(&mut self.doctor())
    }
}

/// The session `demo` at a beamline: with Beacon, and a Tango device that saves its scans.
pub struct Beamline {
    pub installation: Installation,
    pub beacon: BeaconServer,
    pub database: TangoDatabaseServer,
    pub device: TangoDevice,
}

impl Beamline {
    /// Starts everything but the device, which is not registered.
    pub async fn new() -> Beamline {
        let installation = Installation::new().await;
        installation.set_writer("nexus").await;
        let database = TangoDatabaseServer::new();
        Beamline {
            beacon: BeaconServer::start(&installation.url(), &installation.redis.url()),
            device: database.client().device(DEVICE),
            database,
            installation,
        }
    }

    /// Registers the device of the session.
    pub fn register(&self) {
        let device = &self.device;
        device.add("nexuswriter/demo", "NexusWriter").unwrap();
        device.put_properties(json!({"session": "demo"})).unwrap();
    }

    /// Registers the device of the session, and starts its server. Waits until it takes scans.
    pub fn serve(&self) -> Program {
        self.register();
        let executable = env!("CARGO_BIN_EXE_nexus-writer");
        let mut command = Command::new(testing::link_beside(executable, "NexusWriterService"));
        command
            .args(["demo", "--log=info"])
            .current_dir(self.installation.folder())
            .env("HOME", self.installation.folder())
            .env("TANGO_HOST", self.database.host())
            .env("BEACON_HOST", self.beacon.host())
            .env_remove("REDIS_DATA_URL");
        let mut service = Program::start_with_output(&mut command);
        service.wait_for("Ready to accept request");
        self.device.wait_for_state("ON");
        service
    }

    /// Returns the command that checks the session.
    pub fn doctor(&self) -> Command {
        let mut command = self.installation.doctor();
        command
            .env("TANGO_HOST", self.database.host())
            .env("BEACON_HOST", self.beacon.host())
            .env_remove("REDIS_DATA_URL");
        command
    }

    /// Runs the check of the session.
    pub fn findings(&self) -> Findings {
        Findings::of(&mut self.doctor())
    }
}
