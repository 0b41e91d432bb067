//! Arbitrary metadata can be added: HDF5 accepts their names, and acquired data and items of the
//! writer do not change.

use nexus::tree::{Content, Dataset, Group, Item, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use super::build_subscan;
use crate::layout::classic::fixtures::subscan;
use crate::layout::classic::release::Release;

/// Returns random concatenations of names that have a meaning.
fn key() -> impl Strategy<Value = String> {
    let parts = [
        "",
        ".",
        "..",
        "/",
        "@",
        ">",
        "\0",
        "a",
        "b",
        "é",
        "NX_class",
        "units",
        "signal",
        "value",
        "diode",
        "roby",
        "positioners",
        "instrument",
        "writer",
        "status",
        "end_time",
        "_metadata",
    ];
    vec(select(parts.to_vec()), 0..4).prop_map(|parts| parts.concat())
}

fn json() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        key().prop_map(Json::from),
        select(vec!["NXdetector", "../../x", "f::/x"]).prop_map(Json::from),
    ];
    scalar.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::from),
            mapping(inner).prop_map(Json::from),
        ]
    })
}

fn mapping(json: impl Strategy<Value = Json>) -> impl Strategy<Value = Map<String, Json>> {
    vec((key(), json), 0..6).prop_map(|members| members.into_iter().collect())
}

fn info() -> impl Strategy<Value = Json> {
    let categories = vec(key(), 0..3);
    (mapping(json()), mapping(json()), json(), json(), categories).prop_map(
        |(instrument, device, category, positions, categories)| {
            let mut info = json!({
                "title": "a", "start_time": "2026-11-23T01:27:26+00:00",
                "instrument": instrument,
                "devices": {"diode_key": {"metadata": device}},
                "positioners": {"positioners_start": positions, "positioners_end": positions},
                "comments": [category],
                "data_policy": "ESRF",
                "dataset_metadata_snapshot": {"Sample_name": category, "sample_x": category},
                "nexuswriter": {"instrument_info": device},
            });
            let mut names = vec!["instrument".to_owned(), "sample".to_owned()];
            for name in categories {
                if info.get(&name).is_none() {
                    info[&name] = category.clone();
                }
                names.push(name);
            }
            info["scan_meta_categories"] = json!(names);
            info
        },
    )
}

fn check_names(group: &Group) {
    let mut names = std::collections::HashSet::new();
    for (name, item) in &group.children {
        let is_valid = !name.is_empty() && name != "." && !name.contains(['/', '\0']);
        assert!(is_valid && names.insert(name), "{name:?}");
        match item {
            Item::Group(group) => check_names(group),
            Item::SoftLink { target } => assert!(!target.is_empty() && !target.contains('\0')),
            Item::ExternalLink { file, target } => {
                assert!(!target.is_empty() && !file.is_empty());
            }
            Item::Dataset(_) => {}
        }
    }
    for (name, _) in &group.attributes {
        assert!(!name.is_empty() && !name.contains('\0'), "{name:?}");
    }
}

/// Returns the group of this name. Panics if it is something else.
fn member<'a>(group: &'a Group, name: &str) -> Option<&'a Group> {
    let (_, item) = group.children.iter().find(|(n, _)| n == name)?;
    match item {
        Item::Group(group) => Some(group),
        other => panic!("{name:?} is {other:?}"),
    }
}

fn text<'a>(group: &'a Group, name: &str) -> Option<&'a str> {
    let (_, item) = group.children.iter().find(|(n, _)| n == name)?;
    match item {
        Item::Dataset(Dataset {
            content: Content::Value(value),
            ..
        }) => as_text(value),
        _ => None,
    }
}

fn class(group: &Group) -> Option<&str> {
    let (_, value) = group.attributes.iter().find(|(n, _)| n == "NX_class")?;
    as_text(value)
}

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::Texts { shape, texts } if shape.is_empty() => texts.first().map(String::as_str),
        _ => None,
    }
}

proptest! {
    // A failure is printed with its input, which should become a test of its own.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_metadata_can_be_added(first in info(), last in info()) {
        let built = build_subscan(&subscan(), Release::Bliss2, &first, &last);
        prop_assert_eq!(built.invalid, []);
        check_names(&built.root);
        let entry = member(&built.root, "1.1");
        let instrument = entry.and_then(|entry| member(entry, "instrument"));
        let status = entry.and_then(|entry| member(entry, "writer"));
        prop_assert_eq!(status.and_then(|writer| text(writer, "status")), Some("SUCCEEDED"));
        prop_assert_eq!(entry.and_then(|entry| text(entry, "title")), Some("a"));
        prop_assert_eq!(entry.and_then(|entry| text(entry, "end_time")), Some("ended"));
        prop_assert_eq!(entry.and_then(class), Some("NXentry"));
        prop_assert_eq!(instrument.and_then(class), Some("NXinstrument"));
        for (device, dataset, expected) in
            [("diode", "signal", "NXdetector"), ("roby", "value", "NXpositioner")]
        {
            if let Some(group) = instrument.and_then(|instrument| member(instrument, device)) {
                prop_assert_eq!(class(group), Some(expected));
                prop_assert!(group.children.iter().all(|(name, _)| name != dataset));
            }
        }
    }
}
