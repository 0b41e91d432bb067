//! What is done to a file when the second version of its tree is known.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    at, clean, dataset, fill, floats, group, integers, named, names, numbers, nx, seen, session,
    soft, stream, texts, with_attributes,
};
use nexus::Error;
use nexus::apply::{PendingLinks, StreamLocation};
use nexus::tree::{ByteOrder, Content, ElementType, Group, Item, Value, difference};
use serde_json::json;

#[test]
fn closing_applies_what_has_changed() {
    let (_directory, session) = session();
    let with_streams =
        |extra: Vec<(&'static str, Value)>, diode: Item, t: Vec<(&'static str, Value)>| {
            let mut attributes = vec![("NX_class", Value::from("NXcollection"))];
            attributes.extend(extra);
            Item::Group(Group {
                attributes: named(attributes),
                children: named(vec![
                    ("diode", diode),
                    ("t", with_attributes(Content::Stream("t".into()), t)),
                ]),
                ..Group::default()
            })
        };
    let prepared = group(vec![(
        "1.1",
        Item::Group(Group {
            attributes: named(vec![("NX_class", "NXentry".into()), ("tmp", 1i64.into())]),
            children: named(vec![
                ("title", dataset("loopscan 3")),
                ("end_reason", dataset("RUNNING")),
                ("to_delete", dataset(integers(&[2], &[1, 2]))),
                ("to_group", dataset(5i64)),
                (
                    "unchanged",
                    with_attributes(Content::Value(0.1.into()), vec![("units", "s".into())]),
                ),
                ("link", soft("title")),
                ("waits", soft("nothing")),
                (
                    "measurement",
                    with_streams(vec![], stream("diode"), vec![("units", "s".into())]),
                ),
            ]),
            ..Group::default()
        }),
    )]);
    let closed = group(vec![(
        "1.1",
        Item::Group(Group {
            attributes: named(vec![
                ("NX_class", "NXentry".into()),
                ("default", "plot".into()),
            ]),
            children: named(vec![
                ("end_time", dataset("2026-01-01T00:00:00+01:00")),
                ("title", dataset("loopscan 3")),
                ("end_reason", dataset("SUCCESS")),
                ("to_group", nx("NXcollection", vec![("x", dataset(1i64))])),
                (
                    "unchanged",
                    with_attributes(Content::Value(0.1.into()), vec![("units", "s".into())]),
                ),
                ("link", soft("end_time")),
                (
                    "plot",
                    nx("NXdata", vec![("diode", soft("/1.1/measurement/diode"))]),
                ),
                (
                    "measurement",
                    with_streams(
                        vec![("note", "done".into())],
                        with_attributes(
                            Content::Stream("diode".into()),
                            vec![("units", "V".into())],
                        ),
                        vec![],
                    ),
                ),
            ]),
            ..Group::default()
        }),
    )]);
    let mut pending = PendingLinks::default();
    assert_eq!(clean(session.write_tree(&prepared, &mut pending)).len(), 2);
    assert_eq!(pending.iter().count(), 1);
    fill(&session, "/1.1/measurement/diode");
    fill(&session, "/1.1/measurement/t");
    session.set_attributes("/1.1/measurement/t", &named(vec![("units", "s".into())]));
    // The attribute of another scan is left alone.
    session.set_attributes("/1.1", &named(vec![("comment", "kept".into())]));

    let changes = difference(&prepared, &closed);
    clean(session.apply_changes(&changes, &mut pending));
    assert!(session.force_links(&mut pending).is_empty());
    let root = seen(&session);
    let entry = at(&root, "1.1").unwrap();
    assert_eq!(
        names(entry),
        [
            "end_reason",
            "end_time",
            "link",
            "measurement",
            "plot",
            "title",
            "to_group",
            "unchanged"
        ]
    );
    let attributes: Vec<_> = entry["attrs"].as_object().unwrap().keys().collect();
    assert_eq!(attributes, ["NX_class", "comment", "default"]);
    assert_eq!(at(entry, "end_reason").unwrap()["value"], "SUCCESS");
    assert_eq!(at(entry, "link").unwrap()["path"], "end_time");
    assert_eq!(at(entry, "to_group/x").unwrap()["value"], 1);
    assert_eq!(
        at(entry, "plot/diode").unwrap()["path"],
        "/1.1/measurement/diode"
    );
    let measurement = at(entry, "measurement").unwrap();
    assert_eq!(measurement["attrs"]["note"]["value"], "done");
    let diode = at(measurement, "diode").unwrap();
    assert_eq!(diode["value"], json!([1.0, 2.0]), "acquired data stay");
    assert_eq!(diode["attrs"]["units"]["value"], "V");
    assert_eq!(at(measurement, "t").unwrap()["attrs"], json!({}));
}

