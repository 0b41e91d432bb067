//! A database that we make a data store is as the genuine blissdata makes it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod common;

use blissdata::store::DataStore;
use common::{python, python_url};
use serde_json::json;
use simulation::redis::{PrivateRedis, RedisModules, RedisOptions};
use simulation::{InitialiseError, initialise};
use testing::{data_store, empty_redis};

#[tokio::test]
async fn initialises_as_blissdata_does() {
    let theirs = empty_redis().await;
    let theirs = python("initialised.py", &[&python_url(&theirs), "init"]);
    let (server, _store) = data_store().await;
    let ours = python("initialised.py", &[&python_url(&server)]);
    assert_eq!(ours, theirs);
    assert_eq!(ours["lengths"], json!([6, 0]));
    assert_eq!(ours["found"], true);
    assert_eq!(ours["keys"]["_PROTOCOL_VERSION_"], "1");
}

#[tokio::test]
async fn initialises_only_what_is_empty_and_has_the_modules() {
    let (server, store) = data_store().await;
    let error = initialise(&store).await.unwrap_err();
    assert!(
        matches!(error, InitialiseError::NotEmpty { keys: 3, .. }),
        "{error}"
    );
    drop(server);
    let options = RedisOptions::new().modules(RedisModules::None);
    let server = PrivateRedis::start(&options).await.unwrap();
    let store = DataStore::new(&server.url());
    let error = initialise(&store).await.unwrap_err();
    assert!(
        matches!(
            error,
            InitialiseError::NoModule {
                module: "ReJSON",
                ..
            }
        ),
        "{error}"
    );
}
