//! Identity, info and states of a scan.

use blissdata::document::ScanState;
use observation::with_causes;
use redis_client::Value;
use serde_json::json;
use simulation::publish::{PublishError, ScanPublisher};
use testing::{data_store, empty_redis, redis_call};

use crate::common::{python, python_url};
use crate::identity;

#[tokio::test]
async fn identity_info_and_states_arrive() {
    let (server, store) = data_store().await;
    let info = json!({"title": "a \"scan\" µ😀", "nan": f64::NAN, "big": u64::MAX, "pi": 0.1});
    let mut scan = ScanPublisher::create(&store, identity(), info)
        .await
        .unwrap();
    let read = || python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    let seen = read();
    assert_eq!(seen["state"], "CREATED");
    assert_eq!(seen["last"], scan.key().as_str());
    assert_eq!(seen["found"], json!([scan.key().as_str()]));
    let expected = json!({
        "name": "ascan", "number": 7, "data_policy": "ESRF", "session": "demo",
        "proposal": "blc15000", "collection": "sample", "dataset": "0001",
        "path": "/data/visitor/demo/sample_0001.h5",
    });
    assert_eq!(seen["id"], expected);
    let info = json!({"title": "a \"scan\" µ😀", "nan": null, "big": u64::MAX, "pi": 0.1});
    assert_eq!(seen["info"], info);

    scan.info_mut()
        .insert("h5maps".to_owned(), json!({"/data/a.h5": {}}));
    scan.prepare().await.unwrap();
    let seen = python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    assert_eq!(seen["state"], "PREPARED");
    assert_eq!(seen["info"]["h5maps"], json!({"/data/a.h5": {}}));

    scan.info_mut().insert("late".to_owned(), json!(1));
    scan.start().await.unwrap();
    let seen = python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    assert_eq!(
        (&seen["state"], &seen["info"]["late"]),
        (&json!("STARTED"), &json!(null))
    );
    scan.stop().await.unwrap();
    scan.close("SUCCESS").await.unwrap();
    let seen = python("read_scan.py", &[&python_url(&server), scan.key().as_str()]);
    assert_eq!(
        (&seen["state"], &seen["info"]["late"]),
        (&json!("CLOSED"), &json!(1))
    );
    assert_eq!(seen["info"]["end_reason"], "SUCCESS");
}

#[tokio::test]
async fn info_has_a_limit() {
    let (_server, store) = data_store().await;
    // `{"t": "..."}` with one character too many, the last of which takes six.
    let text = "x".repeat((1 << 20) - 9 - 5) + "µ";
    let error = ScanPublisher::create(&store, identity(), json!({"t": text}))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, PublishError::Info { .. }), "{error}");
    let text = "x".repeat((1 << 20) - 9 - 6) + "µ";
    assert!(
        ScanPublisher::create(&store, identity(), json!({"t": text}))
            .await
            .is_ok()
    );
    let error = ScanPublisher::create(&store, identity(), json!([]))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, PublishError::Info { .. }), "{error}");
}

#[tokio::test]
async fn nothing_is_published_in_a_store_that_is_none() {
    let server = empty_redis().await;
    let store = blissdata::store::DataStore::new(&server.url());
    let error = ScanPublisher::create(&store, identity(), json!({}))
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("not initialised"), "{error}");
    assert_eq!(redis_call(&server.url(), "DBSIZE").await, Value::Int(0));
}

#[tokio::test]
async fn a_full_server_changes_nothing() {
    let (server, store) = data_store().await;
    let mut scan = ScanPublisher::create(&store, identity(), json!({}))
        .await
        .unwrap();
    redis_call(&server.url(), "CONFIG SET maxmemory 1").await;
    let error = scan.prepare().await.unwrap_err();
    let shown = with_causes(&error);
    assert!(shown.contains("cannot be prepared: OOM"), "{shown}");
    assert_eq!(scan.state(), ScanState::Created);
    redis_call(&server.url(), "CONFIG SET maxmemory 0").await;
    scan.prepare().await.unwrap();
    assert_eq!(scan.state(), ScanState::Prepared);
}
