//! How long a connection waits for its replies.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

use crate::command::Command;

/// How long a server may be silent when a reply is due. Redis answers within milliseconds, but saving its
/// data, deleting a large key or a long script delays everything that it is asked.
const REPLY_TIMEOUT: Duration = Duration::from_secs(15);

/// Each wait lasts at least this long, so that bytes that have arrived are always noticed.
const LEAST_WAIT: Duration = Duration::from_millis(10);

/// Measures the silence of a server, and knows how long it may last.
///
/// The limit is that of the command whose reply comes next: replies come in the order of their commands, so a
/// server that waits for news on behalf of one command answers none of the later ones. Only the time that
/// somebody waits counts, and it adds up over waits that were given up: a caller that asks again and again
/// with a shorter time limit of its own would never learn otherwise that the server is gone.
pub(crate) struct ReplyClock {
    timeout: Duration,
    /// Block times of the commands whose replies are due, in their order.
    due: VecDeque<Duration>,
    silence: Duration,
}

impl ReplyClock {
    pub fn new() -> ReplyClock {
        ReplyClock {
            timeout: REPLY_TIMEOUT,
            due: VecDeque::new(),
            silence: Duration::ZERO,
        }
    }

    /// Sets how long the server may be silent, in addition to the block time of a command.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Notes that the reply to `command` is due.
    pub fn sent(&mut self, command: &Command) {
        self.due.push_back(command.block_time());
    }

    /// Notes that the next reply is complete.
    pub fn received(&mut self) {
        self.due.pop_front();
        self.silence = Duration::ZERO;
    }

    /// Notes that the server does something: it sent or took bytes.
    pub fn heard(&mut self) {
        self.silence = Duration::ZERO;
    }

    /// Number of replies that are due.
    pub fn outstanding(&self) -> usize {
        self.due.len()
    }

    /// How long the server may be silent before the next reply.
    pub fn reply_limit(&self) -> Duration {
        let block = self.due.front().copied().unwrap_or_default();
        self.timeout.saturating_add(block)
    }

    /// How long the server may take nothing of what is sent.
    pub fn send_limit(&self) -> Duration {
        self.timeout
    }

    /// Gives `step` what is left of `limit`. The time that it takes counts as silence, also if the wait is
    /// given up.
    pub async fn wait<F: Future>(
        &mut self,
        limit: Duration,
        step: F,
    ) -> Result<F::Output, Elapsed> {
        let rest = limit.saturating_sub(self.silence).max(LEAST_WAIT);
        let _measured = WaitGuard {
            silence: &mut self.silence,
            since: Instant::now(),
        };
        timeout(rest, step).await
    }
}

/// Adds the time of one wait to the silence.
struct WaitGuard<'a> {
    silence: &'a mut Duration,
    since: Instant,
}

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        *self.silence += self.since.elapsed();
    }
}