#[test]
fn data_of_a_stream_survive_every_change_of_its_place() {
    let (_directory, session) = session();
    let prepared = group(vec![(
        "1.1",
        nx(
            "NXentry",
            vec![
                (
                    "gone",
                    nx(
                        "NXcollection",
                        vec![("d", stream("d")), ("static", dataset(1.0))],
                    ),
                ),
                ("moved", stream("m")),
            ],
        ),
    )]);
    let closed = group(vec![(
        "1.1",
        nx(
            "NXentry",
            vec![
                ("elsewhere", stream("m")),
                ("new", nx("NXdata", vec![("late", stream("l"))])),
            ],
        ),
    )]);
    let mut pending = PendingLinks::default();
    clean(session.write_tree(&prepared, &mut pending));
    fill(&session, "/1.1/gone/d");
    fill(&session, "/1.1/moved");
    let streams = clean(session.apply_changes(&difference(&prepared, &closed), &mut pending));
    assert_eq!(
        streams,
        [StreamLocation {
            path: "/1.1/new/late".into(),
            stream: "l".into()
        }]
    );
    let root = seen(&session);
    assert_eq!(names(at(&root, "1.1").unwrap()), ["gone", "moved", "new"]);
    assert_eq!(names(at(&root, "1.1/gone").unwrap()), ["d"]);
}

#[test]
fn a_change_that_fails_does_not_keep_the_others_from_being_made() {
    let (_directory, session) = session();
    let prepared = group(vec![("a", dataset(1.0))]);
    let closed = group(vec![
        ("a", dataset(2.0)),
        ("b", dataset(3.0)),
        ("c", dataset(4.0)),
    ]);
    let mut pending = PendingLinks::default();
    clean(session.write_tree(&prepared, &mut pending));
    // Another scan was faster.
    session
        .root()
        .unwrap()
        .create_value("b", &Value::from(9.0))
        .unwrap();
    let written = session.apply_changes(&difference(&prepared, &closed), &mut pending);
    assert_eq!(written.errors.len(), 1);
    assert!(matches!(&written.errors[0], Error::Exists { path, .. } if path == "/b"));
    let root = seen(&session);
    let values = ["a", "b", "c"].map(|name| at(&root, name).unwrap()["value"].clone());
    assert_eq!(values, [json!(2.0), json!(9.0), json!(4.0)]);
}

#[test]
fn a_new_value_takes_the_place_of_the_old_one() {
    for is_known in [false, true] {
        a_new_value_takes_the_place(is_known);
    }
}

fn a_new_value_takes_the_place(is_known: bool) {
    let (_directory, session) = session();
    let tree = |status: &str, list: Value, other: Value| {
        group(vec![
            ("status", dataset(status)),
            ("list", dataset(list)),
            ("other", dataset(other)),
            ("linked", dataset(status)),
            ("end_time", dataset(status)),
        ])
    };
    let before = tree("RUNNING", texts(&["a", "b"]), 1i64.into());
    let after = tree("SUCCEEDED", texts(&["c", ""]), 0.5.into());
    let mut pending = PendingLinks::default();
    clean(session.write_tree(&before, &mut pending));
    if is_known {
        session.flush_if_dirty().unwrap();
    }
    // An open dataset stays what it was, also without a name.
    let root = session.root().unwrap();
    let open = ["status", "list", "other", "end_time"].map(|name| root.open_dataset(name).unwrap());
    // Somebody put a link there.
    root.unlink("linked").unwrap();
    root.create_soft_link("linked", "/list").unwrap();
    clean(session.apply_changes(&difference(&before, &after), &mut pending));
    let texts = open.map(|dataset| dataset.elements(2).unwrap().texts.unwrap());
    // Readers may know the collection of a text, so that it is not replaced in place.
    match is_known {
        true => assert_eq!(texts[..2], [vec!["RUNNING"], vec!["a", "b"]]),
        false => assert_eq!(texts[..2], [vec!["SUCCEEDED"], vec!["c", ""]]),
    }
    assert_eq!(texts[2], ["1"], "another type");
    assert_eq!(texts[3], ["RUNNING"], "the mark of the end is made last");
    assert_eq!(root.link("linked").unwrap(), nexus::h5::Link::Hard);
    let seen = seen(&session);
    let value = |name: &str| at(&seen, name).unwrap()["value"].clone();
    assert_eq!(value("status"), "SUCCEEDED");
    assert_eq!(value("list"), json!(["c", ""]));
    assert_eq!(value("other"), 0.5);
    assert_eq!(value("end_time"), "SUCCEEDED");
    assert_eq!(value("linked"), "SUCCEEDED");
}

