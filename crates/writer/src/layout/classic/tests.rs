//! Entries with all their metadata, built in the order of the layout.

mod arbitrary_metadata;

use nexus::tree::{Group, Item, Value};
use serde_json::{Value as Json, json};

use super::channel::Channel;
use super::fixtures::{channel, subscan, subscan_of, tree_as_json};
use super::release::Release;
use super::subscan::Subscan;
use super::tree_builder::{BuiltTree, TreeBuilder};
use super::{data, entry, metadata, notes, positioner_snapshots, sample};
use crate::layout::RootAttributes;
use crate::layout::facts::{EndFacts, ScanFacts, WritingStatus};
use crate::options::SaveOptions;

/// Returns an entry at its end, without data; `signal` and `value` are reserved for them.
fn build_subscan(subscan: &Subscan, release: Release, info: &Json, last: &Json) -> BuiltTree {
    let mut builder = TreeBuilder::new("/data/a.h5");
    for channel in &subscan.channels {
        builder.reserve(&channel.path("1.1"));
    }
    let facts = ScanFacts {
        began: "began".to_owned(),
        status: WritingStatus::Succeeded,
        record: "{}".to_owned(),
        ..ScanFacts::default()
    };
    entry::begin(&mut builder, subscan, release, info, &facts);
    if SaveOptions::default().configurable {
        entry::instrument(&mut builder, &subscan.entry, info);
    }
    positioner_snapshots::start(&mut builder, subscan, info);
    metadata::build(&mut builder, subscan, info);
    sample::build(&mut builder, subscan, info);
    // The modules of the data do this.
    builder.remove("1.1/instrument/positioners/roby");
    builder.link(
        "1.1/instrument/positioners/roby",
        "/1.1/instrument/roby/value",
    );
    positioner_snapshots::end(&mut builder, subscan, last);
    metadata::build(&mut builder, subscan, last);
    notes::build(&mut builder, subscan, last);
    sample::build(&mut builder, subscan, last);
    let end = EndFacts {
        time: "ended".to_owned(),
        info: last.clone(),
    };
    entry::end(&mut builder, subscan, release, &end);
    builder.finish()
}

/// Returns the entry, and the notices.
fn built(info: Json) -> (Json, Vec<String>) {
    built_twice(info.clone(), info)
}

fn built_twice(mut info: Json, mut last: Json) -> (Json, Vec<String>) {
    for info in [&mut info, &mut last] {
        let members = info.as_object_mut().unwrap();
        let categories = members.entry("scan_meta_categories");
        categories.or_insert_with(|| json!(["nexuswriter", "positioners"]));
    }
    let built = build_subscan(&subscan(), Release::Bliss2, &info, &last);
    assert_eq!(built.invalid, []);
    (tree_as_json(&built.root)["1.1"].clone(), built.notices)
}

#[test]
fn groups_know_which_names_may_come_later() {
    let subscan = subscan();
    let mut builder = TreeBuilder::new("/data/a.h5");
    data::reserve(&mut builder, &subscan);
    let facts = ScanFacts::default();
    let info = json!({"positioners": {"positioners_start": {"roby": 1.5}}});
    entry::begin(&mut builder, &subscan, Release::Bliss2, &info, &facts);
    positioner_snapshots::start(&mut builder, &subscan, &info);
    let built = builder.finish();
    let child = |group: &Group, name: &str| {
        let found = group.children.iter().find(|(child, _)| child == name);
        match found {
            Some((_, Item::Group(group))) => group.clone(),
            other => panic!("{name}: {other:?}"),
        }
    };
    let entry = child(&built.root, "1.1");
    let later = |group: &Group| group.later_names.iter().cloned().collect::<Vec<_>>();
    let later_of_entry = later(&entry);
    for name in ["end_reason", "end_time", "measurement"] {
        assert!(
            later_of_entry.iter().any(|later| later == name),
            "{later_of_entry:?}"
        );
    }
    assert_eq!(
        later(&child(&entry, "instrument")),
        [
            "diode",
            "positioners_dial_end",
            "positioners_dial_start",
            "positioners_end",
            "roby"
        ]
    );
}

#[test]
fn entries_of_bliss_1_have_neither_count_time_nor_end_reason() {
    let info = json!({"title": "ct 0.5", "start_time": "2026-11-23T01:27:26+00:00", "count_time": 0.5,
        "end_reason": "SUCCESS"});
    let built = build_subscan(&subscan(), Release::Bliss1, &info, &info);
    let entry = &tree_as_json(&built.root)["1.1"];
    assert_eq!(entry["title"], "ct 0.5");
    assert_eq!(entry["end_time"], "ended");
    assert_eq!(entry.get("scan_parameters"), None);
    assert_eq!(entry.get("end_reason"), None);
    let attributes = |release: Release| {
        release
            .root_attributes(&json!({"publisher_version": "1.11.4"}))
            .0
    };
    let expected = |version_name, publisher: Option<&str>| RootAttributes::Nexus {
        version_name,
        publisher: publisher.map(Value::text),
        publisher_version: Some(Value::text("1.11.4")),
    };
    assert_eq!(
        attributes(Release::Bliss1),
        expected("creator_version", None)
    );
    assert_eq!(
        attributes(Release::Bliss2),
        expected("create_version", Some("bliss"))
    );
}

