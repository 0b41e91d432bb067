//! Writing trees: what exists, what fails, and what waits.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    at, clean, dataset, describe, fill, group, named, names, numbers, nx, seen, session,
    session_with, soft, stream, texts, with_attributes,
};
use nexus::apply::{PendingLinks, StreamLocation, WriteOutcome};
use nexus::file::{FilePool, FileSession};
use nexus::h5::FileDriver;
use nexus::tree::{ByteOrder, Content, ElementType, Group, Item, Value};
use nexus::{Error, h5};
use serde_json::json;

fn write(session: &FileSession, tree: &Group) -> WriteOutcome {
    session.write_tree(tree, &mut PendingLinks::default())
}

#[test]
fn groups_and_attributes_of_earlier_scans_are_used_again() {
    let (_directory, session) = session();
    let first = group(vec![("all", nx("NXcollection", vec![("a", dataset(1.0))]))]);
    let second = group(vec![("all", nx("NXdata", vec![("b", dataset(2.0))]))]);
    clean(write(&session, &first));
    clean(write(&session, &second));
    let root = seen(&session);
    let all = at(&root, "all").unwrap();
    assert_eq!(all["attrs"]["NX_class"]["value"], "NXdata");
    assert_eq!(names(all), ["a", "b"]);
}

#[test]
fn existing_items_are_kept_and_others_written() {
    let (_directory, session) = session();
    let first = group(vec![(
        "2.1",
        nx(
            "NXentry",
            vec![("title", dataset("first")), ("x", soft("title"))],
        ),
    )]);
    clean(write(&session, &first));

    let unfit = numbers(ElementType::Float(8, ByteOrder::Little), &[2], vec![0; 8]);
    let second = group(vec![(
        "2.1",
        nx(
            "NXentry",
            vec![
                ("title", dataset("second")),
                ("x", soft("title")),
                ("title/below", dataset(1.0)),
                ("title", nx("NXnote", vec![("lost", dataset(1.0))])),
                ("unfit", dataset(unfit)),
                ("cut", dataset("be\0fore")),
                (
                    "attrs",
                    with_attributes(
                        Content::Value(1i64.into()),
                        vec![
                            ("bad", "a\0b".into()),
                            ("huge", texts(&["x"; 8000])),
                            ("good", 1i64.into()),
                        ],
                    ),
                ),
                ("fine", dataset(1.0)),
            ],
        ),
    )]);
    let written = write(&session, &second);
    let reported: Vec<_> = written
        .errors
        .iter()
        .map(|error| match error {
            Error::Exists { path, .. } => format!("{path} exists"),
            Error::Item { path, .. } => path.clone(),
            other => other.to_string(),
        })
        .collect();
    assert_eq!(
        reported,
        [
            "/2.1/title exists",
            "/2.1/x exists",
            "/2.1/title/below",
            "/2.1/title exists",
            "/2.1/unfit",
            "/2.1/cut",
            "/2.1/attrs@bad",
            "/2.1/attrs@huge",
        ]
    );
    let file = session.path().display();
    assert_eq!(
        written.errors[0].to_string(),
        format!("cannot write '/2.1/title' in '{file}': name already exists")
    );
    let root = seen(&session);
    assert_eq!(at(&root, "2.1/title").unwrap()["value"], "first");
    assert_eq!(at(&root, "2.1/fine").unwrap()["value"], 1.0);
    assert_eq!(
        at(&root, "2.1/attrs").unwrap()["attrs"],
        json!({"good": {"dtype": "<i8", "shape": [], "value": 1}})
    );
}

#[test]
fn an_attribute_that_cannot_be_replaced_stays() {
    let (_directory, session) = session();
    clean(write(
        &session,
        &group(vec![(
            "1.1",
            nx("NXentry", vec![("plot", nx("NXdata", vec![]))]),
        )]),
    ));
    // Attributes of old-style groups end at 64 KiB.
    let huge = named(vec![
        ("NX_class", texts(&["x"; 8000])),
        ("other", texts(&["y"; 8000])),
    ]);
    let errors = session.set_attributes("/1.1/plot", &huge);
    assert_eq!(errors.len(), 2, "{errors:?}");
    let root = seen(&session);
    let attributes = at(&root, "1.1/plot").unwrap()["attrs"].as_object().unwrap();
    assert_eq!(attributes.keys().collect::<Vec<_>>(), ["NX_class"]);
    assert_eq!(attributes["NX_class"]["value"], "NXdata");
}

