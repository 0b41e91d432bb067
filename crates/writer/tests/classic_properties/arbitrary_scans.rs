//! Arbitrary scans, valid or not.

use std::collections::{HashMap, HashSet};

use nexus::tree::{ByteOrder, ElementType};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value as Json, json};
use testing::DescribedDetector;
use writer::layout::facts::{ScanReference, StreamFacts};
use writer::options::SaveOptions;
use writer::source::{StreamContent, StreamDescription};

/// What a stream holds, or why that cannot be saved.
type Content = Result<StreamContent, String>;

/// Infos of scans of BLISS 2.2.1: a mesh with a plot, one with images, and a scan with sample and
/// positioners under the ESRF data policy.
pub const REAL: [&str; 3] = [
    include_str!("infos/amesh.json"),
    include_str!("infos/lima_mesh.json"),
    include_str!("infos/esrf_policy_simple.json"),
];

/// Keys and names that have a meaning in an info.
const WORDS: [&str; 40] = [
    "save",
    "filename",
    "scan_nb",
    "title",
    "start_time",
    "data_dim",
    "npoints",
    "npoints1",
    "npoints2",
    "count_time",
    "acquisition_chain",
    "devices",
    "channels",
    "triggered_devices",
    "dim",
    "unit",
    "device",
    "metadata",
    "nexuswriter",
    "masterfiles",
    "instrument_info",
    "device_info",
    "device_type",
    "data_type",
    "data_info",
    "positioners",
    "positioners_start",
    "instrument",
    "scan_meta_categories",
    "display_extra",
    "plotselect",
    "@NX_class",
    "axis:roby",
    "timer:elapsed_time",
    "simulation_diode_sampling_controller:diode",
    "measurement",
    "signal",
    "data",
    "value",
    "chunk_options",
];

/// Names that are difficult for files.
const DIFFICULT_NAMES: [&str; 16] = [
    "",
    ".",
    "..",
    "/",
    "//",
    "a/b",
    "@",
    "a@",
    ">link",
    "nul\0",
    "é:ü",
    "a-b",
    "a+b",
    ":",
    "...:",
    "/1.1/instrument",
];

/// The input of a test beside the infos.
#[derive(Debug)]
pub struct Case {
    pub streams: Vec<(String, Content)>,
    pub facts: Vec<StreamFacts>,
    pub references: Vec<ScanReference>,
    pub options: SaveOptions,
}

pub fn case() -> impl Strategy<Value = Case> {
    let reference = (text(), text()).prop_map(|(file, path)| ScanReference { file, path });
    (
        vec((text(), content()), 0..6),
        vec(stream_facts(), 1..8),
        vec(reference, 0..4),
        options(),
    )
        .prop_map(|(streams, facts, references, options)| Case {
            streams,
            facts,
            references,
            options,
        })
}

/// An info with arbitrary content, mostly with what every layout needs.
pub fn info() -> impl Strategy<Value = Json> {
    let needed = json!({
        "save": true, "filename": "/d/scans.h5", "scan_nb": 3, "title": "junk",
        "start_time": "2026-11-23T00:31:05.318549+00:00",
    });
    let members = hash_map(text(), json_value(), 0..24);
    (any::<bool>(), any::<bool>(), members).prop_map(move |(complete, with_chain, members)| {
        let mut info: Map<String, Json> = members.into_iter().collect();
        if with_chain {
            add_chain(&mut info);
        }
        if let (true, Json::Object(needed)) = (complete, needed.clone()) {
            info.extend(needed);
        }
        Json::Object(info)
    })
}

/// Makes channels of devices from the keys of an info, so that the trees have some.
fn add_chain(info: &mut Map<String, Json>) {
    let names: Vec<String> = info.keys().cloned().collect();
    let devices: Map<String, Json> = names
        .chunks(3)
        .enumerate()
        .map(|(index, channels)| {
            let triggered = &names[..index.min(1)];
            let device = json!({"channels": channels, "triggered_devices": triggered,
                "metadata": info.get(&channels[0])});
            (format!("device{index}"), device)
        })
        .collect();
    let keys: Vec<&String> = devices.keys().collect();
    let (first, second) = keys.split_at(keys.len() / 2);
    let chain = json!({"one": {"devices": first}, "other/2": {"devices": second}});
    let channels: Map<String, Json> = devices
        .iter()
        .flat_map(|(key, device)| {
            let channels = device["channels"].as_array().cloned().unwrap_or_default();
            channels.into_iter().filter_map(move |name| {
                Some((
                    name.as_str()?.to_owned(),
                    json!({"device": key, "dim": 0, "unit": "mm"}),
                ))
            })
        })
        .collect();
    info.insert("acquisition_chain".to_owned(), chain);
    info.insert("devices".to_owned(), Json::Object(devices));
    info.insert("channels".to_owned(), Json::Object(channels));
}

/// The info of a real scan.
pub fn real_info() -> impl Strategy<Value = Json> {
    select(&REAL[..]).prop_map(|info| serde_json::from_str(info).unwrap())
}

/// A change of one member of an info.
#[derive(Debug, Clone)]
pub enum Damage {
    Delete,
    Replace(Json),
    Rename(String),
}

pub fn damage() -> impl Strategy<Value = Vec<(Index, Damage)>> {
    let damage = prop_oneof![
        Just(Damage::Delete),
        json_value().prop_map(Damage::Replace),
        text().prop_map(Damage::Rename),
    ];
    vec((any::<Index>(), damage), 0..12)
}

