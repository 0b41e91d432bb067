//! Whether Redis holds a data model, in a version that is known.

use std::sync::Arc;

use observation::with_causes;
use redis_client::{Command, RedisUrl, Value};
use writer::source::{DataModel, ModelChoice, ScanServer, ScanServerError};

use super::finding::Finding;
use super::installation::Installation;
use super::needs_redis;
use super::question::ask_one;

const CHECK: &str = "data model";

/// A command of each module that BLISS 2 needs, and the name of the module.
const MODULES: [(&str, &str); 2] = [("JSON.GET", "RedisJSON"), ("FT.SEARCH", "RediSearch")];

/// What to do about a server without these modules.
const ADD_MODULES: &str = "For BLISS 2, start Redis with the modules RedisJSON and RediSearch, or use Redis 8 or \
                           redis-stack-server.";

/// Looks which data model Redis holds. Returns it if there is one that can be used.
pub async fn check(
    installation: &Installation,
    redis: Option<&RedisUrl>,
) -> (Finding, Option<DataModel>) {
    let Some(url) = redis else {
        return (needs_redis(CHECK), None);
    };
    let server = ScanServer::new(url, installation.model, &Arc::default());
    let Some(held) = installation.limit.within(server.check()).await else {
        let advice = "Try again: a server with very many keys may need longer.";
        return (
            Finding::problem(CHECK, installation.limit.no_answer(url), advice),
            None,
        );
    };
    let missing = missing_modules(installation, url).await;
    match held {
        Ok(DataModel::Blissdata) if missing.is_empty() => {
            let found =
                "Redis is initialised for BLISS 2, with version 1 of the protocol of blissdata";
            (Finding::ok(CHECK, found), Some(DataModel::Blissdata))
        }
        Ok(DataModel::Blissdata) => {
            let found = format!(
                "Redis is initialised for BLISS 2, but has no module {}",
                missing.join(", ")
            );
            (Finding::problem(CHECK, found, ADD_MODULES), None)
        }
        Ok(DataModel::Node) => nodes(installation, &server, &missing).await,
        Err(error) => (describe(&error, &missing), None),
    }
}

/// Returns the finding about a server that is taken for one of BLISS 1.
async fn nodes(
    installation: &Installation,
    server: &ScanServer,
    missing: &[&str],
) -> (Finding, Option<DataModel>) {
    let model = Some(DataModel::Node);
    match installation.limit.within(server.holds_nodes()).await {
        Some(Ok(true)) => (Finding::ok(CHECK, "Redis holds nodes of BLISS 1"), model),
        Some(Ok(false)) if installation.model == ModelChoice::Only(DataModel::Node) => {
            let found = "Redis holds no nodes of BLISS 1 yet";
            (Finding::ok(CHECK, found), model)
        }
        Some(Ok(false)) => {
            let found = format!(
                "Redis is not initialised for BLISS 2, lacks {}, and holds no nodes of BLISS 1",
                missing.join(" and ")
            );
            let advice = format!("{ADD_MODULES} For BLISS 1, start a session of BLISS first.");
            (Finding::problem(CHECK, found, advice), model)
        }
        Some(Err(error)) => (describe(&error, missing), None),
        None => {
            let found =
                "it is not known whether Redis holds nodes of BLISS 1: the search takes too long";
            let advice = "Say it by `--model node` if the scans are those of BLISS 1.";
            (Finding::warning(CHECK, found, advice), model)
        }
    }
}

fn describe(error: &ScanServerError, missing: &[&str]) -> Finding {
    use ScanServerError::{Documents, Empty, Nodes};
    use blissdata::store::StoreError::{NotInitialised, ProtocolVersion};
    let advice = match error {
        Documents(ProtocolVersion { .. }) => {
            "Use a writer that supports this version, or a release of BLISS from 2.0 to 2.4.".to_owned()
        }
        Documents(NotInitialised { .. }) | Empty { .. } if !missing.is_empty() => {
            ADD_MODULES.to_owned()
        }
        Documents(NotInitialised { .. }) | Empty { .. } => {
            "Start Beacon, which initialises its Redis for BLISS 2, or see whether this is the Redis of the scans. \
             For BLISS 1, start a session of BLISS first."
                .to_owned()
        }
        Documents(_) | Nodes(_) => {
            "See which commands the user of the URL may send, and the log of Redis.".to_owned()
        }
    };
    Finding::problem(CHECK, with_causes(error), advice)
}

/// Returns the modules that the server lacks. A server that does not answer this question is taken to have them.
async fn missing_modules(installation: &Installation, url: &RedisUrl) -> Vec<&'static str> {
    let question = Command::new("COMMAND").arg("INFO");
    let question = question.args(MODULES.map(|(command, _)| command));
    let Ok(reply) = ask_one(installation.limit, url, question).await else {
        return Vec::new();
    };
    let known = reply.as_array().unwrap_or_default();
    let missing = MODULES.iter().zip(known);
    missing
        .filter(|(_, known)| **known == Value::Nil)
        .map(|((_, module), _)| *module)
        .collect()
}