#[test]
fn streams_get_their_groups_and_attributes_but_no_dataset() {
    let (_directory, session) = session();
    let tree = group(vec![(
        "1.1",
        nx(
            "NXentry",
            vec![
                (
                    "measurement",
                    nx("NXcollection", vec![("diode", stream("axis:diode"))]),
                ),
                ("a/b", stream("b")),
            ],
        ),
    )]);
    let streams = clean(write(&session, &tree));
    let place = |path: &str, stream: &str| StreamLocation {
        path: path.into(),
        stream: stream.into(),
    };
    assert_eq!(
        streams,
        [
            place("/1.1/measurement/diode", "axis:diode"),
            place("/1.1/a/b", "b")
        ]
    );
    let attributes = named(vec![("units", Value::from("V"))]);
    // Without data there is nothing to have attributes.
    assert!(
        session
            .set_attributes("/1.1/measurement/diode", &attributes)
            .is_empty()
    );
    assert!(names(at(&seen(&session), "1.1/measurement").unwrap()).is_empty());

    fill(&session, "/1.1/measurement/diode");
    assert!(
        session
            .set_attributes("/1.1/measurement/diode", &attributes)
            .is_empty()
    );
    let root = seen(&session);
    let diode = at(&root, "1.1/measurement/diode").unwrap();
    assert_eq!(diode["attrs"]["units"]["value"], "V");
}

#[test]
fn soft_links_wait_for_their_targets() {
    let (_directory, session) = session();
    let tree = group(vec![(
        "1.1",
        nx(
            "NXentry",
            vec![
                ("early", soft("late/x")),
                ("chain", soft("to_diode")),
                ("to_diode", soft("/1.1/instrument/diode")),
                ("never", soft("nothing")),
                (
                    "late",
                    nx(
                        "NXcollection",
                        vec![("x", dataset(1.0)), ("up", soft("./x"))],
                    ),
                ),
                (
                    "instrument",
                    nx("NXinstrument", vec![("diode", stream("diode"))]),
                ),
            ],
        ),
    )]);
    let mut pending = PendingLinks::default();
    clean(session.write_tree(&tree, &mut pending));
    let waiting = |pending: &PendingLinks| {
        pending
            .iter()
            .map(|link| link.path.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        waiting(&pending),
        ["/1.1/chain", "/1.1/to_diode", "/1.1/never"]
    );
    let root = seen(&session);
    assert_eq!(
        at(&root, "1.1/early").unwrap(),
        &json!({"kind": "soft", "path": "late/x"})
    );
    assert_eq!(at(&root, "1.1/late/up").unwrap()["path"], "./x");
    assert_eq!(at(&root, "1.1/chain"), None);

    assert!(session.retry_links(&mut pending).is_empty());
    assert_eq!(pending.iter().count(), 3);
    fill(&session, "/1.1/instrument/diode");
    assert!(session.retry_links(&mut pending).is_empty());
    assert_eq!(waiting(&pending), ["/1.1/never"]);
    assert!(session.force_links(&mut pending).is_empty());
    assert!(pending.is_empty());
    let root = seen(&session);
    for (name, target) in [
        ("chain", "to_diode"),
        ("to_diode", "/1.1/instrument/diode"),
        ("never", "nothing"),
    ] {
        assert_eq!(at(&root, &format!("1.1/{name}")).unwrap()["path"], target);
    }
}

#[test]
fn the_end_of_an_entry_is_written_last() {
    let (_directory, session) = session();
    // The root keeps the order of creation, so it can be seen there.
    let tree = group(vec![
        ("end_time", dataset("now")),
        ("link", soft("data")),
        ("data", dataset(1.0)),
    ]);
    clean(write(&session, &tree));
    assert_eq!(names(&seen(&session)), ["data", "link", "end_time"]);
}

#[test]
fn large_trees_reach_the_disk_while_they_are_built_without_a_journal() {
    for driver in FileDriver::ALL {
        let (_directory, session) = session_with(driver);
        clean(write(&session, &group(vec![("positioners", many())])));
        // Not flushed by us: what a reader sees is what was flushed on the way.
        let root = describe(session.path());
        let visible = at(&root, "positioners").map_or(0, |group| names(group).len());
        match driver {
            FileDriver::Safe => assert_eq!(visible, 0),
            FileDriver::Plain => assert!((600..1000).contains(&visible), "{visible}"),
        }
        assert_eq!(
            names(at(&seen(&session), "positioners").unwrap()).len(),
            1000
        );
    }
}

/// A group with many children.
fn many() -> Item {
    let children = (0..1000)
        .map(|n| (format!("positioner{n}"), dataset(f64::from(n))))
        .collect();
    Item::Group(Group {
        attributes: Vec::new(),
        children,
        ..Group::default()
    })
}

#[test]
fn a_tree_can_be_written_from_several_threads() {
    // Each thread has its own pool; the library has one lock.
    let directory = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..4)
        .map(|n| directory.path().join(format!("{n}.h5")))
        .collect();
    std::thread::scope(|scope| {
        for path in &paths {
            scope.spawn(move || {
                let session = FilePool::default().open(path).unwrap();
                for scan in 1i64..20 {
                    let name = format!("{scan}.1");
                    let entry = nx(
                        "NXentry",
                        vec![("title", dataset("t")), ("n", dataset(scan))],
                    );
                    clean(write(&session, &group(vec![(&name, entry)])));
                }
                session.close().unwrap();
            });
        }
    });
    for path in &paths {
        let file = h5::File::open_read(path).unwrap();
        assert_eq!(file.root().unwrap().names().unwrap().len(), 19);
    }
}
