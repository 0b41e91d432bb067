//! Lists the writers that share the scans of a history and are alive.

use redis_client::{Command, RedisError, Value};

use super::has_code;
use crate::history_entries::unexpected;
use crate::history_store::HistoryStore;
use crate::member::GroupMember;

/// The code of the error that there is no such key.
const NO_KEY: &str = "ERR";

/// A member of a group that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivingMember {
    /// Name of the group.
    pub group: String,
    /// Host and number of its process, for people.
    pub process: String,
    /// Whether the process is on this host.
    pub is_on_this_host: bool,
}

/// Returns the members of all groups that share the history of a store, as far as they live. There are none if the store has
/// no history.
///
/// # Errors
/// If the server cannot be asked.
pub async fn living_members<S: HistoryStore>(store: &S) -> Result<Vec<LivingMember>, S::Error> {
    let mut living = Vec::new();
    for group in names(store, &["GROUPS", store.history_key()]).await? {
        let question = ["CONSUMERS", store.history_key(), &group];
        for name in names(store, &question).await? {
            let member = GroupMember::named(&name);
            if member.has_ended() {
                continue;
            }
            let heartbeat = member.has_heartbeat(&group);
            let reply = store.connection().call_once(&heartbeat).await?;
            if reply.as_int() != Some(0) {
                living.push(LivingMember {
                    group: group.clone(),
                    process: member.describe(),
                    is_on_this_host: member.is_on_this_host(),
                });
            }
        }
    }
    Ok(living)
}

/// Asks with `XINFO`. Returns the field `name` of each item of the reply.
async fn names<S: HistoryStore>(store: &S, question: &[&str]) -> Result<Vec<String>, S::Error> {
    let command = Command::new("XINFO").args(question.iter().copied());
    let reply = match store.connection().call_once(&command).await {
        // The stream or the group may be missing, or may have gone meanwhile.
        Err(error @ RedisError::Server { .. })
            if has_code(Some(&error), NO_KEY) || has_code(Some(&error), "NOGROUP") =>
        {
            return Ok(Vec::new());
        }
        reply => reply?,
    };
    let items = reply.as_array().ok_or_else(|| unexpected(store, "XINFO"))?;
    let name = |item: &Value| {
        let mut fields = item.as_array()?.chunks_exact(2);
        let name = fields.find(|field| field[0].as_str() == Some("name"))?;
        name[1].as_str().map(str::to_owned)
    };
    Ok(items.iter().filter_map(name).collect())
}
