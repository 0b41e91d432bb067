//! Whether Beacon can be asked, and tells the same Redis that is used.

use observation::with_causes;
use redis_client::{Command, RedisUrl, beacon};

use super::finding::Finding;
use super::installation::Installation;
use super::limit::TimeLimit;
use super::question::{ask_one, info_field};

const CHECK: &str = "Beacon";

/// Asks Beacon for the data store, and compares it with the Redis that is used.
pub async fn check(installation: &Installation, used: Option<&RedisUrl>) -> Finding {
    let Some(host) = &installation.beacon else {
        return Finding::skipped(CHECK, "BEACON_HOST is not set");
    };
    let told = match beacon::data_store_now(host).await {
        Ok(told) => told,
        Err(error) => {
            let advice = "Start Beacon, or correct BEACON_HOST (HOST:PORT): BLISS itself needs it.";
            return Finding::problem(CHECK, with_causes(&error), advice);
        }
    };
    let found = format!("{host} tells {told}");
    let Some(used) = used else {
        return Finding::ok(CHECK, found);
    };
    if *used == told {
        return Finding::ok(CHECK, found);
    }
    // The same server may have several addresses.
    let told_with_password = told
        .clone()
        .with_credentials(used.username(), used.password());
    let (used_run, told_run) = (
        run_id(installation.limit, used).await,
        run_id(installation.limit, &told_with_password).await,
    );
    match (used_run, told_run) {
        (Some(one), Some(other)) if one == other => Finding::ok(
            CHECK,
            format!("{found}, which is the same server as {used}"),
        ),
        (Some(_), Some(_)) => Finding::problem(
            CHECK,
            format!("{found}, which is another server than {used}"),
            "Use the Redis of Beacon, in which BLISS publishes scans: remove `--redis`, the variables REDIS_DATA_URL and \
             NEXUS_WRITER_REDIS_URL, and `url` of the configuration file, or correct them.",
        ),
        _ => Finding::warning(
            CHECK,
            format!("{found}, and it is not known whether that is the same server as {used}"),
            "See whether both are the same.",
        ),
    }
}

/// Returns what a server calls itself since it was started. Returns `None` if it cannot be asked.
async fn run_id(limit: TimeLimit, url: &RedisUrl) -> Option<String> {
    let reply = ask_one(limit, url, Command::new("INFO").arg("server"))
        .await
        .ok()?;
    info_field(&reply, "run_id").map(str::to_owned)
}
