//! One connection to a Redis server.

mod receive;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use observation::Observation;
use tokio::time::{Instant, timeout_at};

use crate::buffered_transport::BufferedTransport;
use crate::command::Command;
use crate::error::{RedisError, ServerError};
use crate::meter::{ConnectionMeter, report_failure};
use crate::reply_clock::ReplyClock;
use crate::transport::{self, Transport};
use crate::url::RedisUrl;
use crate::value::Value;

/// How long it may take to connect, with the TLS handshake and the login.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection to a Redis server, used by one at a time.
///
/// All waits are cancel-safe. [`queue`](Self::queue), [`flush`](Self::flush),
/// [`receive`](Self::receive) and [`receive_raw`](Self::receive_raw) go on where they stopped
/// when they are called again. [`call`](Self::call), [`call_raw`](Self::call_raw) and
/// [`pipeline`](Self::pipeline) that are dropped half way poison the connection: the reply to
/// come would be taken for that of the next command, so the next call is an error.
///
/// Every wait for the server has a limit: 10 s until it has let us in, 15 s for a reply, and for the reply
/// to a [blocking](Command::blocking) command that much more than it may block. A large reply may take longer, as
/// long as more of it comes. TCP connections also notice within half a minute that the other machine is gone.
/// After a [`RedisError::Timeout`] the connection is broken.
pub struct Connection {
    transport: BufferedTransport,
    server: String,
    clock: ReplyClock,
    broken: bool,
    meter: Option<ConnectionMeter>,
}

impl Connection {
    /// Connects, and logs in with the user, password and database of `url`.
    ///
    /// # Errors
    /// [`RedisError::Connect`] or [`RedisError::Tls`] when there is no connection,
    /// [`RedisError::Refused`] when the server does not let us in (also while it is loading its
    /// data set, which [`RedisError::is_transient`] recognises).
    pub async fn open(url: &RedisUrl) -> Result<Connection, RedisError> {
        Connection::open_with(url, || None).await
    }

