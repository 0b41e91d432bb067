//! Scans that do not exist, and keys of something else.

use redis_client::Command;
use serde_json::json;

use crate::fixture::{Fixture, read};

#[tokio::test]
async fn only_the_bad_ones_fail() {
    let fixture = Fixture::new().await;
    let file = fixture.file("good.h5");
    let good = fixture.good_scan(&file).await;
    let key = |name: &str| format!("esrf:scan:{name}");
    let set = |name: &str, text: &str| Command::new("JSON.SET").arg(key(name)).arg(".").arg(text);
    let text = Command::new("SET").arg(key("TEXT")).arg("not a document");
    fixture.store.call(&text).await.unwrap();
    fixture.store.call(&set("LIST", "[1, 2]")).await.unwrap();
    fixture.store.call(&set("EMPTY", "{}")).await.unwrap();
    let half = r#"{"pk": "HALF", "id": {"name": "a", "number": "x", "data_policy": "n"},
        "info": {}, "state_stream": {"pk": "S"}, "data_streams": {}}"#;
    fixture.store.call(&set("HALF", half)).await.unwrap();

    let names = ["MISSING", "TEXT", "LIST", "EMPTY", "HALF"];
    let mut keys: Vec<String> = names.iter().map(|name| key(name)).collect();
    keys.insert(2, good.clone());
    let saved = fixture.save(&keys);
    assert_eq!(saved.status, Some(1), "{}", saved.log);
    for (key, report) in keys.iter().zip(&saved.reports) {
        assert_eq!(report["key"], *key);
        if *key == good {
            assert_eq!(report["state"], "COMPLETE");
            assert_eq!(report["points"], 3);
        } else {
            assert_eq!(report["state"], "FAILED", "{report}");
            assert!(report["reason"].as_str().unwrap().contains(key), "{report}");
        }
    }
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
}

#[tokio::test]
async fn a_scan_that_is_not_to_be_saved_is_skipped() {
    let fixture = Fixture::new().await;
    let mut scan = fixture.create(&fixture.file("none.h5"), json!({})).await;
    scan.info_mut().remove("h5maps");
    scan.prepare().await.unwrap();
    let key = crate::fixture::end(scan).await;
    let saved = fixture.save(&[key]);
    assert_eq!(saved.status, Some(0), "{}", saved.log);
    assert_eq!(saved.reports[0]["state"], "SKIPPED");
    assert!(!fixture.file("none.h5").exists());
}
