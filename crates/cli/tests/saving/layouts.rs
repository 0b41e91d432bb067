//! Layouts with invalid items.

use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, read, stream};

#[tokio::test]
async fn invalid_items_are_named_by_their_path_and_the_rest_is_saved() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let entry = json!({"type": "group", "attributes": {"bad": null}, "children": {
        "nothing": null,
        "range": {"type": "inline", "dtype": "int8", "value": 300},
        "title": "a scan",
        "diode": stream("diode"),
    }});
    let key = fixture.scan_with(&file, json!({"1.1": entry})).await;
    let saved = fixture.save(&[key]);
    let report = &saved.reports[0];
    assert_eq!(saved.status, Some(1), "{}", saved.log);
    assert_eq!(report["state"], "INCOMPLETE");
    let warnings: Vec<&str> = report["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Json::as_str)
        .collect();
    for place in ["::/1.1@bad: ", "::/1.1/nothing: ", "::/1.1/range: 300 "] {
        assert_eq!(
            warnings.iter().filter(|text| text.contains(place)).count(),
            1,
            "{place} in {warnings:?}"
        );
    }
    assert_eq!(
        read(&file, &["1.1/title", "1.1/diode"]),
        json!(["a scan", [0.0, 1.0, 2.0]])
    );
}
