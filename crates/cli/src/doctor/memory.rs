//! What Redis does when its memory is used up.

use observation::with_causes;
use redis_client::{RedisUrl, ServerMemory};
use writer::filesystem::size;
use writer::source::DataModel;

use super::finding::Finding;
use super::installation::Installation;
use super::needs_redis;
use super::question::ask_one;

const CHECK: &str = "memory of Redis";

/// Part of its memory, in percent, from which Redis is nearly full.
const NEARLY_FULL: u64 = 90;

/// Looks at the memory of Redis, and at what happens when it is used up.
pub async fn check(
    installation: &Installation,
    redis: Option<&RedisUrl>,
    model: Option<DataModel>,
) -> Finding {
    let Some(url) = redis else {
        return needs_redis(CHECK);
    };
    let reply = match ask_one(installation.limit, url, ServerMemory::command()).await {
        Ok(reply) => reply,
        Err(error) => {
            let advice =
                "Allow the user of the URL the command INFO, so that losses can be foreseen.";
            return Finding::warning(CHECK, with_causes(&error), advice);
        }
    };
    let Ok(memory) = ServerMemory::of_reply(&reply) else {
        return Finding::warning(CHECK, "Redis does not tell its memory", "See its version.");
    };
    let policy = &memory.eviction_policy;
    // BLISS 1 relies on it that keys are dropped.
    if memory.evicts() && model != Some(DataModel::Node) {
        let found =
            format!("Redis drops keys when its memory is used up (maxmemory-policy {policy})");
        let advice = "Set maxmemory-policy to noeviction: BLISS 2 removes old scans itself, and Redis could drop scans \
                      that are not saved yet.";
        return Finding::problem(CHECK, found, advice);
    }
    let Some(limit) = memory.limit else {
        let found = format!(
            "Redis uses {} and has no limit (maxmemory 0)",
            size(memory.used)
        );
        let advice = "Set maxmemory of Redis, so that scans that are published too fast do not use up the memory of its \
                      machine.";
        return Finding::warning(CHECK, found, advice);
    };
    let found = format!(
        "Redis uses {} of {} (maxmemory-policy {policy})",
        size(memory.used),
        size(limit)
    );
    // A server that drops keys is usually full.
    if !memory.evicts() && memory.used / NEARLY_FULL >= limit / 100 {
        let advice = "Raise maxmemory of Redis, or see why old scans are not removed: BLISS cannot publish when it is full.";
        return Finding::warning(CHECK, found, advice);
    }
    Finding::ok(CHECK, found)
}
