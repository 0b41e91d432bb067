//! What a scan is about: known as soon as the scan is there, long before it is prepared.

use std::path::PathBuf;

use blissdata::document::Identity;
use blissdata::store::{DataStore, ScanKey};
use chrono::{DateTime, FixedOffset};
use redis_client::{Command, Value};
use serde_json::Value as Json;

use crate::layout::info::is_truthy;

/// What BLISS tells of a scan when it creates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Key of the scan in Redis.
    pub key: ScanKey,
    /// What clients call it: `1_ascan`, or `_1_ascan` if it is not to be saved. Its key, if nothing
    /// else is known.
    pub name: String,
    /// Its number in its dataset.
    pub number: Option<u64>,
    /// The command that made it, such as `ascan`.
    pub command: Option<String>,
    /// The BLISS session.
    pub session: Option<String>,
    /// The file that it shall be saved in.
    pub path: Option<PathBuf>,
    /// When it started.
    pub start_time: Option<DateTime<FixedOffset>>,
}

/// Why it is not known what a scan is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AboutError {
    /// There is no such scan, or no longer.
    #[error("there is no scan {0}")]
    Missing(ScanKey),
    /// Redis does not answer, or refuses to.
    #[error("cannot ask for scan {key}: {reason}")]
    Redis {
        /// Key of the scan.
        key: ScanKey,
        /// What Redis or the connection says.
        reason: String,
    },
    /// The document of the scan is not what it should be.
    #[error("invalid document of scan {key}: {problem}")]
    Invalid {
        /// Key of the scan.
        key: ScanKey,
        /// What is wrong.
        problem: String,
    },
}

impl About {
    /// Asks Redis. Few bytes come back, however much the scan has to tell.
    ///
    /// # Errors
    /// If there is no such scan, Redis cannot be asked, or the scan has no identity.
    pub async fn load(store: &DataStore, key: &ScanKey) -> Result<About, AboutError> {
        let command = Command::new("JSON.GET")
            .arg(key.as_str())
            .arg("$.id")
            .arg("$.info.save")
            .arg("$.info.start_time");
        let reply = store.call(&command).await;
        let reply = reply.map_err(|error| AboutError::Redis {
            key: key.clone(),
            reason: error.to_string(),
        })?;
        let Value::Text(text) = reply else {
            return Err(AboutError::Missing(key.clone()));
        };
        let invalid = |problem: String| AboutError::Invalid {
            key: key.clone(),
            problem,
        };
        let found: Json = serde_json::from_slice(&text).map_err(|e| invalid(e.to_string()))?;
        let first = |path: &str| found.get(path).and_then(|all| all.get(0));
        let id = first("$.id").and_then(Json::as_object);
        let id = id.ok_or_else(|| invalid("id is not an object".to_owned()))?;
        let id = Identity::parse(id).map_err(invalid)?;
        Ok(About {
            key: key.clone(),
            name: name(&id, first("$.info.save")),
            number: Some(id.number),
            command: Some(id.name),
            session: id.session,
            path: id.path.map(PathBuf::from),
            start_time: first("$.info.start_time").and_then(time),
        })
    }
}

/// Nothing is known but the key.
impl From<ScanKey> for About {
    fn from(key: ScanKey) -> About {
        About {
            name: key.to_string(),
            key,
            number: None,
            command: None,
            session: None,
            path: None,
            start_time: None,
        }
    }
}

/// What clients call a scan. Scans that say nothing about it are saved if they name a file.
pub(crate) fn name(id: &Identity, save: Option<&Json>) -> String {
    let is_saved = match save {
        Some(_) => is_truthy(save),
        None => id.path.is_some(),
    };
    let mark = if is_saved { "" } else { "_" };
    format!("{mark}{}_{}", id.number, id.name)
}

/// A time in the info of a scan.
pub(crate) fn time(json: &Json) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(json.as_str()?).ok()
}
