use serde_json::{Value as Json, json};

use super::super::fixtures::tree_as_json;
use super::super::tree_builder::{BuiltTree, TreeBuilder};
use super::{add_mapping, without_empty_mappings};

fn builder() -> TreeBuilder {
    let mut builder = TreeBuilder::new("/data/a.h5");
    builder.reserve_group("1.1", "NXentry");
    builder.reserve_group("1.1/instrument", "NXinstrument");
    builder.reserve_group("1.1/instrument/diode", "NXdetector");
    builder.reserve("1.1/instrument/diode/data");
    builder
}

fn add(builder: &mut TreeBuilder, json: Json) {
    add_mapping(builder, "1.1", json.as_object().unwrap(), true);
}

fn built(dumps: impl IntoIterator<Item = Json>) -> BuiltTree {
    let mut builder = builder();
    dumps.into_iter().for_each(|json| add(&mut builder, json));
    let built = builder.finish();
    assert_eq!(built.invalid, []);
    built
}

fn entry(dumps: impl IntoIterator<Item = Json>) -> Json {
    let built = built(dumps);
    assert_eq!(built.notices, [""; 0]);
    tree_as_json(&built.root)["1.1"].clone()
}

/// Returns the entry and the paths of the notices.
fn noticed(dumps: impl IntoIterator<Item = Json>) -> (Json, Vec<String>) {
    let built = built(dumps);
    let paths = built.notices.iter().map(|notice| {
        let (path, _) = notice.split_once(": ").unwrap();
        path.strip_prefix("/data/a.h5::/").unwrap().to_owned()
    });
    (tree_as_json(&built.root)["1.1"].clone(), paths.collect())
}

#[test]
fn mappings_are_groups() {
    let technique = json!({"technique": {
        "@NX_class": "NXprocess",
        "xas": {"edge": "K", "energy": 7.5, "energy@units": "keV", "none": null, "@n": 3},
        "a/b/c": 1,
        "empty": {},
        "typed": {},
        "typed@NX_class": "NXnote",
        "new@attribute": true,
    }});
    assert_eq!(
        entry([technique]),
        json!({"@NX_class": "NXentry", "technique": {
            "@NX_class": "NXprocess",
            "xas": {"@NX_class": "NXcollection", "@n": 3, "edge": "K",
                "energy": 7.5, "energy@units": "keV"},
            "a": {"b": {"c": 1}},
            "empty": {"@NX_class": "NXcollection"},
            "typed": {"@NX_class": "NXnote"},
            "new": {"@attribute": true},
        }})
    );
}

#[test]
fn classes_are_only_completed_on_demand() {
    let mut builder = builder();
    let mapping = json!({"name": "id00", "name@short_name": "x", "slit": {"gap": 1}});
    add_mapping(
        &mut builder,
        "1.1/instrument",
        mapping.as_object().unwrap(),
        false,
    );
    assert_eq!(
        tree_as_json(&builder.finish().root)["1.1"]["instrument"],
        json!({"@NX_class": "NXinstrument", "name": "id00", "name@short_name": "x",
            "slit": {"gap": 1}})
    );
}

#[test]
fn links() {
    let links = json!({"g": {
        ">soft": "other/x",
        ">up": "../x",
        ">other": "file.h5::/1.1/x",
        ">number": 3,
        ">nowhere": "",
    }});
    let expected = json!({"@NX_class": "NXentry", "g": {
        "@NX_class": "NXcollection",
        ">soft": "other/x",
        ">up": "/1.1/x",
        ">other": "file.h5::/1.1/x",
        ">number": 3,
        ">nowhere": "",
    }});
    assert_eq!(entry([links.clone()]), expected);
    assert_eq!(entry([links, json!({"g": {">soft": "else"}})]), expected);
}

#[test]
fn links_lead_to_what_metadata_mean() {
    let link = json!({"g": {"b": 1, ">a": "b", ">c": "/1.1/g/b", "c@u": "m"}});
    assert_eq!(
        entry([link, json!({"g": {"a": 2, "a@v": "n"}})]),
        json!({"@NX_class": "NXentry", "g": {"@NX_class": "NXcollection",
            "b": 2, "b@u": "m", "b@v": "n", ">a": "b", ">c": "/1.1/g/b"}})
    );
    let link = json!({"g": {">a": "/1.1/instrument/diode/data"}});
    let (entry, _) = noticed([link, json!({"g": {"a": 2}})]);
    assert_eq!(entry["g"]["a_metadata"], 2);
}

#[test]
fn newer_values_are_assigned() {
    let first = json!({"g": {"f": 1.5, "f@units": "mm", "l": [1, 2], "l@a": "b", "t": "x"}});
    let second = json!({"g": {"f": 3, "l": [1, 2, 3], "t": 5, "f@units": "m"}});
    assert_eq!(
        entry([first.clone(), second]),
        json!({"@NX_class": "NXentry", "g": {"@NX_class": "NXcollection",
            "f": 3.0, "f@units": "m", "l": [1, 2, 3], "l@a": "b", "t": 5}})
    );
    let (entry, notices) = noticed([json!({"n": 1}), json!({"n": 2.5})]);
    assert_eq!(entry["n"], 2);
    assert_eq!(notices, ["1.1/n"]);
    let gone = json!({"g": {"l": null, "f@units": null}});
    assert_eq!(
        self::entry([first, gone]),
        json!({"@NX_class": "NXentry", "g": {"@NX_class": "NXcollection", "f": 1.5, "t": "x"}})
    );
}

