//! Scans for the tests of the store and of its history.

use blissdata::document::ScanIdentity;
use blissdata::store::{DataStore, ScanKey};
use serde_json::json;
use simulation::publish::ScanPublisher;

/// Makes a scan known.
pub async fn publish(store: &DataStore, number: u64) -> ScanKey {
    let id = ScanIdentity {
        name: "scan".to_owned(),
        number,
        data_policy: "no_policy".to_owned(),
        session: None,
        proposal: None,
        collection: None,
        dataset: None,
        path: None,
    };
    ScanPublisher::create(store, id, json!({}))
        .await
        .unwrap()
        .key()
        .clone()
}
