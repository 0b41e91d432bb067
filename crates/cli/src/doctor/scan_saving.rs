//! `SCAN_SAVING` of a BLISS session: by which writer scans are saved, and where.
//!
//! BLISS keeps it in the Redis of its settings, data base 0, in a hash. The key depends on the policy of the data and on the
//! release of BLISS; its values are JSON (`bliss.scanning.scan_saving` of BLISS 2.4) or pickles (BLISS 1.11 to 2.3).

use std::path::PathBuf;

use redis_client::beacon::{self, BeaconError};
use redis_client::{Command, RedisError, RedisUrl, Value};

use super::installation::Installation;
use super::question::ask;

/// What is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScanSaving {
    /// Name of the writer that saves scans.
    pub data_writer: Option<String>,
    /// Directory below which files are, if it does not depend on more than settings.
    pub directory: Option<PathBuf>,
}

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub enum ScanSavingError {
    /// It belongs to a session.
    #[error("no session is named")]
    NoSession,
    /// There is no server to ask.
    #[error("Redis cannot be asked")]
    NoRedis,
    /// Beacon does not tell where it is.
    #[error(transparent)]
    Beacon(#[from] BeaconError),
    /// The server with the settings cannot be asked.
    #[error("the settings of BLISS cannot be read")]
    Settings(#[from] RedisError),
    /// It is not there.
    #[error("{server} has no SCAN_SAVING of the session {session}")]
    Missing {
        /// The server.
        server: String,
        /// The session.
        session: String,
    },
}

/// How the values of a hash are written.
#[derive(Debug, Clone, Copy)]
enum Encoding {
    Json,
    Pickle,
}

/// Where it may be, what comes first counts. The policy of the ESRF computes directories.
const PLACES: [(&str, &str, Encoding); 4] = [
    ("scan_saving:esrf:", "", Encoding::Json),
    ("scan_saving:basic:", "", Encoding::Json),
    ("parameters:esrf_scan_saving:", ":default", Encoding::Pickle),
    ("parameters:scan_saving:", ":default", Encoding::Pickle),
];

/// The fields of the hash.
const FIELDS: [&str; 2] = ["_writer_module", "base_path"];

/// Reads `SCAN_SAVING` of the session.
///
/// # Errors
/// If it is not known.
pub async fn read(
    installation: &Installation,
    redis: Option<&RedisUrl>,
) -> Result<ScanSaving, ScanSavingError> {
    let session = installation.session.as_ref();
    let session = session.ok_or(ScanSavingError::NoSession)?;
    let settings = match (&installation.beacon, redis) {
        (Some(host), _) => beacon::settings_store(host).await?,
        // Small installations have one server for everything.
        (None, Some(redis)) => redis.clone().with_database(0),
        (None, None) => return Err(ScanSavingError::NoRedis),
    };
    let questions = PLACES.map(|(begin, end, _)| {
        let question = Command::new("HMGET").arg(format!("{begin}{session}{end}"));
        question.args(FIELDS)
    });
    let replies = ask(installation.limit, &settings, &questions).await?;
    for ((_, _, encoding), reply) in PLACES.iter().zip(replies) {
        let Ok(Value::Array(values)) = reply else {
            continue;
        };
        let mut texts = values.iter().map(|value| text_of(value, *encoding));
        let (data_writer, base_path) = (texts.next().flatten(), texts.next().flatten());
        if data_writer.is_some() || base_path.is_some() {
            return Ok(ScanSaving {
                data_writer,
                directory: base_path.and_then(|path| fixed_part(&path)),
            });
        }
    }
    Err(ScanSavingError::Missing {
        server: settings.to_string(),
        session: session.clone(),
    })
}

/// Returns a text of the hash.
fn text_of(value: &Value, encoding: Encoding) -> Option<String> {
    let bytes = value.as_bytes()?;
    match encoding {
        Encoding::Json => serde_json::from_slice(bytes).ok(),
        Encoding::Pickle => Some(pickle::decode(bytes).ok()?.as_text()?.to_owned()),
    }
}

/// Returns the part of a path before the first directory whose name BLISS computes.
fn fixed_part(template: &str) -> Option<PathBuf> {
    let fixed = match template.split_once('{') {
        Some((before, _)) => before.rsplit_once('/')?.0,
        None => template,
    };
    Some(PathBuf::from(fixed)).filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_directory_ends_where_a_template_begins() {
        let part = |text| fixed_part(text);
        assert_eq!(part("/data/id00").as_deref(), Some(Path::new("/data/id00")));
        assert_eq!(
            part("/data/x_{session}/a").as_deref(),
            Some(Path::new("/data"))
        );
        assert_eq!(part("data"), None);
        assert_eq!(part("{session}"), None);
    }
}
