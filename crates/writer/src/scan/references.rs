//! Scans that a sequence or group refers to, looked up in Redis.

use blissdata::kinds::SubScan;
use blissdata::store::DataStore;
use redis_client::{Command, Value};
use serde_json::Value as Json;

use crate::layout::Reference;

/// Names of scans that came through streams of references.
#[derive(Default)]
pub struct References {
    keys: Vec<String>,
    problems: Vec<String>,
}

impl References {
    /// Takes what a stream of references brings.
    pub fn take(&mut self, values: &[Json]) {
        for value in values {
            match SubScan::parse(value) {
                Some(scan) if !self.keys.contains(&scan.key) => self.keys.push(scan.key),
                Some(_) => {}
                None => self
                    .problems
                    .push(format!("not a reference to a scan: {value}")),
            }
        }
    }

    /// The entries of all these scans, and what could not be found out.
    ///
    /// One entry is named for each top master of a scan's acquisition chain, as `blisswriter` 2.0.0
    /// does.
    pub async fn resolve(mut self, store: &DataStore) -> (Vec<Reference>, Vec<String>) {
        let mut found = Vec::new();
        for key in &self.keys {
            match info(store, key).await {
                Ok(Some(info)) => found.extend(entries(&info)),
                Ok(None) => self.problems.push(format!(
                    "scan {key} is no longer in Redis, it is not linked"
                )),
                Err(reason) => self
                    .problems
                    .push(format!("cannot look up scan {key} to link it: {reason}")),
            }
        }
        (found, self.problems)
    }
}

async fn info(store: &DataStore, key: &str) -> Result<Option<Json>, String> {
    let command = Command::new("JSON.GET").arg(key).arg(".info");
    let reply = store.call(&command).await;
    match reply.map_err(|error| error.to_string())? {
        Value::Text(text) => blissdata::json::parse(&text)
            .map(|parsed| Some(parsed.value))
            .map_err(|error| error.to_string()),
        _ => Ok(None),
    }
}

fn entries(info: &Json) -> Vec<Reference> {
    let file = info.get("filename").and_then(Json::as_str);
    let number = info.get("scan_nb").and_then(Json::as_u64);
    let (Some(file), Some(number @ 1..)) = (file, number) else {
        return Vec::new();
    };
    if !crate::layout::info::is_truthy(info.get("save")) {
        return Vec::new();
    }
    let chain = info.get("acquisition_chain").and_then(Json::as_object);
    let subscans = chain.map_or(0, |chain| chain.len());
    (1..=subscans)
        .map(|subscan| Reference {
            file: file.to_owned(),
            path: format!("/{number}.{subscan}"),
        })
        .collect()
}
