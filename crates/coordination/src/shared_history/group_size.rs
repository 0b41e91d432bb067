//! How large a group of writers is, and how much it has to do.

use redis_client::Command;

use super::claims::members;
use super::group_state::GroupState;
use super::has_code;
use crate::history_entries::unexpected;
use crate::history_store::HistoryStore;

/// How large a group of writers is, and how much it has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupSize {
    /// Scans that were handed out and are not done.
    pub pending_scans: u64,
    /// Members that live.
    pub members: u64,
}

/// Asks for the size of a group. A group that does not exist has none.
pub async fn ask<S: HistoryStore>(state: &GroupState<S>) -> Result<GroupSize, S::Error> {
    let connection = state.store.connection();
    let pending = Command::new("XPENDING").arg(state.store.history_key());
    let reply = match connection.call_once(&pending.arg(&state.group)).await {
        Err(error) if has_code(Some(&error), "NOGROUP") => return Ok(GroupSize::default()),
        reply => reply?,
    };
    let pending = reply.as_array().and_then(|summary| summary.first());
    let pending = pending.and_then(|count| u64::try_from(count.as_int()?).ok());
    let pending_scans = pending.ok_or_else(|| unexpected(&state.store, "XPENDING"))?;
    let mut living = 0;
    for member in members(state).await? {
        if !member.has_ended() {
            let command = member.has_heartbeat(&state.group);
            let reply = connection.call_once(&command).await?;
            living += u64::from(reply.as_int() != Some(0));
        }
    }
    Ok(GroupSize {
        pending_scans,
        members: living,
    })
}
