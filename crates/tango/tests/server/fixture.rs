//! A server without a database, and a client.

use std::path::Path;
use std::process::{Command, ExitStatus};

use serde_json::Value as Json;
use tempfile::TempDir;
use testing::{Program, TangoClient, TangoDevice, free_port};

/// What the example logs when signals may be sent. `Ready to accept request` comes earlier.
const READY: &str = "signals are handled";

/// An address without a database.
const ADDRESS_WITHOUT_DATABASE: &str = "127.0.0.1:1";

/// Returns the command `echo`, which cargo builds together with the tests.
pub fn echo() -> Command {
    let tests = std::env::current_exe().unwrap();
    let echo = tests.ancestors().nth(2).unwrap().join("examples/echo");
    assert!(
        echo.exists(),
        "{echo:?} is missing: cargo build -p tango --examples"
    );
    let mut command = Command::new(echo);
    // The tests must not use a database of the machine.
    command.env("TANGO_HOST", ADDRESS_WITHOUT_DATABASE);
    // A panic is reported in full, which takes long.
    command.env("RUST_BACKTRACE", "1");
    command
}

/// A running server, and a client of it.
pub struct EchoServer {
    pub program: Program,
    arguments: Vec<String>,
    client: TangoClient,
    port: u16,
    /// Contains the file of properties.
    _directory: Option<TempDir>,
}

impl EchoServer {
    /// Starts a server with these devices, and no properties: `Class::a/b/c,...`
    pub fn start(devices: &str) -> EchoServer {
        EchoServer::launch(["-nodb", "-dlist", devices].map(str::to_owned).into(), None)
    }

    /// Starts a server of which Tango logs to standard output.
    pub fn start_verbose(devices: &str, verbosity: &str) -> EchoServer {
        let arguments = ["-nodb", "-dlist", devices, verbosity];
        EchoServer::launch(arguments.map(str::to_owned).into(), None)
    }

    /// Starts a server with devices and properties in a file. `lines` returns its content, and may use its
    /// directory. There must be a device of each class.
    pub fn with_file(lines: impl FnOnce(&Path) -> String) -> EchoServer {
        let directory = TempDir::with_prefix("echo-").unwrap();
        let file = directory.path().join("properties");
        std::fs::write(&file, lines(directory.path())).unwrap();
        let arguments = vec![format!("-file={}", file.display())];
        EchoServer::launch(arguments, Some(directory))
    }

    fn launch(mut arguments: Vec<String>, directory: Option<TempDir>) -> EchoServer {
        let port = free_port();
        arguments.insert(0, "test".to_owned());
        arguments.push("-ORBendPoint".to_owned());
        arguments.push(format!("giop:tcp:127.0.0.1:{port}"));
        let mut server = EchoServer {
            program: Program::start_with_output(echo().args(&arguments)),
            arguments,
            client: TangoClient::start(ADDRESS_WITHOUT_DATABASE),
            port,
            _directory: directory,
        };
        server.program.wait_for(READY);
        server
    }

    /// Ends the server with SIGKILL, and starts it again with the same arguments.
    pub fn crash_and_start(self) -> EchoServer {
        self.program.signal("KILL");
        self.program.end();
        let mut program = Program::start_with_output(echo().args(&self.arguments));
        program.wait_for(READY);
        EchoServer { program, ..self }
    }

    pub fn device(&self, name: &str) -> TangoDevice {
        let port = self.port;
        let name = format!("tango://127.0.0.1:{port}/{name}#dbase=no");
        self.client.device(&name)
    }

    pub fn admin(&self) -> TangoDevice {
        self.device("dserver/echo/test")
    }

    /// Ends the server with a signal. Returns the exit status and the output.
    pub fn end(self, signal: &str) -> (ExitStatus, String) {
        self.program.signal(signal);
        self.program.end()
    }
}

/// Starts a server with one device and a file of properties. Without a database, events are reliable only
/// with a file: cppTango 9.3 does not number them otherwise, and clients take every second one for a
/// repetition.
pub fn echo_device_with_events() -> (EchoServer, TangoDevice) {
    let server = EchoServer::with_file(|_| {
        "echo/test/DEVICE/Echo: \"a/b/1\"\necho/test/DEVICE/Silent: \"s/s/1\"\n".to_owned()
    });
    let device = server.device("a/b/1");
    (server, device)
}

/// Starts a server with one device, `a/b/1`.
pub fn echo_device() -> (EchoServer, TangoDevice) {
    let server = EchoServer::start("Echo::a/b/1");
    let device = server.device("a/b/1");
    (server, device)
}

/// No argument.
pub const NONE: Json = Json::Null;
