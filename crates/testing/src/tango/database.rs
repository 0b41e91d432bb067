//! The database in which Tango servers register and clients find them.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

use crate::program::Program;
use crate::python::installed;
use crate::tango::TangoClient;

/// A Tango database in a directory of its own. It ends when it is dropped.
pub struct TangoDatabaseServer {
    kind: Kind,
    directory: TempDir,
    port: u16,
    program: Option<Program>,
}

#[derive(Clone, Copy)]
enum Kind {
    /// The database of the Tango community, in Python, which stores everything in a file.
    Community,
    /// The database of BLISS's Beacon, which keeps the exported devices only in memory.
    Beacon,
}

impl Kind {
    fn command(self, directory: &Path) -> Command {
        match self {
            Kind::Community => installed("PyDatabaseds"),
            Kind::Beacon => {
                let mut command = installed("NosqlTangoDB");
                command.arg(format!("--db_access=yaml:{}", directory.display()));
                command
            }
        }
    }
}

impl TangoDatabaseServer {
    /// Starts an empty database on a free port, and waits until it answers.
    #[expect(
        clippy::new_without_default,
        reason = "it starts a process, which must not happen by accident"
    )]
    pub fn new() -> TangoDatabaseServer {
        TangoDatabaseServer::of(Kind::Community, TempDir::with_prefix("tango-").unwrap())
    }

    /// The same with the database that comes with BLISS, which knows of servers and devices by its
    /// `configuration` (YAML). It forgets who is there when it ends.
    pub fn beacon(configuration: &str) -> TangoDatabaseServer {
        let directory = TempDir::with_prefix("beacon-").unwrap();
        fs::write(directory.path().join("servers.yml"), configuration).unwrap();
        TangoDatabaseServer::of(Kind::Beacon, directory)
    }

    fn of(kind: Kind, directory: TempDir) -> TangoDatabaseServer {
        let mut database = TangoDatabaseServer {
            kind,
            directory,
            port: free_port(),
            program: None,
        };
        database.start();
        database
    }

    /// Returns the value of `TANGO_HOST` for its servers and clients.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts a client of this database.
    pub fn client(&self) -> TangoClient {
        TangoClient::start(&self.host())
    }

    /// Starts it again after a [`stop`](TangoDatabaseServer::stop), on the same port and with all that it kept.
    pub fn start(&mut self) {
        assert!(self.program.is_none(), "the database runs");
        let mut command = self.kind.command(self.directory.path());
        command
            .args(["--host", "127.0.0.1", "--port", &self.port.to_string(), "2"])
            .current_dir(self.directory.path())
            .env_remove("TANGO_HOST")
            .env_remove("PYTANGO_DATABASE_NAME");
        let mut program = Program::start_with_output(&mut command);
        program.wait_for("Ready to accept request");
        self.program = Some(program);
    }

    /// Kills the database, without notice to its servers and clients.
    pub fn stop(&mut self) {
        let program = self.program.take().expect("a database that runs");
        program.signal("KILL");
        program.end();
    }
}

/// Returns a free port that no other process receives by accident while its server is stopped: it is
/// below the range from which Linux assigns ports.
pub fn free_port() -> u16 {
    const FIRST: u16 = 12_000;
    const PORTS: u32 = 20_000;
    static TRIED: AtomicU16 = AtomicU16::new(0);
    // Tests in other processes start at other numbers.
    let start = process::id().wrapping_mul(97) % PORTS;
    loop {
        let number = start + u32::from(TRIED.fetch_add(1, Ordering::Relaxed));
        let port = FIRST + (number % PORTS) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