    /// Connects as [`open`](Self::open), and reports what the connection does to `observation`: bytes,
    /// durations of commands, and why it has to be made again.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_observed(
        url: &RedisUrl,
        observation: &Arc<Observation>,
    ) -> Result<Connection, RedisError> {
        let opened = Connection::open_with(url, || Some(ConnectionMeter::new(observation))).await;
        // A connection that broke while it logged in has reported that itself.
        opened.inspect_err(|error| match error {
            RedisError::Lost { .. } | RedisError::Timeout { .. } | RedisError::Protocol { .. } => {}
            error => report_failure(observation, error),
        })
    }

    async fn open_with(
        url: &RedisUrl,
        meter: impl FnOnce() -> Option<ConnectionMeter>,
    ) -> Result<Connection, RedisError> {
        let deadline = Instant::now() + CONNECT_TIMEOUT;
        let io = match timeout_at(deadline, Transport::open(url)).await {
            Ok(opened) => opened?,
            Err(_) => return Err(transport::timeout_error(url, CONNECT_TIMEOUT)),
        };
        let mut connection = Connection {
            transport: BufferedTransport::new(io),
            server: url.to_string(),
            clock: ReplyClock::new(),
            broken: false,
            meter: meter(),
        };
        match timeout_at(deadline, connection.log_in(url)).await {
            Ok(let_in) => let_in.map(|()| connection),
            Err(_) => Err(connection.timeout_error(CONNECT_TIMEOUT)),
        }
    }

    /// Sets how long to wait for a reply (15 s at first). A [blocking](Command::blocking) command gets its
    /// block time in addition.
    pub fn set_reply_timeout(&mut self, reply_timeout: Duration) {
        self.clock.set_timeout(reply_timeout);
    }

    /// Sends `command` and waits for its reply.
    ///
    /// # Errors
    /// [`RedisError::Server`] for an error reply; the connection remains good then.
    pub async fn call(&mut self, command: &Command) -> Result<Value, RedisError> {
        let reply = self.call_raw(command).await?;
        self.decode(&reply, command.name())
    }

    /// Sends `command` and waits for its reply, handed out as it came: complete, undecoded, and
    /// without a copy out of the receive buffer. An error reply is an error as for
    /// [`call`](Self::call).
    pub async fn call_raw(&mut self, command: &Command) -> Result<Bytes, RedisError> {
        self.check_idle()?;
        self.queue(command);
        let reply = self.receive_raw().await?;
        if reply.first() == Some(&b'-') {
            let error = self.decode(&reply, command.name()).err();
            return Err(error.unwrap_or_else(|| self.unexpected(command.name(), "half an error")));
        }
        Ok(reply)
    }

    /// Sends all of `commands` at once and waits for all replies.
    pub async fn pipeline(
        &mut self,
        commands: &[Command],
    ) -> Result<Vec<Result<Value, ServerError>>, RedisError> {
        self.check_idle()?;
        for command in commands {
            self.queue(command);
        }
        let mut replies = Vec::with_capacity(commands.len());
        for _ in commands {
            replies.push(self.receive().await?);
        }
        Ok(replies)
    }

    /// Sends commands as [`pipeline`](Self::pipeline). That the server is loading or busy is an error of all of them.
    ///
    /// # Errors
    /// If there is no reply, or one of the replies is a [transient](ServerError::is_transient) error.
    pub async fn pipeline_unless_busy(
        &mut self,
        commands: &[Command],
    ) -> Result<Vec<Result<Value, ServerError>>, RedisError> {
        let replies = self.pipeline(commands).await?;
        let mut pairs = replies.iter().zip(commands);
        let busy = pairs.find_map(|(reply, command)| match reply {
            Err(error) if error.is_transient() => Some((error, command)),
            _ => None,
        });
        match busy {
            Some((error, command)) => Err(RedisError::Server {
                server: self.server.clone(),
                command: command.name().to_owned(),
                source: error.clone(),
            }),
            None => Ok(replies),
        }
    }

    /// Adds `command` to what [`flush`](Self::flush) sends.
    pub fn queue(&mut self, command: &Command) {
        self.transport.queue(command);
        self.clock.sent(command);
        if let Some(meter) = &mut self.meter {
            meter.sent(command);
        }
    }

    /// Sends what was queued. Replies that arrive meanwhile are kept.
    pub async fn flush(&mut self) -> Result<(), RedisError> {
        self.check_usable()?;
        loop {
            let limit = self.clock.send_limit();
            let step = poll_fn(|cx| self.transport.poll_flush(cx));
            let outcome = self.clock.wait(limit, step).await;
            match outcome {
                Ok(Ok(true)) => return Ok(()),
                Ok(Ok(false)) => self.clock.heard(),
                Ok(Err(source)) => return Err(self.lost(source)),
                Err(_) => return Err(self.timeout_error(limit)),
            }
        }
    }

    /// Sends what was queued as far as that is possible without waiting. [`flush`](Self::flush) and
    /// [`receive_raw`](Self::receive_raw) send the rest, and report what makes it impossible.
    pub fn start_flush(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        while !self.broken {
            match self.transport.poll_flush(&mut context) {
                Poll::Ready(Ok(true)) => return,
                Poll::Ready(Ok(false)) => self.clock.heard(),
                // The next call waits, or meets the same error.
                Poll::Ready(Err(_)) | Poll::Pending => return,
            }
        }
    }

    /// Waits for the next reply that is due and decodes it, an error reply inside.
    pub async fn receive(&mut self) -> Result<Result<Value, ServerError>, RedisError> {
        let reply = self.receive_raw().await?;
        self.decode_inner(&reply)
    }

    /// The next reply if it has been read already; reads nothing.
    pub fn try_receive(&mut self) -> Result<Option<Result<Value, ServerError>>, RedisError> {
        match self.buffered_reply()? {
            Some(reply) => self.decode_inner(&reply).map(Some),
            None => Ok(None),
        }
    }

    /// Number of replies that are due.
    pub fn outstanding(&self) -> usize {
        self.clock.outstanding()
    }

    /// Number of bytes that are queued and not sent.
    pub fn unsent(&self) -> usize {
        self.transport.unsent()
    }

    /// True when the connection cannot be used any more.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// URL of the server without the password.
    pub fn server(&self) -> &str {
        &self.server
    }

    #[cfg(test)]
    pub(crate) fn transport(&mut self) -> &mut BufferedTransport {
        &mut self.transport
    }

    async fn log_in(&mut self, url: &RedisUrl) -> Result<(), RedisError> {
        let mut commands = Vec::new();
        match (url.username(), url.password()) {
            (Some(user), password) => {
                let password = password.unwrap_or_default();
                commands.push(Command::new("AUTH").arg(user).arg(password));
            }
            (None, Some(password)) => commands.push(Command::new("AUTH").arg(password)),
            (None, None) => {}
        }
        if url.database() != 0 {
            commands.push(Command::new("SELECT").arg(url.database()));
        }
        // Brings to light at once that a password is missing or the server is loading.
        commands.push(Command::new("PING"));
        for (command, reply) in commands.iter().zip(self.pipeline(&commands).await?) {
            match reply {
                // A user who may only read need not be allowed to ping, and a server that cannot save its data
                // refuses PING together with all commands that write (`processCommand` of Redis).
                Err(error)
                    if command.name() == "PING" && matches!(error.code(), "NOPERM" | "MISCONF") => {
                }
                Err(source) => {
                    return Err(RedisError::Refused {
                        server: self.server.clone(),
                        source,
                    });
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    fn decode(&mut self, reply: &Bytes, command: &str) -> Result<Value, RedisError> {
        self.decode_inner(reply)?
            .map_err(|source| RedisError::Server {
                server: self.server.clone(),
                command: command.to_owned(),
                source,
            })
    }

    fn decode_inner(&mut self, reply: &Bytes) -> Result<Result<Value, ServerError>, RedisError> {
        match Value::decode(reply) {
            Ok(Value::Error(error)) => Ok(Err(error)),
            Ok(value) => Ok(Ok(value)),
            Err(reason) => Err(self.unintelligible(reason)),
        }
    }

    fn check_idle(&mut self) -> Result<(), RedisError> {
        if self.outstanding() != 0 {
            self.broken = true;
        }
        self.check_usable()
    }

    fn check_usable(&self) -> Result<(), RedisError> {
        if self.broken {
            return Err(RedisError::Poisoned {
                server: self.server.clone(),
            });
        }
        Ok(())
    }

    fn lost(&mut self, source: io::Error) -> RedisError {
        self.broken_by(RedisError::Lost {
            server: self.server.clone(),
            source,
        })
    }

    fn timeout_error(&mut self, waited: Duration) -> RedisError {
        self.broken_by(RedisError::Timeout {
            server: self.server.clone(),
            waited,
        })
    }

    fn unintelligible(&mut self, reason: String) -> RedisError {
        self.broken_by(RedisError::Protocol {
            server: self.server.clone(),
            reason,
        })
    }

    fn broken_by(&mut self, error: RedisError) -> RedisError {
        self.broken = true;
        if let Some(meter) = &self.meter {
            meter.failed(&error);
        }
        error
    }

    fn unexpected(&self, command: &str, reason: &str) -> RedisError {
        RedisError::Unexpected {
            server: self.server.clone(),
            command: command.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("server", &self.server)
            .field("outstanding", &self.outstanding())
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}
