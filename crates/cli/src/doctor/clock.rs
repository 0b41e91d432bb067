//! Whether the clocks of this machine and of Redis agree.

use std::time::{Duration, SystemTime};

use observation::with_causes;
use redis_client::{Command, RedisUrl, Value};

use super::finding::Finding;
use super::installation::Installation;
use super::needs_redis;
use super::question::ask_one;

const CHECK: &str = "clock";

/// Difference from which on lags and margins of scans are shown wrongly.
const NOTICEABLE: f64 = 1.0;

/// Difference from which on times in files cannot be compared.
const LARGE: f64 = 60.0;

/// Compares the clock of this machine with that of Redis.
pub async fn check(installation: &Installation, redis: Option<&RedisUrl>) -> Finding {
    let Some(url) = redis else {
        return needs_redis(CHECK);
    };
    let before = now();
    let reply = ask_one(installation.limit, url, Command::new("TIME")).await;
    let after = now();
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => {
            let advice = "Allow the user of the URL the command TIME.";
            return Finding::warning(CHECK, with_causes(&error), advice);
        }
    };
    let Some(server) = time_of(&reply) else {
        return Finding::warning(CHECK, "Redis does not tell its time", "See its version.");
    };
    // What the way to the server takes is not known, so only a difference outside of it counts.
    let difference = if server < before {
        before - server
    } else if server > after {
        after - server
    } else {
        0.0
    };
    let seconds = difference.abs();
    if seconds < NOTICEABLE {
        let found = format!("differs from that of Redis by less than {NOTICEABLE} s");
        return Finding::ok(CHECK, found);
    }
    let direction = if difference > 0.0 {
        "ahead of"
    } else {
        "behind"
    };
    let found = format!("is {seconds:.1} s {direction} that of Redis");
    let advice = "Synchronise the clocks of both machines (chrony, systemd-timesyncd): the time by which points wait, and \
                  times in files, are wrong by that much.";
    match seconds < LARGE {
        true => Finding::warning(CHECK, found, advice),
        false => Finding::problem(CHECK, found, advice),
    }
}

/// Returns the time of this machine, in seconds since 1970.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs_f64()
}

/// Reads the reply to `TIME`: seconds and microseconds.
fn time_of(reply: &Value) -> Option<f64> {
    let [seconds, microseconds] = reply.as_array()? else {
        return None;
    };
    Some(seconds.as_int()? as f64 + microseconds.as_int()? as f64 * 1e-6)
}