pub fn damaged(mut info: Json, damage: Vec<(Index, Damage)>) -> Json {
    for (place, damage) in damage {
        let mut places = Vec::new();
        collect(&info, "", &mut places);
        if places.is_empty() {
            break;
        }
        let (parent, key) = place.get(&places).clone();
        match (info.pointer_mut(&parent), damage) {
            (Some(Json::Object(members)), Damage::Delete) => {
                members.remove(&key);
            }
            (Some(Json::Object(members)), Damage::Replace(json)) => {
                members.insert(key, json);
            }
            (Some(Json::Object(members)), Damage::Rename(name)) => {
                let json = members.remove(&key).unwrap_or_default();
                members.insert(name, json);
            }
            (Some(Json::Array(items)), damage) => {
                let index: usize = key.parse().unwrap();
                match damage {
                    Damage::Delete => {
                        items.remove(index);
                    }
                    Damage::Replace(json) => items[index] = json,
                    Damage::Rename(name) => items[index] = Json::String(name),
                }
            }
            _ => {}
        }
    }
    info
}

/// Collects every member of an info: the JSON pointer of its parent, and its key.
fn collect(json: &Json, here: &str, places: &mut Vec<(String, String)>) {
    let members: Vec<(String, &Json)> = match json {
        Json::Object(members) => members.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (index.to_string(), item))
            .collect(),
        _ => return,
    };
    for (key, json) in members {
        let escaped = key.replace('~', "~0").replace('/', "~1");
        places.push((here.to_owned(), key));
        collect(json, &format!("{here}/{escaped}"), places);
    }
}

/// Streams for the channels that an info names, and others.
pub fn streams(info: &Json, others: &[(String, Content)]) -> Vec<StreamDescription> {
    let channels = info.get("channels").and_then(Json::as_object);
    let channels = channels.into_iter().flatten().map(|(name, channel)| {
        let dim = channel
            .get("dim")
            .and_then(Json::as_u64)
            .unwrap_or(0)
            .min(4);
        let element = ElementType::Float(8, ByteOrder::Little);
        let shape = vec![Some(4); dim as usize];
        let content = match channel.get("lima_info") {
            Some(_) => {
                StreamContent::Frames(DescribedDetector::files("<f8", &shape, Some("hdf5"), false))
            }
            None => StreamContent::Numbers { element, shape },
        };
        (name.clone(), Ok(content))
    });
    let mut seen = HashSet::new();
    // The others are first: a channel may have other content than the info says.
    others
        .iter()
        .cloned()
        .chain(channels)
        .filter(|(name, _)| seen.insert(name.clone()))
        .map(|(name, content)| StreamDescription::new(name, content))
        .collect()
}

/// Assigns these facts to all streams in turn.
pub fn facts(streams: &[StreamDescription], facts: &[StreamFacts]) -> HashMap<String, StreamFacts> {
    streams
        .iter()
        .map(|stream| stream.name.clone())
        .zip(facts.iter().cycle().cloned())
        .collect()
}

fn content() -> impl Strategy<Value = Content> {
    let element = select(vec![
        ElementType::Bool,
        ElementType::Float(4, ByteOrder::Little),
        ElementType::Int(2, ByteOrder::Big),
        ElementType::Complex(16, ByteOrder::Little),
    ]);
    let dtype = select(vec!["|b1", "<f4", ">i2", "<c16"]);
    let shape = vec(proptest::option::of(0u64..5), 0..4);
    let format = proptest::option::of(select(vec!["hdf5", "edf"]));
    prop_oneof![
        4 => (element, shape.clone())
            .prop_map(|(element, shape)| Ok(StreamContent::Numbers { element, shape })),
        2 => (dtype, shape, format, any::<bool>()).prop_map(
            |(dtype, shape, format, discarded)| {
                let files = DescribedDetector::files(dtype, &shape, format, discarded);
                Ok(StreamContent::Frames(files))
            }
        ),
        1 => Just(Ok(StreamContent::References)),
        1 => text().prop_map(Err),
    ]
}

/// Facts that are possible for the real scans, and others.
fn stream_facts() -> impl Strategy<Value = StreamFacts> {
    let size = prop_oneof![8 => 0u64..5, 2 => select(vec![12, 20, u64::MAX])];
    let shape = prop_oneof![
        vec(size, 0..5),
        select(vec![vec![12], vec![20], vec![12, 4, 4]])
    ];
    let value = prop_oneof![any::<f64>(), Just(f64::NAN), -1.0..1.0];
    let values = proptest::option::of(vec(value, 0..24));
    (any::<bool>(), any::<u64>(), shape, values).prop_map(|(stored, points, shape, values)| {
        StreamFacts {
            stored,
            points,
            shape,
            values,
        }
    })
}

fn options() -> impl Strategy<Value = SaveOptions> {
    any::<[bool; 6]>().prop_map(|flags| SaveOptions {
        flat: flags[0],
        multivalue_positioners: flags[1],
        allow_external_nonhdf5: flags[2],
        allow_external_hdf5: flags[3],
        copy_non_external: flags[4],
        configurable: flags[5],
        ..SaveOptions::default()
    })
}

fn text() -> impl Strategy<Value = String> {
    let of = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    prop_oneof![
        6 => select(of(&WORDS)),
        3 => select(of(&DIFFICULT_NAMES)),
        1 => ".{0,8}",
    ]
}

fn json_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (0i64..5).prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        text().prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Json::from),
            hash_map(text(), inner, 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}
