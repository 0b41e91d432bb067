//! Connections to Redis.

use std::time::Duration;

use crate::histogram::Histogram;
use crate::number::{Counter, Gauge};

/// Why a connection had to be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReconnectCause {
    /// The server has closed it.
    Closed,
    /// No answer came in time.
    Timeout,
    /// The server refused it.
    Refused,
    /// The server was loading its data.
    Loading,
    /// Anything else.
    Other,
}

impl ReconnectCause {
    /// All causes.
    pub const ALL: [ReconnectCause; 5] = [
        ReconnectCause::Closed,
        ReconnectCause::Timeout,
        ReconnectCause::Refused,
        ReconnectCause::Loading,
        ReconnectCause::Other,
    ];

    /// Returns the name of the cause in metrics.
    pub fn name(self) -> &'static str {
        match self {
            ReconnectCause::Closed => "closed",
            ReconnectCause::Timeout => "timeout",
            ReconnectCause::Refused => "refused",
            ReconnectCause::Loading => "loading",
            ReconnectCause::Other => "other",
        }
    }
}

/// Commands whose time is measured on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedisCommand {
    /// A read of streams, without the time that it blocks.
    Xread,
    /// A question for a JSON document.
    JsonGet,
    /// Any other command.
    Other,
}

impl RedisCommand {
    /// All of them.
    pub const ALL: [RedisCommand; 3] = [
        RedisCommand::Xread,
        RedisCommand::JsonGet,
        RedisCommand::Other,
    ];

    /// Returns the name of the command in metrics.
    pub fn name(self) -> &'static str {
        match self {
            RedisCommand::Xread => "xread",
            RedisCommand::JsonGet => "json_get",
            RedisCommand::Other => "other",
        }
    }
}

/// What the connections to Redis do.
#[derive(Debug)]
pub struct RedisFigures {
    /// Connections that are open.
    pub connections: Gauge,
    /// Bytes received.
    pub bytes_received: Counter,
    /// Memory that the server uses, in bytes, as it said last.
    pub memory_used: Gauge,
    /// Memory that the server may use, in bytes; 0 for no limit.
    pub memory_limit: Gauge,
    /// Seconds until the server begins to drop points of running scans that are in no file yet, or to refuse new
    /// ones; infinite while that is not in sight.
    pub trim_margin: Gauge,
    reconnects: [Counter; ReconnectCause::ALL.len()],
    durations: [Histogram; RedisCommand::ALL.len()],
}

impl RedisFigures {
    /// Returns how often connections were made again for a cause.
    pub fn reconnects(&self, cause: ReconnectCause) -> &Counter {
        &self.reconnects[cause as usize]
    }

    /// Returns the times from a command to its reply.
    pub fn duration(&self, command: RedisCommand) -> &Histogram {
        &self.durations[command as usize]
    }
}

impl Default for RedisFigures {
    fn default() -> RedisFigures {
        let duration = || Histogram::new(Duration::from_micros(100), 3);
        let trim_margin = Gauge::default();
        trim_margin.set(f64::INFINITY);
        RedisFigures {
            connections: Gauge::default(),
            bytes_received: Counter::default(),
            memory_used: Gauge::default(),
            memory_limit: Gauge::default(),
            trim_margin,
            reconnects: Default::default(),
            durations: std::array::from_fn(|_| duration()),
        }
    }
}
