//! What several of these tests need: a private Redis, and scans in it.

#![allow(dead_code, reason = "not every test needs all of it")]

use blissdata::document::ScanIdentity;
use blissdata::store::{DataStore, ScanKey};
use redis_client::{Command, Connection, RedisUrl, Value};
use serde_json::json;
use simulation::publish::ScanPublisher;
use simulation::redis::{PrivateRedis, RedisOptions};

/// A server without data.
pub async fn server() -> PrivateRedis {
    PrivateRedis::start(&RedisOptions::new()).await.unwrap()
}

/// A server that is an initialised data store.
pub async fn store() -> (PrivateRedis, DataStore) {
    let server = server().await;
    let store = DataStore::connect(&server.url()).await.unwrap();
    simulation::initialise(&store).await.unwrap();
    (server, store)
}

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

/// Asks the server of `url` on a connection of its own.
pub async fn ask(url: &RedisUrl, command: &str) -> Value {
    let mut words = command.split(' ');
    let command = Command::new(words.next().unwrap()).args(words);
    Connection::open(url)
        .await
        .unwrap()
        .call(&command)
        .await
        .unwrap()
}
