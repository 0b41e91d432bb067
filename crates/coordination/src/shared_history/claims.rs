//! Claims the scans that dead members of a group have not done.

use redis_client::{Command, RedisError, Value};

use super::group_state::GroupState;
use crate::history_entries::{COUNT, scan_of_entry, unexpected};
use crate::history_store::HistoryStore;
use crate::member::GroupMember;

/// A scan of which so many members died, one after the other, is abandoned.
const MAX_ATTEMPTS: i64 = 20;
/// Seconds for which a member has the sole right to take over the scans of another.
const TAKEOVER_SECONDS: u64 = 60;

/// Gets the right to take over the scans of a member: returns the name of the member that has it. `ARGV[3]` is the name
/// of a member that had the right and is known to be dead.
const TAKE_OVER: &str = "local taker = redis.call('GET', KEYS[2]) \
                         if taker and taker ~= ARGV[3] then return taker end \
                         redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[4]) \
                         return ARGV[2]";

/// Removes a member from the group unless it has scans: they would be removed with it. Returns 1 if it is removed.
const REMOVE_IDLE: &str = "local scans = redis.call('XPENDING', KEYS[2], ARGV[2], '-', '+', 1, ARGV[3]) \
     if #scans > 0 then return 0 end \
     redis.call('XGROUP', 'DELCONSUMER', KEYS[2], ARGV[2], ARGV[3]) \
     return 1";

/// How a member ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MemberEnd {
    /// It left in order.
    Left,
    /// It died, or cannot be reached.
    Died,
}

/// Claims the scans that dead members of the group have not done. They are handed out as soon as each of the
/// members has been dealt with.
pub async fn claim_abandoned<S: HistoryStore>(state: &GroupState<S>) -> Result<(), S::Error> {
    for member in members(state).await? {
        if member == state.member {
            continue;
        }
        let Some(end) = end_of(state, &member).await? else {
            continue;
        };
        if has_right(state, &member).await? {
            claim_from(state, &member, end).await?;
        }
    }
    Ok(())
}

/// Gets the right to take over the scans of a member, unless another one has it that is not known to be dead.
async fn has_right<S: HistoryStore>(
    state: &GroupState<S>,
    member: &GroupMember,
) -> Result<bool, S::Error> {
    let mut taker = try_take_over(state, member, "").await?;
    // A member that died during a takeover must not delay it until its right has run out.
    if GroupMember::named(&taker).has_ended() {
        taker = try_take_over(state, member, &taker).await?;
    }
    Ok(taker == state.member.name())
}

async fn try_take_over<S: HistoryStore>(
    state: &GroupState<S>,
    member: &GroupMember,
    dead_taker: &str,
) -> Result<String, S::Error> {
    let key = format!("{}:takeover:{}", state.group, member.name());
    let reply = state.store.call_guarded(|guard| {
        let script = guard.script(TAKE_OVER, &[&key]).arg(state.member.name());
        script.arg(dead_taker).arg(TAKEOVER_SECONDS)
    });
    let reply = reply.await?;
    let taker = reply.as_str().map(str::to_owned);
    taker.ok_or_else(|| unexpected(&state.store, "EVAL"))
}

/// Returns all members of the group, whether they live or not.
pub async fn members<S: HistoryStore>(state: &GroupState<S>) -> Result<Vec<GroupMember>, S::Error> {
    let command = Command::new("XINFO")
        .arg("CONSUMERS")
        .arg(state.store.history_key());
    let reply = match state
        .store
        .connection()
        .call_once(&command.arg(&state.group))
        .await
    {
        // There is no group, so no member can have left anything.
        Err(RedisError::Server { .. }) => return Ok(Vec::new()),
        reply => reply?,
    };
    let members = array(state, &reply, "XINFO")?;
    let name = |member: &Value| {
        let mut fields = member.as_array()?.chunks_exact(2);
        let name = fields.find(|field| field[0].as_str() == Some("name"))?;
        name[1].as_str().map(GroupMember::named)
    };
    Ok(members.iter().filter_map(name).collect())
}

