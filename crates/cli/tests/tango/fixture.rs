//! A beamline: a Tango database, a data store, a directory for files, and a writer as a service.

use std::env;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use blissdata::store::DataStore;
use serde_json::{Value as Json, json};
use simulation::redis::PrivateRedis;
use tempfile::TempDir;
use testing::{Program, TangoClient, TangoDatabaseServer, TangoDevice};

pub const DEVICE: &str = "id00/bliss_nxwriter/demo";
pub const BLISS_DEVICE: &str = "id00/blisswriter/demo";
/// What a service prints when clients are served.
pub const READY: &str = "Ready to accept request";

pub struct Fixture {
    pub database: TangoDatabaseServer,
    pub client: TangoClient,
    pub server: PrivateRedis,
    pub store: DataStore,
    folder: TempDir,
}

impl Fixture {
    pub async fn new() -> Fixture {
        let (server, store) = testing::data_store().await;
        let database = TangoDatabaseServer::new();
        let folder = tempfile::tempdir().unwrap();
        // A service may run as another user.
        let socket = server.url().to_string().replace("unix://", "");
        for path in [folder.path(), Path::new(&socket)] {
            std::fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
        }
        Fixture {
            client: database.client(),
            database,
            server,
            store,
            folder,
        }
    }

    pub fn url(&self) -> String {
        self.server.url().with_secrets()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Registers the session's device in the server `nexuswriter/demo`.
    pub fn nexus_writer(&self, properties: Json) -> TangoDevice {
        let device = self.client.device(DEVICE);
        device.add("nexuswriter/demo", "NexusWriter").unwrap();
        device.put_properties(json!({"session": "demo"})).unwrap();
        device.put_properties(properties).unwrap();
        device
    }

    /// Registers the session's device in the server `BlissWriter/default`.
    pub fn bliss_writer(&self) -> TangoDevice {
        let device = self.client.device(BLISS_DEVICE);
        device.add("BlissWriter/default", "BlissWriter").unwrap();
        let properties = json!({"session": "demo", "redis_url": self.url()});
        device.put_properties(properties).unwrap();
        device
    }

    /// Returns the command of a program in this environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(executable(program));
        command
            .current_dir(self.folder())
            .env("TANGO_HOST", self.database.host())
            .env("REDIS_DATA_URL", self.url())
            .env_remove("BEACON_HOST")
            .env_remove("BEAMLINE")
            .env_remove("BEAMLINENAME");
        command
    }

    /// Returns the command of the service of [`nexus_writer`](Fixture::nexus_writer).
    pub fn service(&self) -> Command {
        let mut command = self.command("NexusWriterService");
        command.args(["demo", "--log=info"]);
        command
    }

    /// Returns the command of the service of [`bliss_writer`](Fixture::bliss_writer).
    pub fn bliss_service(&self) -> Command {
        let mut command = self.bliss_command();
        command.args(["tango", "run", "default"]);
        command
    }

    /// Returns the program with the commands of blisswriter 3.0.0. Its environment names no Redis.
    pub fn bliss_command(&self) -> Command {
        let name = match reference().is_some() {
            true => "blisswriter",
            false => "nexus-writer",
        };
        let mut command = self.command(name);
        command.env_remove("REDIS_DATA_URL");
        command
    }

    /// Starts the session's device and its service, and waits until it listens.
    pub fn serve(&self, properties: Json) -> (TangoDevice, Program) {
        let device = self.nexus_writer(properties);
        let service = start(&mut self.service());
        device.wait_for_state("ON");
        (device, service)
    }

    /// Starts the device of the writer `mapping` and its service, and waits until it listens.
    pub fn serve_bliss(&self) -> (TangoDevice, Program) {
        let device = self.bliss_writer();
        let service = start(&mut self.bliss_service());
        device.wait_for_state("ON");
        (device, service)
    }
}

/// Starts a service and waits until clients are served. Its standard output is part of the log.
pub fn start(command: &mut Command) -> Program {
    let mut service = Program::start_with_output(command);
    service.wait_for(READY);
    service
}

/// Returns the directory of the reference programs, if they are tested instead.
fn reference() -> Option<PathBuf> {
    env::var_os("NEXUS_WRITER_REFERENCE").map(PathBuf::from)
}

fn executable(name: &str) -> PathBuf {
    match reference() {
        Some(directory) => directory.join(name),
        None => testing::link_beside(env!("CARGO_BIN_EXE_nexus-writer"), name),
    }
}

/// Runs a command without the rights of the super-user, which no permission restricts.
pub fn run_unprivileged(command: &mut Command) -> &mut Command {
    const NOBODY: u32 = 65534;
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}