#[test]
fn an_entry_tells_of_its_scan() {
    let (entry, notices) = built(json!({
        "title": "loopscan 3 0.5",
        "start_time": "2026-11-23T01:27:26.140283+00:00",
        "count_time": 0.5,
        "end_reason": "SUCCESS",
        "nexuswriter": {"instrument_info":
            {"name": "esrf-id00a", "name@short_name": "id00", "none": null}},
    }));
    assert_eq!(
        entry,
        json!({
            "@NX_class": "NXentry",
            "title": "loopscan 3 0.5",
            "start_time": "2026-11-23T01:27:26.140283+00:00",
            "scan_parameters":
                {"@NX_class": "NXparameters", "count_time": 0.5, "count_time@units": "s"},
            "writer": {"@NX_class": "NXnote", "status": "SUCCEEDED", "date": "began",
                "type": "application/json", "data": "{}"},
            "instrument": {"@NX_class": "NXinstrument", "name": "esrf-id00a",
                "name@short_name": "id00",
                "positioners": {"@NX_class": "NXcollection", ">roby": "/1.1/instrument/roby/value"}},
            "end_reason": "SUCCESS",
            "end_time": "ended",
        })
    );
    assert_eq!(notices, [""; 0]);
    let (entry, notices) = built(json!({"title": "a", "start_time": "noon", "count_time": 0}));
    assert_eq!(entry["start_time"], "noon");
    assert_eq!(entry["end_reason"], "NOT STARTED");
    assert_eq!(entry.get("scan_parameters"), None);
    assert_eq!(notices.len(), 1);
}

#[test]
fn positions_of_motors() {
    let start = json!({"positioners": {
        "positioners_start": {"roby": 1.5, "robz": 2, "a/b": 3.0, "bad": "ERR", "off": null},
        "positioners_dial_start": {},
        "positioners_units": {"roby": "mm", "robz": "", "a/b": "deg", "off": "m"},
    }});
    let mut last = start.clone();
    last["positioners"]["positioners_start"]["robz"] = json!(9);
    last["positioners"]["positioners_end"] = json!({"roby": 4, "robz": 5});
    let (entry, notices) = built_twice(start, last);
    let snapshot = json!({"@NX_class": "NXcollection", "roby": 1.5, "roby@units": "mm",
        "robz": 2, "a": {"b": 3.0, "b@units": "deg"}, "bad": "ERR"});
    let instrument = &entry["instrument"];
    assert_eq!(instrument["positioners_start"], snapshot);
    let mut with_link = snapshot;
    let members = with_link.as_object_mut().unwrap();
    members.remove("roby");
    members.remove("roby@units");
    members.insert(">roby".to_owned(), json!("/1.1/instrument/roby/value"));
    assert_eq!(instrument["positioners"], with_link);
    assert_eq!(
        instrument["positioners_end"],
        json!({"@NX_class": "NXcollection", "roby": 4, "roby@units": "mm", "robz": 5})
    );
    assert_eq!(instrument.get("positioners_dial_start"), None);
    assert_eq!(notices, [""; 0]);
}

#[test]
fn categories_of_the_user() {
    let (entry, notices) = built(json!({
        "scan_meta_categories":
            ["nexuswriter", "positioners", "technique", "instrument", "empty", "note", "typed"],
        "instrument": {
            "roby": {"NX_class": "NXfoo", "gear": 3},
            "slit": {"@NX_class": "NXslit", "gap": 0.5},
        },
        "technique": {"NX_class": "NXnote"},
        "empty": {"a": {}},
        "note": "hello",
        "typed": {"NX_class": "NXprocess", "x": 1},
        "ignored": {"y": 2},
    }));
    assert_eq!(
        entry["instrument"],
        json!({"@NX_class": "NXinstrument",
            "positioners": {"@NX_class": "NXcollection", ">roby": "/1.1/instrument/roby/value"},
            "roby": {"@NX_class": "NXpositioner", "NX_class": "NXfoo", "gear": 3},
            "slit": {"@NX_class": "NXslit", "gap": 0.5}})
    );
    assert_eq!(entry["note"], "hello");
    assert_eq!(entry["typed"], json!({"@NX_class": "NXprocess", "x": 1}));
    for absent in ["technique", "empty", "ignored"] {
        assert_eq!(entry.get(absent), None, "{absent}");
    }
    assert_eq!(notices, [""; 0]);
}

