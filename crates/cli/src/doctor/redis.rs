//! Whether Redis is named, can be reached, and lets us in.

use observation::with_causes;
use redis_client::{Command, RedisError, RedisUrl, beacon};

use super::finding::Finding;
use super::installation::Installation;
use super::question::{ask, info_field};
use crate::args::RedisOrigin;
use crate::secrets;
use crate::url_file;

const CHECK: &str = "Redis";

/// Connects to Redis. Returns its URL if that is possible.
pub async fn check(installation: &Installation) -> (Finding, Option<RedisUrl>) {
    let url = match locate(installation).await {
        Ok(url) => url,
        Err(finding) => return (finding, None),
    };
    match ask(
        installation.limit,
        &url,
        &[Command::new("INFO").arg("server")],
    )
    .await
    {
        Ok(replies) => {
            let reply = replies.first().and_then(|reply| reply.as_ref().ok());
            let version = reply.and_then(|reply| info_field(reply, "redis_version"));
            let version = version.unwrap_or("of an unknown version");
            let found = format!("{url} answers (Redis {version})");
            (Finding::ok(CHECK, found), Some(url))
        }
        Err(error) => {
            let advice = advice(&error);
            (Finding::problem(CHECK, with_causes(&error), advice), None)
        }
    }
}

/// Returns the URL of Redis from what says it.
async fn locate(installation: &Installation) -> Result<RedisUrl, Finding> {
    let correct = "Correct the URL: redis://HOST:PORT, rediss://HOST:PORT, or unix:///PATH.";
    match &installation.redis {
        None => Err(Finding::problem(
            CHECK,
            "nothing says where Redis is",
            "Say it by `--redis URL` or by the variable REDIS_DATA_URL, or let Beacon tell it: BEACON_HOST=HOST:PORT.",
        )),
        Some(RedisOrigin::Url(typed)) => {
            let url = secrets::with_password(typed).parse::<RedisUrl>();
            url.map_err(|error| Finding::problem(CHECK, with_causes(&error), correct))
        }
        Some(RedisOrigin::UrlFile(file)) => url_file::read(file).map_err(|error| {
            let advice = "Correct the file, or its permissions (chmod 600).";
            Finding::problem(CHECK, with_causes(&error), advice)
        }),
        Some(RedisOrigin::Beacon(host)) => beacon::data_store_now(host).await.map_err(|_| {
            let reason = format!("Beacon at {host} does not tell where it is");
            Finding::skipped(CHECK, reason)
        }),
    }
}

/// Returns what to do about a server that cannot be used.
fn advice(error: &RedisError) -> &'static str {
    match error {
        RedisError::Refused { source, .. } if source.is_refusal() => {
            "Put the right password into the URL, redis://USER:PASSWORD@HOST:PORT, in the variable REDIS_DATA_URL or in \
             the file of `--redis-url-file`, where other users cannot read it."
        }
        RedisError::Refused { .. } => "Wait until the server has started, and see its log.",
        RedisError::Tls { .. } => {
            "See whether the server speaks TLS, and whether this machine trusts its certificate."
        }
        RedisError::Connect { .. } | RedisError::Timeout { .. } => {
            "Start Redis (at a beamline, Beacon does so), or correct the URL. A firewall may also be in the way."
        }
        _ => "See whether the server at this address is Redis, and its log.",
    }
}
