//! Metrics of Redis, and of the writers that share its scans.

use std::fmt;
use std::sync::Arc;

use observation::{Observation, ReconnectCause, RedisCommand};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::figures::{Figures, bytes, plain, seconds};

/// Metrics of Redis, and of the writers that share its scans.
#[derive(Debug)]
pub struct RedisMetrics(pub Arc<Observation>);

impl Collector for RedisMetrics {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut figures = Figures(encoder);
        let redis = &self.0.redis;
        let is_connected = self.0.readiness.holds("redis");
        figures.gauge(
            plain("redis_connected", "1 while Redis answers"),
            f64::from(u8::from(is_connected)),
        )?;
        figures.gauge(
            plain("redis_connections", "Connections to Redis that are open"),
            redis.connections.get(),
        )?;
        figures.gauge(
            bytes("redis_memory_used", "Memory that Redis uses"),
            redis.memory_used.get(),
        )?;
        figures.gauge(
            bytes(
                "redis_memory_limit",
                "Memory that Redis may use, 0 for no limit",
            ),
            redis.memory_limit.get(),
        )?;
        figures.gauge(
            seconds(
                "redis_trim_margin",
                "Time until Redis drops points of running scans that are in no file yet, or refuses new ones",
            ),
            redis.trim_margin.get(),
        )?;
        figures.counter(
            bytes("redis_received", "Everything that Redis has sent"),
            redis.bytes_received.get(),
        )?;
        figures.counters(
            plain(
                "redis_reconnects",
                "Connections that failed and were, or will be, made again",
            ),
            ReconnectCause::ALL
                .map(|cause| ([("cause", cause.name())], redis.reconnects(cause).get())),
        )?;
        figures.histograms(
            seconds(
                "redis_command_duration",
                "Time from a command to its reply, without the time in which Redis waits for data",
            ),
            RedisCommand::ALL.map(|command| {
                let times = redis.duration(command).snapshot();
                ([("command", command.name())], times)
            }),
        )?;
        let group = &self.0.group;
        figures.gauge(
            plain(
                "group_pending_scans",
                "Scans that were handed out to a writer of the group and are not done",
            ),
            group.pending_scans.get(),
        )?;
        figures.gauge(
            plain("group_members", "Writers that share the scans"),
            group.members.get(),
        )
    }
}
