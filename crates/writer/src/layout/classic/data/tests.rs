//! Trees of a scan while its data arrive.

use nexus::tree::{ByteOrder, Content, ElementType, Group, Item};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use testing::DescribedDetector;

use super::super::dims::ScanDims;
use super::super::subscan::read;
use super::super::tree_builder::BuiltTree;
use super::*;
use crate::layout::facts::StreamFacts;
use crate::source::StreamDescription;

type Declared = Result<StreamContent, String>;

fn numbers(shape: &[u64]) -> Declared {
    Ok(StreamContent::Numbers {
        element: ElementType::Float(8, ByteOrder::Little),
        shape: shape.iter().copied().map(Some).collect(),
    })
}

fn frames(format: Option<&str>, discarded: bool) -> Declared {
    let shape = [Some(6), Some(8)];
    let files = DescribedDetector::files("<u2", &shape, format, discarded);
    Ok(StreamContent::Frames(files))
}

/// Returns a mesh with a counter and a camera, and a subscan of a monitor.
fn mesh() -> Json {
    json!({
        "scan_nb": 5, "data_dim": 2, "npoints": 12, "npoints1": 4, "npoints2": 3,
        "acquisition_chain": {
            "monitor": {"devices": ["m"]},
            "axis": {"devices": ["a", "c", "l"]},
        },
        "devices": {
            "m": {"channels": ["timer:epoch", "axis:roby"], "triggered_devices": ["c"]},
            "a": {"channels": ["axis:roby", "axis:robz"], "triggered_devices": ["c"]},
            "c": {"channels": ["ctl:diode", "ctl:never"]},
            "l": {"channels": ["cam:image"]},
        },
        "channels": {
            "axis:roby": {"dim": 0, "unit": "mm", "device": "a"},
            "axis:robz": {"dim": 0, "unit": null},
            "timer:epoch": {"dim": 0, "unit": 3},
        },
        "nexuswriter": {"devices": {
            "ctl:diode": {
                "device_type": "samplingcounter", "data_type": "signal",
                "device_info": {"@NX_class": "NXsource"},
            },
            "cam:image": {"device_type": "lima"},
        }},
    })
}

fn streams(camera: Declared) -> Vec<StreamDescription> {
    let stream = StreamDescription::new;
    vec![
        stream("cam:image", camera),
        stream("ctl:diode", numbers(&[])),
        stream("axis:roby", numbers(&[])),
        stream("axis:robz", numbers(&[])),
        stream("GroupingMaster:SUBSCANS", Ok(StreamContent::References)),
        stream("timer:epoch", numbers(&[])),
        stream("q:stray", numbers(&[7])),
        stream("q:broken", Err("no type".to_owned())),
    ]
}

fn subscans(info: &Json, streams: &[StreamDescription], options: &SaveOptions) -> Vec<Subscan> {
    let dims = ScanDims::read(info, options);
    read(info, streams, &dims, options).unwrap()
}

fn paths(subscans: &[Subscan], options: &SaveOptions) -> Vec<String> {
    let places = subscans
        .iter()
        .flat_map(|subscan| destinations(subscan, "/d/f.h5", options));
    places.map(|place| place.path).collect()
}

/// Returns one line per group, stream and link.
fn built(subscans: &[Subscan], stored: &[(&str, bool)]) -> Vec<String> {
    let streams: HashMap<_, _> = stored
        .iter()
        .map(|(name, stored)| {
            let facts = StreamFacts {
                stored: *stored,
                ..StreamFacts::default()
            };
            ((*name).to_owned(), facts)
        })
        .collect();
    let facts = ScanFacts {
        streams,
        ..ScanFacts::default()
    };
    let mut builder = TreeBuilder::new("/d/f.h5");
    builder.value("5.1/instrument/positioners/roby", Value::text("snapshot"));
    builder.value("5.1/instrument/positioners/energy", Value::text("snapshot"));
    for subscan in subscans {
        reserve(&mut builder, subscan);
        build(&mut builder, subscan, Release::Bliss2, &facts);
    }
    let BuiltTree { root, invalid, .. } = builder.finish();
    assert_eq!(invalid, []);
    let mut lines = Vec::new();
    list(&root, "", &mut lines);
    lines.sort();
    lines
}

