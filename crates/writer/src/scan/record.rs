//! The record of completeness: for each stream what was published, came and was written, so that a
//! program can check a file without Redis.

use serde_json::{Value as Json, json};

use super::account::Account;
use super::place::Place;

/// Version of the form of the record.
const VERSION: u32 = 1;

/// Problems told in the record; the log has them all.
const MOST_PROBLEMS: usize = 100;

/// The record of a scan whose places are all finished, as JSON text. `files` are their names by
/// index.
pub fn record(places: &[Place], files: &[String], account: &Account) -> String {
    let streams: Vec<Json> = places
        .iter()
        .map(|place| {
            let file = files.get(place.file).map(String::as_str);
            let file = file.filter(|_| files.len() > 1);
            place.tally.to_json(&place.stream, file, &place.path)
        })
        .collect();
    let problems: Vec<&str> = account.problems().take(MOST_PROBLEMS).collect();
    json!({
        "version": VERSION,
        "scan": account.scan().as_str(),
        "complete": account.first_problem().is_none(),
        "problems": problems,
        "streams": streams,
    })
    .to_string()
}
