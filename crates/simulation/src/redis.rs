//! A Redis server of one's own, as a child process.
//!
//! For demonstrations, tests and benchmarks: [`PrivateRedis`] runs a `redis-server` on a Unix
//! socket in a temporary directory, with the modules that blissdata needs and without any
//! persistence. It ends when it is dropped and when the process ends, however that ends.
//!
//! The program is the one in `NEXUS_WRITER_REDIS_SERVER` or the `redis-server` in `PATH`; the
//! modules `rejson.so` and `redisearch.so` are looked for in `NEXUS_WRITER_REDIS_MODULES` and
//! where Redis packages put them.

mod child;
mod locate;
mod options;

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use redis_client::RedisUrl;
use tempfile::TempDir;

pub use options::{RedisModules, RedisOptions};

use child::Child;

/// How long a server may take to load its modules.
const START_TIMEOUT: Duration = Duration::from_secs(30);
const BETWEEN_PROBES: Duration = Duration::from_millis(5);

/// Why there is no private server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateRedisError {
    /// There is no such program.
    #[error("no redis-server found (looked for {looked_for}; NEXUS_WRITER_REDIS_SERVER names one)")]
    NoServer {
        /// Where it was looked for.
        looked_for: String,
    },
    /// There is no such module.
    #[error(
        "no redis module {module} found in {looked_in} (NEXUS_WRITER_REDIS_MODULES names a folder)"
    )]
    NoModule {
        /// File name of the module.
        module: &'static str,
        /// Where it was looked for.
        looked_in: String,
    },
    /// The server cannot be started.
    #[error("cannot start {program}")]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The server started, but cannot be used.
    #[error("{program} {what}; its log ends with:\n{log}")]
    Unusable {
        /// The program.
        program: PathBuf,
        /// What it did.
        what: String,
        /// The last lines of its log.
        log: String,
    },
}

/// A running `redis-server` that belongs to us.
pub struct PrivateRedis {
    // Before the directory, so that the server ends first.
    child: Child,
    program: PathBuf,
    directory: TempDir,
    options: RedisOptions,
    port: Option<u16>,
}

impl PrivateRedis {
    /// Starts a server and waits until it answers.
    pub async fn start(options: &RedisOptions) -> Result<PrivateRedis, PrivateRedisError> {
        let server = PrivateRedis::launch(options)?;
        let deadline = Instant::now() + START_TIMEOUT;
        while !server.is_ready(deadline)? {
            tokio::time::sleep(BETWEEN_PROBES).await;
        }
        Ok(server)
    }

    /// [`start`](Self::start) for plain threads.
    pub fn start_blocking(options: &RedisOptions) -> Result<PrivateRedis, PrivateRedisError> {
        let server = PrivateRedis::launch(options)?;
        server.wait_blocking()?;
        Ok(server)
    }

    /// The server behind its Unix socket, with the password of the default user.
    pub fn url(&self) -> RedisUrl {
        RedisUrl::unix(self.socket()).with_credentials(None, self.options.password.as_deref())
    }

    /// The server behind its TCP port, if it has one.
    pub fn tcp_url(&self) -> Option<RedisUrl> {
        let url = RedisUrl::tcp("127.0.0.1", self.port?);
        Some(url.with_credentials(None, self.options.password.as_deref()))
    }

    /// Ends the server at once; its data are gone.
    pub fn stop(&mut self) {
        self.child.end();
    }

    /// Starts the server again, empty, at the same addresses.
    pub fn restart_blocking(&mut self) -> Result<(), PrivateRedisError> {
        self.stop();
        self.child = self.spawn()?;
        self.wait_blocking()
    }

    /// Process ID of the server.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The directory of the socket and the log.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn launch(options: &RedisOptions) -> Result<PrivateRedis, PrivateRedisError> {
        let program = locate::server()?;
        let modules = locate::modules(&options.modules)?;
        let start = |source| PrivateRedisError::Start {
            program: program.clone(),
            source,
        };
        let directory = private_directory().map_err(start)?;
        let port = match options.port {
            Some(0) => Some(free_port().map_err(start)?),
            port => port,
        };
        let configuration = options.configuration(directory.path(), port, &modules);
        std::fs::write(configuration_file(directory.path()), configuration).map_err(start)?;
        let child = spawn(&program, directory.path())?;
        Ok(PrivateRedis {
            child,
            program,
            directory,
            options: options.clone(),
            port,
        })
    }

    fn spawn(&self) -> Result<Child, PrivateRedisError> {
        spawn(&self.program, self.directory.path())
    }

    fn wait_blocking(&self) -> Result<(), PrivateRedisError> {
        let deadline = Instant::now() + START_TIMEOUT;
        while !self.is_ready(deadline)? {
            std::thread::sleep(BETWEEN_PROBES);
        }
        Ok(())
    }

    fn is_ready(&self, deadline: Instant) -> Result<bool, PrivateRedisError> {
        if probe(&self.socket()) {
            return Ok(true);
        }
        if let Some(status) = self.child.has_ended() {
            return Err(self.unusable(format!("ended: {status}")));
        }
        if Instant::now() > deadline {
            return Err(self.unusable(format!("does not answer within {START_TIMEOUT:?}")));
        }
        Ok(false)
    }

    fn unusable(&self, what: String) -> PrivateRedisError {
        let log = std::fs::read(self.directory.path().join(options::LOG)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        PrivateRedisError::Unusable {
            program: self.program.clone(),
            what,
            log: lines[lines.len().saturating_sub(10)..].join("\n"),
        }
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join(options::SOCKET)
    }
}

impl fmt::Debug for PrivateRedis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateRedis({}, pid {})", self.url(), self.pid())
    }
}

fn spawn(program: &Path, directory: &Path) -> Result<Child, PrivateRedisError> {
    Child::spawn(
        program,
        &configuration_file(directory),
        &directory.join(options::LOG),
    )
    .map_err(|source| PrivateRedisError::Start {
        program: program.to_owned(),
        source,
    })
}

fn configuration_file(directory: &Path) -> PathBuf {
    directory.join("redis.conf")
}

/// A directory that only we can read. The name of a Unix socket has at most 107 bytes.
fn private_directory() -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("redis-");
    if std::env::temp_dir().as_os_str().len() < 70 {
        builder.tempdir()
    } else {
        builder.tempdir_in("/tmp")
    }
}

fn free_port() -> io::Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    Ok(listener.local_addr()?.port())
}

/// True when the server is up and has its data; whether it lets everyone in does not matter.
fn probe(socket: &Path) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer)?;
        Ok(answer == *b"+PONG\r\n" || answer == *b"-NOAUTH")
    };
    ask().unwrap_or(false)
}