#[test]
fn values_and_groups_keep_their_kind() {
    let (entry, notices) = noticed([
        json!({"a": 1, "b": {"c": 2}}),
        json!({"a": {"x": 3}, "b": 4}),
        json!({"a": {"x": 5}, "b": 6}),
    ]);
    assert_eq!(
        entry,
        json!({"@NX_class": "NXentry", "a": 1, "b": {"@NX_class": "NXcollection", "c": 2},
            "a_metadata": {"@NX_class": "NXcollection", "x": 5}, "b_metadata": 6})
    );
    assert_eq!(notices, ["1.1/a", "1.1/b"]);
    let (entry, _) = noticed([json!({"a": 1, "a/b": 2, "a/b@u": "m"})]);
    assert_eq!(entry["a_metadata"], json!({"b": 2, "b@u": "m"}));
}

#[test]
fn acquired_data_are_safe() {
    let metadata = |n: i64| {
        json!({"instrument": {
            "@NX_class": "NXfoo",
            "diode": {"@NX_class": "NXfoo", "data": n, "data@units": "m", "gain": n,
                "data_metadata": "mine"},
        }})
    };
    let (entry, notices) = noticed([metadata(1), metadata(2)]);
    assert_eq!(
        entry["instrument"],
        json!({"@NX_class": "NXinstrument", "diode": {"@NX_class": "NXdetector",
            "data_metadata_1": 2, "data_metadata_1@units": "m", "gain": 2,
            "data_metadata": "mine"}})
    );
    assert_eq!(notices, ["1.1/instrument/diode/data"]);
    for other in [
        json!({"instrument": {"diode": {"data": {"x": 1}}}}),
        json!({"instrument": {"diode": {"data@x": 1}}}),
        json!({"instrument/diode/data/x": 1}),
        json!({"instrument": {"diode": {"data/x": 1}}}),
    ] {
        let (entry, _) = noticed([other]);
        let aside = &entry["instrument"]["diode"]["data_metadata"];
        assert!(aside["x"] == 1 || aside["@x"] == 1, "{entry}");
    }
    let (entry, _) = noticed([json!({"instrument": {"diode": {">data": "x"}}})]);
    assert_eq!(entry["instrument"]["diode"][">data_metadata"], "x");
}

#[test]
fn groups_of_the_writer_are_safe() {
    let (entry, notices) = noticed([
        json!({"instrument": {"diode": 5}}),
        json!({"instrument": {"diode": null}}),
    ]);
    assert_eq!(entry["instrument"], json!({"@NX_class": "NXinstrument"}));
    assert_eq!(notices, ["1.1/instrument/diode"]);
    let (entry, _) = noticed([json!({"instrument": 5})]);
    assert_eq!(entry["instrument_metadata"], 5);
    let kept = json!({"instrument": {"diode": {"gain": 1}}});
    assert_eq!(
        self::entry([kept.clone(), json!({"instrument": {"diode": null}})]),
        self::entry([kept])
    );
}

#[test]
fn classes_never_change() {
    let (entry, notices) = noticed([
        json!({"g": {"@NX_class": "NXa", "x": 1}}),
        json!({"g": {"x": 2}}),
        json!({"g": {"@NX_class": "NXb"}}),
        json!({"g@NX_class": null}),
    ]);
    assert_eq!(entry["g"], json!({"@NX_class": "NXa", "x": 2}));
    assert_eq!(notices, ["1.1/g@NX_class"]);
}

#[test]
fn names_that_hdf5_does_not_take() {
    let (entry, notices) = noticed([json!({"g": {
        "": 1, ".": 2, "a\0b": 3, "/c/./d//": 4, "@": 5, "c@": 6, "c/d": 7,
    }})]);
    assert_eq!(
        entry["g"],
        json!({"@NX_class": "NXcollection", "@metadata": 5,
            "_metadata": 1, "._metadata": 2, "ab": 3,
            "c": {"@metadata": 6, "d": 4, "d_metadata": 7}})
    );
    assert!(notices.contains(&"1.1/g/ab".to_owned()), "{notices:?}");
}

#[test]
fn large_attributes_are_texts() {
    let list: Vec<i64> = (0..10_000).collect();
    let (entry, notices) = noticed([json!({"@list": list})]);
    assert_eq!(entry["@list"], json!(list).to_string());
    assert_eq!(notices, ["1.1@list"]);
}

#[test]
fn empty_mappings_are_pruned() {
    let prune = |json: Json| without_empty_mappings(json.as_object().unwrap()).map(Json::from);
    assert_eq!(prune(json!({})), None);
    assert_eq!(prune(json!({"@NX_class": "NXa", "b": {"c": {}}})), None);
    assert_eq!(
        prune(json!({"a": {"@NX_class": "NXa"}, "b": {"c": 1, "d": {}}, "e": []})),
        Some(json!({"b": {"c": 1}, "e": []}))
    );
}
