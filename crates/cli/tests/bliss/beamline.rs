//! A Beacon server of BLISS 1.11 or 2 with the programs that belong to it, and our service.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testing::{Program, TangoClient, free_port, link_beside, output, read};

use crate::session::Session;

pub const DEVICE: &str = "id00/bliss_nxwriter/demo";
const WAIT_LIMIT: Duration = Duration::from_secs(60);
/// How long Beacon may take to start: Python compiles its modules when they are imported for the first time.
const START_LIMIT: Duration = Duration::from_secs(300);

/// A beamline with the session `demo`. Its device is in the database, but is not served yet.
pub struct Beamline {
    folder: TempDir,
    beacon: Option<Program>,
    port: u16,
    tango_port: u16,
}

impl Beamline {
    pub fn new() -> Beamline {
        let folder = TempDir::with_prefix("bl-").unwrap();
        let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bliss/beacon");
        copy(&configuration, &folder.path().join("beacon"));
        let mut beamline = Beamline {
            folder,
            beacon: None,
            port: free_port(),
            tango_port: free_port(),
        };
        beamline.install_redis();
        let mut command = beamline.command(&bliss("beacon-server"));
        command.arg("--db-path=beacon");
        // BLISS 2.3 has one server less.
        if release() < (2, 3) {
            command.arg(format!("--webapp-port={}", free_port()));
        }
        for (option, port) in [
            ("port", beamline.port),
            ("tango-port", beamline.tango_port),
            ("homepage-port", free_port()),
            ("redis-port", free_port()),
            ("redis-data-port", free_port()),
            ("log-server-port", 0),
        ] {
            command.arg(format!("--{option}={port}"));
        }
        for option in ["redis-socket", "redis-data-socket"] {
            let socket = beamline.folder().join(option);
            command.arg(format!("--{option}={}", socket.display()));
        }
        let mut beacon = Program::start_with_output(&mut command);
        // The database says that itself. Beacon gives up waiting for it after 10 s, which a busy machine needs.
        for text in ["Ready to accept request", "Web server ready"] {
            let started = beacon.logs_within(text, START_LIMIT);
            assert!(started, "{text:?} is not in the log:\n{}", beacon.log());
        }
        beamline.beacon = Some(beacon);
        beamline
    }

    /// Returns the folder of the files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn client(&self) -> TangoClient {
        TangoClient::start(&self.tango_host())
    }

    /// Starts our service, and waits until its device listens.
    pub fn serve(&self) -> Program {
        self.serve_with(&link_beside(
            env!("CARGO_BIN_EXE_nexus-writer"),
            "NexusWriterService",
        ))
    }

    /// Starts the service of this program, and waits until its device listens.
    pub fn serve_with(&self, service: &Path) -> Program {
        let mut command = self.command(service);
        command.args(["demo", "--log=info"]);
        let mut service = Program::start_with_output(&mut command);
        service.wait_for("Ready to accept request");
        self.client().device(DEVICE).wait_for_state("ON");
        service
    }

    /// Starts the session, which saves its files in the folder.
    pub fn session(&self) -> Session {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bliss/session.py");
        let mut command = self.command(&bliss("python"));
        Session::start(command.arg(script), self.folder())
    }

    /// Waits until a dataset has at least this number of points. Returns their number.
    pub fn wait_for_points(&self, file: &Path, dataset: &str, points: usize) -> usize {
        let deadline = Instant::now() + WAIT_LIMIT;
        loop {
            let found = match file.exists() {
                true => read(file, &[dataset])[0].as_array().map_or(0, Vec::len),
                false => 0,
            };
            if found >= points {
                return found;
            }
            assert!(Instant::now() < deadline, "{found} points of {dataset}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Ends the service, which must succeed.
    pub fn end(&self, service: Program) {
        service.signal("TERM");
        let (status, log) = service.end();
        assert!(status.success(), "{status}\n{log}");
    }

    fn tango_host(&self) -> String {
        format!("localhost:{}", self.tango_port)
    }

    /// Returns a command in the environment of the beamline.
    pub fn command(&self, program: &Path) -> Command {
        let prefix = self.folder().join("prefix");
        let path = std::env::var("PATH").unwrap_or_default();
        let programs = program.parent().unwrap_or(Path::new("/")).display();
        let mut command = Command::new(program);
        command
            .current_dir(self.folder())
            .env("BEACON_HOST", format!("localhost:{}", self.port))
            .env("TANGO_HOST", self.tango_host())
            .env(
                "PATH",
                format!("{}/bin:{programs}:{path}", prefix.display()),
            )
            // The Beacon of BLISS 2 looks for modules of Redis there.
            .env("CONDA_PREFIX", prefix)
            .env("HOME", self.folder())
            .env("PYTHONUNBUFFERED", "1")
            .env("PYTHONWARNINGS", "ignore")
            .env_remove("REDIS_DATA_URL")
            .env_remove("BEAMLINE")
            .env_remove("BEAMLINENAME");
        command
    }

    fn install_redis(&self) {
        let prefix = self.folder().join("prefix");
        let (bin, lib) = (prefix.join("bin"), prefix.join("lib"));
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(&lib).unwrap();
        let modules = variable("NEXUS_WRITER_REDIS_MODULES");
        symlink(
            variable("NEXUS_WRITER_REDIS_SERVER"),
            bin.join("redis-server"),
        )
        .unwrap();
        symlink(modules.join("rejson.so"), lib.join("librejson.so")).unwrap();
        symlink(modules.join("redisearch.so"), lib.join("redisearch.so")).unwrap();
    }
}

impl Drop for Beamline {
    fn drop(&mut self) {
        // Beacon has to end the programs that it has started.
        if let Some(beacon) = self.beacon.take() {
            beacon.signal("TERM");
            beacon.end();
        }
    }
}

/// Returns the first two numbers of the version of BLISS.
pub fn release() -> (u32, u32) {
    static RELEASE: OnceLock<(u32, u32)> = OnceLock::new();
    *RELEASE.get_or_init(|| {
        let version = "from importlib import metadata; print(metadata.version('bliss'))";
        let version = output(Command::new(bliss("python")).args(["-c", version]));
        let mut numbers = version.split('.').map(|number| number.parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap())
    })
}

/// Returns the path of a program in the environment of BLISS.
pub fn bliss(program: &str) -> PathBuf {
    variable("NEXUS_WRITER_BLISS").join("bin").join(program)
}

fn variable(name: &str) -> PathBuf {
    let value = std::env::var_os(name);
    value
        .unwrap_or_else(|| panic!("{name} is set by `./dev bliss` and `./dev bliss1`"))
        .into()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
