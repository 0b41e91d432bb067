//! What connections report about their work.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use observation::{Observation, ReconnectCause, RedisCommand, Stopwatch};

use crate::command::Command;
use crate::error::RedisError;

/// Reports what one connection does, for as long as it is open.
pub(crate) struct ConnectionMeter {
    observation: Arc<Observation>,
    /// Commands whose replies are to come, in their order.
    in_flight: VecDeque<InFlight>,
}

struct InFlight {
    command: RedisCommand,
    stopwatch: Stopwatch,
    /// The server may still be waiting for something to answer.
    waits: bool,
}

impl ConnectionMeter {
    /// Reports a connection that was opened.
    pub fn new(observation: &Arc<Observation>) -> ConnectionMeter {
        observation.redis.connections.add(1.0);
        ConnectionMeter {
            observation: observation.clone(),
            in_flight: VecDeque::new(),
        }
    }

    /// Notes that a command is on its way.
    pub fn sent(&mut self, command: &Command) {
        self.in_flight.push_back(InFlight {
            command: match command.name() {
                "XREAD" | "XREADGROUP" => RedisCommand::Xread,
                "JSON.GET" => RedisCommand::JsonGet,
                _ => RedisCommand::Other,
            },
            stopwatch: self.observation.stopwatch(),
            waits: command.is_blocking(),
        });
    }

    /// Notes that bytes of the next reply have come: a server that was waiting has begun to answer.
    pub fn answering(&mut self) {
        if let Some(next) = self.in_flight.front_mut()
            && next.waits
        {
            next.waits = false;
            next.stopwatch = self.observation.stopwatch();
        }
    }

    /// Reports the next reply, which is complete.
    pub fn received(&mut self, bytes: usize) {
        let redis = &self.observation.redis;
        redis.bytes_received.add(bytes as u64);
        if let Some(InFlight {
            command, stopwatch, ..
        }) = self.in_flight.pop_front()
        {
            redis.duration(command).record(stopwatch);
        }
    }

    /// Reports why the connection has to be made again.
    pub fn failed(&self, error: &RedisError) {
        report_failure(&self.observation, error);
    }
}

impl Drop for ConnectionMeter {
    fn drop(&mut self) {
        self.observation.redis.connections.add(-1.0);
    }
}

/// Reports why a connection has to be made again, or why the attempt to make it has failed.
pub(crate) fn report_failure(observation: &Observation, error: &RedisError) {
    observation.redis.reconnects(cause(error)).increment();
}

fn cause(error: &RedisError) -> ReconnectCause {
    match error {
        RedisError::Connect { source, .. } | RedisError::Lost { source, .. } => {
            match source.kind() {
                io::ErrorKind::TimedOut => ReconnectCause::Timeout,
                // No socket, or no server behind it.
                io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
                    ReconnectCause::Refused
                }
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe => ReconnectCause::Closed,
                _ => ReconnectCause::Other,
            }
        }
        RedisError::Timeout { .. } => ReconnectCause::Timeout,
        RedisError::Refused { source, .. } if source.code() == "LOADING" => ReconnectCause::Loading,
        RedisError::Refused { .. } => ReconnectCause::Refused,
        _ => ReconnectCause::Other,
    }
}
