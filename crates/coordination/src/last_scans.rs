//! Lists the last scans of a history.

use redis_client::Command;

use crate::history_entries::{scan_of_entry, unexpected};
use crate::history_store::HistoryStore;

/// Scans per answer.
const PAGE: usize = 500;

/// Returns what the history of a store remembers of its last scans, the newest first: at most `limit` of them. Some may be
/// deleted by now.
///
/// # Errors
/// If the server cannot be asked.
pub async fn last_scans<S: HistoryStore>(
    store: &S,
    limit: usize,
) -> Result<Vec<S::Scan>, S::Error> {
    let mut scans = Vec::new();
    let mut end = "+".to_owned();
    while scans.len() < limit {
        let page = Command::new("XREVRANGE").arg(store.history_key());
        let page = page.arg(&end).arg("-").arg("COUNT").arg(PAGE as u64);
        let reply = store.connection().call_once(&page).await?;
        let unexpected = || unexpected(store, "XREVRANGE");
        let entries = reply.as_array().ok_or_else(unexpected)?;
        for entry in entries {
            let (timetag, scan) = scan_of_entry::<S>(entry).ok_or_else(unexpected)?;
            end = format!("({timetag}");
            scans.extend(scan);
        }
        if entries.len() < PAGE {
            break;
        }
    }
    scans.truncate(limit);
    Ok(scans)
}