/// Returns how a member ended, or `None` if it lives.
async fn end_of<S: HistoryStore>(
    state: &GroupState<S>,
    member: &GroupMember,
) -> Result<Option<MemberEnd>, S::Error> {
    let exists = async |command: Command| {
        let reply = state.store.connection().call_once(&command).await?;
        Ok::<_, S::Error>(reply.as_int() != Some(0))
    };
    if !member.has_ended() && exists(member.has_heartbeat(&state.group)).await? {
        return Ok(None);
    }
    let left = exists(member.has_left(&state.group)).await?;
    Ok(Some(if left {
        MemberEnd::Left
    } else {
        MemberEnd::Died
    }))
}

async fn claim_from<S: HistoryStore>(
    state: &GroupState<S>,
    from: &GroupMember,
    end: MemberEnd,
) -> Result<(), S::Error> {
    loop {
        let command = Command::new("XPENDING")
            .arg(state.store.history_key())
            .arg(&state.group);
        let command = command.arg("-").arg("+").arg(COUNT).arg(from.name());
        let reply = state.store.connection().call_once(&command).await?;
        let left = array(state, &reply, "XPENDING")?;
        if left.is_empty() {
            // The server may have handed out a scan to it since: a connection can outlive its process for a moment,
            // and a member that was thought dead may only have been slow.
            if remove_idle(state, from).await? {
                return Ok(());
            }
            continue;
        }
        let mut ids = Vec::with_capacity(left.len());
        for entry in left {
            let id = entry.as_array().and_then(|entry| entry.first()?.as_str());
            ids.push(id.ok_or_else(|| unexpected(&state.store, "XPENDING"))?);
        }
        if end == MemberEnd::Died {
            abandon(state, &mut ids).await?;
        }
        if ids.is_empty() {
            continue;
        }
        let claim = Command::new("XCLAIM")
            .arg(state.store.history_key())
            .arg(&state.group);
        let claim = claim.arg(state.member.name()).arg(0).args(ids);
        // Those that the history has no more are dropped by Redis.
        let reply = state.store.connection().call_once(&claim).await?;
        let entries = array(state, &reply, "XCLAIM")?.iter();
        let scans = entries.filter_map(scan_of_entry::<S>);
        state.add_claimed(scans.filter_map(|(id, key)| Some((id, key?))).collect());
    }
}

/// Removes a member from the group, unless it has scans. Returns `true` if it is removed.
async fn remove_idle<S: HistoryStore>(
    state: &GroupState<S>,
    member: &GroupMember,
) -> Result<bool, S::Error> {
    let history = state.store.history_key();
    let reply = state.store.call_guarded(|guard| {
        let script = guard.script(REMOVE_IDLE, &[history]).arg(&state.group);
        script.arg(member.name())
    });
    Ok(reply.await?.as_int() == Some(1))
}

/// Counts one more dead member for each of the scans, and acknowledges and removes those of which too many
/// have died.
///
/// The count of deliveries in Redis does not serve, because it also counts every new connection of a member.
async fn abandon<S: HistoryStore>(
    state: &GroupState<S>,
    ids: &mut Vec<&str>,
) -> Result<(), S::Error> {
    let mut abandoned = Vec::new();
    for id in ids.iter() {
        let count = Command::new("HINCRBY").arg(state.attempts_key());
        let attempts = state.store.write(&count.arg(*id).arg(1)).await?;
        if attempts.as_int() >= Some(MAX_ATTEMPTS) {
            tracing::error!(
                "the scan at {id} of the history is given up: {MAX_ATTEMPTS} writers have died \
                 while they saved it"
            );
            abandoned.push(*id);
        }
    }
    if !abandoned.is_empty() {
        let command = Command::new("XACK")
            .arg(state.store.history_key())
            .arg(&state.group);
        let command = command.args(abandoned.iter().copied());
        state.store.connection().call_once(&command).await?;
        ids.retain(|id| !abandoned.contains(id));
    }
    Ok(())
}

fn array<'a, S: HistoryStore>(
    state: &GroupState<S>,
    reply: &'a Value,
    command: &str,
) -> Result<&'a [Value], S::Error> {
    let unexpected = || unexpected(&state.store, command);
    reply.as_array().ok_or_else(unexpected)
}
