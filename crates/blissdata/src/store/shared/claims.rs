//! What dead members left is taken over.

use redis_client::{Command, RedisError, Value};

use super::super::history::{HISTORY_KEY, scan_of, unexpected};
use super::super::key::{ScanKey, Timetag};
use super::super::{DataStore, StoreError};
use super::member::GroupMember;

/// Scans that are taken over at a time.
const COUNT: u64 = 1000;
/// A scan that was handed out so often, each time to a member that died of it, is abandoned.
const MAX_ATTEMPTS: i64 = 20;
/// Seconds for which a member has the sole right to take over from another.
const CLAIM_SECONDS: u64 = 10;

/// Takes over the scans that dead members of the group have not done.
pub async fn claim_abandoned(
    store: &DataStore,
    group: &str,
    claimer: &GroupMember,
) -> Result<Vec<(Timetag, ScanKey)>, StoreError> {
    let mut claimed = Vec::new();
    for member in members(store, group).await? {
        if member == *claimer || !is_dead(store, group, &member).await? {
            continue;
        }
        let claim = Command::new("SET").arg(format!("{group}:heir:{}", member.name()));
        let claim = claim
            .arg(claimer.name())
            .arg("EX")
            .arg(CLAIM_SECONDS)
            .arg("NX");
        if store.call(&claim).await?.is_nil() {
            continue;
        }
        claimed.extend(claim_from(store, group, &member, claimer).await?);
    }
    Ok(claimed)
}

async fn members(store: &DataStore, group: &str) -> Result<Vec<GroupMember>, StoreError> {
    let command = Command::new("XINFO").arg("CONSUMERS");
    let reply = match store.call(&command.arg(HISTORY_KEY).arg(group)).await {
        // There is no group, so no member can have left anything.
        Err(RedisError::Server { .. }) => return Ok(Vec::new()),
        reply => reply?,
    };
    let members = reply.as_array().ok_or_else(|| unexpected(store, "XINFO"))?;
    let name = |member: &Value| {
        let mut fields = member.as_array()?.chunks_exact(2);
        let name = fields.find(|field| field[0].as_str() == Some("name"))?;
        name[1].as_str().map(GroupMember::named)
    };
    Ok(members.iter().filter_map(name).collect())
}

async fn is_dead(store: &DataStore, group: &str, member: &GroupMember) -> Result<bool, StoreError> {
    if member.has_ended() {
        return Ok(true);
    }
    let signed = store.call(&member.has_heartbeat(group)).await?;
    Ok(signed.as_int() == Some(0))
}

async fn claim_from(
    store: &DataStore,
    group: &str,
    from: &GroupMember,
    to: &GroupMember,
) -> Result<Vec<(Timetag, ScanKey)>, StoreError> {
    let mut taken = Vec::new();
    loop {
        let command = Command::new("XPENDING").arg(HISTORY_KEY).arg(group);
        let command = command.arg("-").arg("+").arg(COUNT).arg(from.name());
        let reply = store.call(&command).await?;
        let left = reply
            .as_array()
            .ok_or_else(|| unexpected(store, "XPENDING"))?;
        if left.is_empty() {
            break;
        }
        let mut claim = Command::new("XCLAIM").arg(HISTORY_KEY).arg(group);
        claim = claim.arg(to.name()).arg(0);
        let (mut given_up, mut claimed) = (Command::new("XACK").arg(HISTORY_KEY).arg(group), 0);
        for entry in left {
            let [id, _, _, attempts] = entry.as_array().unwrap_or_default() else {
                return Err(unexpected(store, "XPENDING"));
            };
            let id = id.as_str().ok_or_else(|| unexpected(store, "XPENDING"))?;
            if attempts.as_int() >= Some(MAX_ATTEMPTS) {
                tracing::error!(
                    "the scan at {id} of the history is given up: {MAX_ATTEMPTS} writers have died \
                     while they saved it"
                );
                given_up = given_up.arg(id);
            } else {
                claim = claim.arg(id);
                claimed += 1;
            }
        }
        if claimed < left.len() {
            store.call(&given_up).await?;
        }
        if claimed == 0 {
            continue;
        }
        // Those that the history has no more are dropped by Redis.
        let reply = store.call(&claim).await?;
        let entries = reply
            .as_array()
            .ok_or_else(|| unexpected(store, "XCLAIM"))?;
        for entry in entries {
            if let Some((timetag, Some(key))) = scan_of(entry) {
                taken.push((timetag, key));
            }
        }
    }
    let member = Command::new("XGROUP").arg("DELCONSUMER").arg(HISTORY_KEY);
    store.call(&member.arg(group).arg(from.name())).await?;
    Ok(taken)
}