#[test]
fn a_new_text_is_seen_with_its_dataset() {
    let tree = |status: &str| group(vec![("status", dataset(status))]);
    let (before, after) = (tree("RUNNING"), tree("SUCCEEDED"));
    let (_directory, session) = session();
    let mut pending = PendingLinks::default();
    clean(session.write_tree(&before, &mut pending));
    session.flush_if_dirty().unwrap();
    clean(session.apply_changes(&difference(&before, &after), &mut pending));
    let status = common::describe(session.path());
    assert_eq!(at(&status, "status").unwrap()["value"], "RUNNING");
    assert_eq!(at(&seen(&session), "status").unwrap()["value"], "SUCCEEDED");
}

#[test]
fn axes_are_read_as_numbers() {
    let (_directory, session) = session();
    let tree = group(vec![
        ("int", dataset(integers(&[2, 2], &[1, -2, 3, 4]))),
        ("float", dataset(floats(&[2], &[0.5, f64::INFINITY]))),
        (
            "big",
            dataset(numbers(
                ElementType::Uint(2, ByteOrder::Big),
                &[1],
                vec![1, 0],
            )),
        ),
        ("scalar", dataset(7i64)),
        ("none", dataset(floats(&[0], &[]))),
        ("text", dataset("a")),
        ("bool", dataset(true)),
    ]);
    clean(session.write_tree(&tree, &mut PendingLinks::default()));
    let read = |path| session.read_numbers(path).unwrap();
    assert_eq!(read("/int"), [1., -2., 3., 4.]);
    assert_eq!(read("/float"), [0.5, f64::INFINITY]);
    assert_eq!(read("/big"), [256.]);
    assert_eq!(read("scalar"), [7.]);
    assert!(read("none").is_empty());
    for path in ["text", "bool", "nothing"] {
        let error = session.read_numbers(path).unwrap_err();
        assert!(error.to_string().contains(path), "{error}");
    }
}

#[test]
fn a_group_has_room_for_children_that_are_announced() {
    let sizes = [false, true].map(|is_announced| {
        let (directory, session) = session();
        let entry = |channels: u32| {
            let channels: Vec<_> = (0..channels).map(|n| format!("channel_{n:02}")).collect();
            let mut instrument = Group::default();
            if is_announced {
                instrument.later_names = channels.iter().cloned().collect();
            }
            for name in channels {
                let item = nx("NXdetector", vec![]);
                instrument.children.push((name, item));
            }
            instrument
        };
        let mut prepared = entry(20);
        prepared.children.clear();
        let closed = entry(20);
        let in_entry = |instrument| {
            let instrument = ("instrument", Item::Group(instrument));
            group(vec![("1.1", nx("NXentry", vec![instrument]))])
        };
        let (prepared, closed) = (in_entry(prepared), in_entry(closed));
        let mut pending = PendingLinks::default();
        clean(session.write_tree(&prepared, &mut pending));
        clean(session.apply_changes(&difference(&prepared, &closed), &mut pending));
        let root = seen(&session);
        assert_eq!(names(at(&root, "1.1/instrument").unwrap()).len(), 20);
        let path = session.path().to_owned();
        session.close().unwrap();
        (directory, std::fs::metadata(path).unwrap().len())
    });
    let [(_, grown), (_, made)] = sizes;
    assert!(made < grown, "{made} bytes, {grown} without announcement");
}

#[test]
fn a_value_without_attributes_can_get_some_later() {
    let (_directory, session) = session();
    let title = dataset("loopscan 3");
    let tree = group(vec![("1.1", nx("NXentry", vec![("title", title)]))]);
    clean(session.write_tree(&tree, &mut PendingLinks::default()));
    session.flush_if_dirty().unwrap();
    let names: Vec<_> = (0..20).map(|n| format!("attribute_{n:02}")).collect();
    for (n, name) in (0i64..).zip(&names) {
        session.set_attributes("/1.1/title", &vec![(name.clone(), Value::from(n))]);
        session.flush_if_dirty().unwrap();
    }
    let root = seen(&session);
    let title = at(&root, "1.1/title").unwrap();
    assert_eq!(title["value"], "loopscan 3");
    for (n, name) in names.iter().enumerate() {
        assert_eq!(title["attrs"][name]["value"], n);
    }
}