#[test]
fn categories_cannot_break_the_entry() {
    let names = [
        "title",
        "start_time",
        "end_time",
        "end_reason",
        "writer",
        "notes",
        "measurement",
        "instrument",
        "scan_parameters",
    ];
    let mut info = json!({"scan_meta_categories": names, "title": "a", "comments": ["b"]});
    for name in &names[1..] {
        info[name] = json!(7);
    }
    let (entry, notices) = built(info.clone());
    assert_eq!(entry["title"], "a");
    assert_eq!(entry["end_time"], "ended");
    assert_eq!(entry["writer"]["status"], "SUCCEEDED");
    assert_eq!(entry["notes"]["note_01"]["data"], "b");
    for name in &names[2..] {
        assert_eq!(entry[format!("{name}_metadata")], 7, "{name}");
    }
    assert!(notices.len() >= names.len() - 2, "{notices:?}");
    for name in &names[2..] {
        info[name] = json!({"status": 5, "note_01": {"x": 1}, "@NX_class": "NXfoo"});
    }
    let (entry, _) = built(info);
    assert_eq!(entry["writer"]["status"], "SUCCEEDED");
    assert_eq!(entry["writer"]["status_metadata"], 5);
    assert_eq!(entry["end_time"], "ended");
    assert_eq!(entry["end_time_metadata"]["status"], 5);
    assert_eq!(entry["notes"]["note_02"]["data"], "b");
    assert_eq!(entry["measurement"]["@NX_class"], "NXcollection");
    assert_eq!(entry["instrument"]["@NX_class"], "NXinstrument");
}

#[test]
fn a_scan_without_categories_gets_a_notice() {
    let built = build_subscan(&subscan(), Release::Bliss2, &json!({}), &json!({}));
    assert_eq!(built.invalid, []);
    assert_eq!(built.notices.len(), 1);
}

#[test]
fn devices_have_metadata() {
    let roi = |dataset: &str| Channel {
        device_key: Some("cam".to_owned()),
        selection: Some("r1".to_owned()),
        ..channel("cam:roi", "lima", "cam_r1", dataset)
    };
    let mut channels = subscan().channels;
    channels.extend([roi("sum"), roi("avg")]);
    let subscan = subscan_of(channels);
    let info = json!({"scan_meta_categories": [], "devices": {
        "diode_key": {"metadata": {"@NX_class": "NXfoo", "gain": 2, "signal": 1, "none": {}}},
        "roby_key": {"metadata": {}},
        "cam": {"metadata": {"r1": {"kind": "rect", "x": 1}, "r2": {"kind": "arc"}}},
    }});
    let built = build_subscan(&subscan, Release::Bliss2, &info, &info);
    assert_eq!(built.invalid, []);
    assert_eq!(built.notices.len(), 1, "{:?}", built.notices);
    let instrument = tree_as_json(&built.root)["1.1"]["instrument"].clone();
    assert_eq!(
        instrument["diode"],
        json!({"@NX_class": "NXdetector", "gain": 2, "signal_metadata": 1})
    );
    assert_eq!(
        instrument["cam_r1"],
        json!({"@NX_class": "NXdetector",
            "selection": {"@NX_class": "NXcollection", "kind": "rect", "x": 1}})
    );
    assert_eq!(instrument.get("roby"), None);
}

#[test]
fn samples_of_the_data_policy() {
    let fields = json!({
        "Sample_name": "quartz", "SamplePatient_age": 3, "SamplePatient_number": "12",
        "SampleTrackingParcel_storage_condition": -8, "SampleEnvironmentSensors_value": "1 2",
        "SamplePositioners_name": "a b", "Sample_unheard": 1, "Sample_description": null,
        "InstrumentMonochromator_energy": 5,
    });
    let category = json!({"thickness": 2});
    let (entry, notices) = built(json!({
        "data_policy": "esrf", "dataset_metadata_snapshot": fields,
        "scan_meta_categories": ["sample"], "sample": category,
    }));
    assert_eq!(
        entry["sample"],
        json!({"@NX_class": "NXsample", "name": "quartz", "thickness": 2,
            "patient": {"@NX_class": "NXcollection", "age": 3, "age@units": "a", "number": 12},
            "tracking": {"@NX_class": "NXsubentry", "parcel":
                {"@NX_class": "NXsubentry", "storage_condition": -8,
                    "storage_condition@units": "°C"}},
            "environment": {"@NX_class": "NXenvironment", "sensors":
                {"@NX_class": "NXsensor", "value": "1 2"}}})
    );
    assert_eq!(notices.len(), 1);
    assert!(notices[0].contains("Sample_unheard"));
    let (entry, _) = built(json!({
        "data_policy": "None", "dataset_metadata_snapshot": {"Sample_name": "quartz"},
    }));
    assert_eq!(entry.get("sample"), None);
}

#[test]
fn comments_are_notes() {
    let (entry, notices) = built(json!({"comments": [
        {"date": "2026-11-23T01:27:26.139490+00:00", "message": "lost"},
        {"date": "noon", "message": "found"},
    ]}));
    assert_eq!(
        entry["notes"],
        json!({"@NX_class": "NXcollection",
            "note_01": {"@NX_class": "NXnote", "data": "lost", "type": "text/plain",
                "date": "2026-11-23T01:27:26.139490+00:00"},
            "note_02": {"@NX_class": "NXnote", "data": "found", "type": "text/plain",
                "date": "noon"}})
    );
    assert_eq!(notices.len(), 1);
}
