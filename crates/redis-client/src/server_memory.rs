//! What a server says about its memory.

use crate::command::Command;
use crate::value::Value;

/// The memory of a server, and what the server does when it is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerMemory {
    /// Memory that the server uses, in bytes.
    pub used: u64,
    /// Memory that the server may use, in bytes, or `None` if there is no limit.
    pub limit: Option<u64>,
    /// What the server does when the limit is reached: `noeviction` if it refuses to take more, otherwise
    /// which keys it drops.
    pub eviction_policy: String,
}

impl ServerMemory {
    /// Returns the command that asks for it.
    pub fn command() -> Command {
        Command::new("INFO").arg("memory")
    }

    /// Reads the reply to [`command`](Self::command).
    ///
    /// # Errors
    /// What is wrong with the reply.
    pub fn of_reply(reply: &Value) -> Result<ServerMemory, &'static str> {
        let text = reply.as_str().unwrap_or_default();
        let field = |name: &str| {
            let mut lines = text.lines();
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            value.map(str::trim).ok_or("no memory")
        };
        let bytes = |name: &str| {
            let bytes = field(name)?.parse::<u64>();
            bytes.map_err(|_| "a size that is no number")
        };
        Ok(ServerMemory {
            used: bytes("used_memory")?,
            limit: Some(bytes("maxmemory")?).filter(|limit| *limit > 0),
            eviction_policy: field("maxmemory_policy")?.to_owned(),
        })
    }

    /// Returns `true` if the server drops keys when the limit is reached.
    pub fn evicts(&self) -> bool {
        self.eviction_policy != "noeviction"
    }
}