fn list(group: &Group, path: &str, lines: &mut Vec<String>) {
    for (name, item) in &group.children {
        let path = format!("{path}/{name}");
        match item {
            Item::Group(group) => {
                if let Some((_, Value::Texts { texts, .. })) = group.attributes.first() {
                    lines.push(format!("{path} {}", texts[0]));
                }
                list(group, &path, lines);
            }
            Item::Dataset(dataset) => match &dataset.content {
                Content::Stream(stream) => lines.push(format!("{path} = {}", stream.name)),
                _ => lines.push(path),
            },
            Item::SoftLink { target } => lines.push(format!("{path} -> {target}")),
            Item::ExternalLink { .. } => lines.push(format!("{path} elsewhere")),
        }
    }
}

#[test]
fn every_stream_has_one_place() {
    let options = SaveOptions::default();
    let subscans = subscans(&mesh(), &streams(frames(Some("hdf5"), false)), &options);
    let entries: Vec<&str> = subscans.iter().map(|s| s.entry.as_str()).collect();
    assert_eq!(entries, ["5.1", "5.2"]);
    let expected = [
        "/5.1/instrument/roby/value",
        "/5.1/instrument/robz/value",
        "/5.1/instrument/diode/signal",
        "/5.1/instrument/cam/image",
        "/5.1/instrument/stray/data",
        "/5.2/instrument/epoch/value",
    ];
    assert_eq!(paths(&subscans, &options), expected);
    // One notice, for the stream that belongs to no device. The other stream is not saved at all.
    assert_eq!(subscans[0].notices.len(), 2, "{:?}", subscans[0].notices);
    assert_eq!(subscans[1].notices, [""; 0]);
    let roles: Vec<_> = subscans[0]
        .channels
        .iter()
        .map(|channel| channel.master_index)
        .collect();
    assert_eq!(roles, [Some(0), Some(1), None, None, None, None]);
}

#[test]
fn a_scan_without_a_chain_has_an_entry_for_its_streams() {
    let options = SaveOptions::default();
    let info = json!({"scan_nb": 3, "name": "odd"});
    let subscans = subscans(&info, &streams(frames(None, true)), &options);
    assert_eq!(subscans[0].entry, "3.1");
    let expected = [
        "/3.1/instrument/diode/data",
        "/3.1/instrument/roby/data",
        "/3.1/instrument/robz/data",
        "/3.1/instrument/epoch/data",
        "/3.1/instrument/stray/data",
    ];
    assert_eq!(paths(&subscans, &options), expected);
    let only = [StreamDescription::new(
        "group:SUBSCANS",
        Ok(StreamContent::References),
    )];
    let dims = ScanDims::read(&info, &options);
    assert!(read(&info, &only, &dims, &options).unwrap().is_empty());
}

#[test]
fn a_scan_needs_a_number() {
    let options = SaveOptions::default();
    let dims = ScanDims::read(&json!({}), &options);
    assert!(read(&json!({}), &[], &dims, &options).is_err());
    assert!(read(&json!({"scan_nb": "../5"}), &[], &dims, &options).is_err());
}

#[test]
fn attributes_tell_units_and_how_to_show_the_data() {
    let shaped = SaveOptions {
        flat: false,
        ..SaveOptions::default()
    };
    let attributes = |options: &SaveOptions, stream: &str| {
        let subscans = subscans(&mesh(), &streams(frames(Some("hdf5"), false)), options);
        let mut places = subscans.iter().flat_map(|s| destinations(s, "f", options));
        places
            .find(|place| place.stream == stream)
            .unwrap()
            .attributes
    };
    let flat = SaveOptions::default();
    let text = |name: &str, value: &str| (name.to_owned(), Value::text(value));
    assert_eq!(attributes(&flat, "axis:roby"), [text("units", "mm")]);
    assert_eq!(attributes(&flat, "axis:robz"), []);
    assert_eq!(
        attributes(&flat, "timer:epoch"),
        [("units".to_owned(), Value::from(3i64))]
    );
    let image = text("interpretation", "image");
    let image = [image];
    assert_eq!(attributes(&flat, "cam:image"), image);
    assert_eq!(attributes(&shaped, "ctl:diode"), image);
    assert_eq!(
        attributes(&flat, "q:stray"),
        [text("interpretation", "spectrum")]
    );
}

