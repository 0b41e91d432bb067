//! Numbers for new scans.

use std::path::Path;

use blissdata::store::{DataStore, StoreError};
use nexus::h5::{File, Result as FileResult};
use redis_client::{Command, Value};
use serde_json::Value as Json;
use tracing::warn;

/// A number that no scan has in `file`, neither a saved one nor one that is still to be saved.
pub async fn free_number(store: &DataStore, file: &str) -> Result<u64, StoreError> {
    let last = last_saved(Path::new(file)).max(last_published(store, file).await?);
    Ok(last.saturating_add(1))
}

fn last_saved(file: &Path) -> u64 {
    if !file.exists() {
        return 0;
    }
    match entries(file) {
        Ok(names) => names
            .iter()
            .filter_map(|name| number(name))
            .max()
            .unwrap_or(0),
        Err(error) => {
            warn!("cannot see which scans are in {}: {error}", file.display());
            0
        }
    }
}

fn entries(file: &Path) -> FileResult<Vec<String>> {
    File::open_read(file)?.root()?.names()
}

/// The number of the scan that an entry, e.g. `12.1`, belongs to.
fn number(entry: &str) -> Option<u64> {
    entry.split_once('.')?.0.parse().ok()
}

async fn last_published(store: &DataStore, file: &str) -> Result<u64, StoreError> {
    let ask = |key: &str| Command::new("JSON.GET").arg(key).arg(".id");
    let scans = store.scans().await?;
    let questions: Vec<_> = scans.iter().map(|(_, key)| ask(key.as_str())).collect();
    // A scan may be deleted meanwhile: an error is the answer.
    let answers = store.pipeline(&questions).await?.into_iter().flatten();
    let ids = answers.filter_map(|answer| match answer {
        Value::Text(text) => serde_json::from_slice::<Json>(&text).ok(),
        _ => None,
    });
    Ok(ids
        .filter(|id| id.get("path").and_then(Json::as_str) == Some(file))
        .filter_map(|id| id.get("number")?.as_u64())
        .max()
        .unwrap_or(0))
}