#[test]
fn only_channels_with_data_have_groups() {
    let options = SaveOptions::default();
    let subscans = subscans(&mesh(), &streams(frames(Some("hdf5"), false)), &options);
    let stored = [
        ("axis:roby", true),
        ("ctl:diode", true),
        ("cam:image", false),
    ];
    let expected = [
        "/5.1/instrument NXinstrument",
        "/5.1/instrument/cam NXdetector",
        "/5.1/instrument/diode NXdetector",
        "/5.1/instrument/diode/data -> signal",
        "/5.1/instrument/diode/signal = ctl:diode",
        "/5.1/instrument/positioners NXcollection",
        "/5.1/instrument/positioners/energy",
        "/5.1/instrument/positioners/roby -> /5.1/instrument/roby/value",
        "/5.1/instrument/roby NXpositioner",
        "/5.1/instrument/roby/value = axis:roby",
        "/5.1/measurement NXcollection",
        "/5.1/measurement/diode -> /5.1/instrument/diode/signal",
        "/5.1/measurement/roby -> /5.1/instrument/roby/value",
    ];
    assert_eq!(built(&subscans, &stored), expected);
}

#[test]
fn frames_have_datasets_if_they_are_saved() {
    let camera = |content: Declared, options: &SaveOptions| -> Vec<String> {
        let subscans = subscans(&mesh(), &streams(content), options);
        let lines = built(&subscans, &[("cam:image", true)]);
        lines
            .into_iter()
            .filter(|line| line.contains("cam"))
            .collect()
    };
    let group = "/5.1/instrument/cam NXdetector";
    let alias = "/5.1/instrument/cam/data -> image";
    let place = "/5.1/instrument/cam/image = cam:image";
    let link = "/5.1/measurement/cam -> /5.1/instrument/cam/image";
    let options = SaveOptions::default();
    assert_eq!(camera(frames(Some("hdf5"), true), &options), [""; 0]);
    assert_eq!(camera(frames(None, false), &options), [group]);
    let hdf5 = camera(frames(Some("hdf5"), false), &options);
    assert_eq!(hdf5, [group, alias, place, link]);
    for format in ["edf", "cbf"] {
        let names = camera(frames(Some(format), false), &options);
        assert_eq!(names, [group, alias, place]);
    }
    let copy = SaveOptions {
        copy_non_external: true,
        allow_external_hdf5: false,
        ..SaveOptions::default()
    };
    for format in ["edf", "hdf5"] {
        assert_eq!(camera(frames(Some(format), false), &copy).len(), 4);
    }
    assert_eq!(camera(frames(Some("cbf"), false), &copy).len(), 3);
}

#[test]
fn metadata_leave_the_paths_of_data_alone() {
    let options = SaveOptions::default();
    let mut info = mesh();
    let published = &mut info["nexuswriter"]["devices"]["ctl:diode"]["device_info"];
    *published = json!({"signal": 1, "data": 2, "mode": "MEAN", "@NX_class": "NXsource"});
    let subscans = subscans(&info, &streams(frames(Some("edf"), false)), &options);
    let lines = built(&subscans, &[("ctl:diode", true)]);
    for line in [
        "/5.1/instrument/diode NXdetector",
        "/5.1/instrument/diode/data -> signal",
        "/5.1/instrument/diode/mode",
        "/5.1/instrument/diode/signal = ctl:diode",
    ] {
        assert!(
            lines.iter().any(|other| other == line),
            "{line}: {lines:#?}"
        );
    }
}

#[test]
fn the_first_channel_of_a_device_describes_it() {
    let mut known = Map::new();
    let mut merge = |added: Json| {
        let mut added = added.as_object().unwrap().clone();
        let agrees = merge_new(&mut known, &mut added);
        (Json::Object(added), agrees)
    };
    let first = json!({"type": "mca", "roi": {"begin": 1}});
    assert_eq!(merge(first.clone()), (first.clone(), true));
    assert_eq!(merge(first), (json!({}), true));
    let second = json!({"type": "lima", "mode": "MEAN", "roi": {"begin": 2, "end": 3}, "n": 1});
    let new = json!({"mode": "MEAN", "roi": {"end": 3}, "n": 1});
    assert_eq!(merge(second), (new, false));
    assert_eq!(
        merge(json!({"roi": 1, "n": {"a": 1}, "mode": null})),
        (json!({}), false)
    );
}

#[test]
fn attributes_that_have_no_type_are_texts() {
    let options = SaveOptions::default();
    let mut info = mesh();
    let published = &mut info["nexuswriter"]["devices"]["ctl:diode"];
    published["data_info"] = json!({"gain": 2, "odd": ["a", 1], "units": null, "": 1});
    let subscans = subscans(&info, &streams(frames(None, false)), &options);
    let places = destinations(&subscans[0], "f", &options);
    let diode = places.iter().find(|p| p.stream == "ctl:diode").unwrap();
    let expected = [
        ("gain".to_owned(), Value::from(2i64)),
        ("odd".to_owned(), Value::text("[\"a\",1]")),
    ];
    assert_eq!(diode.attributes, expected);
}
