//! A tree that is written over what an earlier writer has left of it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{
    clean, dataset, fill, floats, group, integers, nx, seen, session, soft, stream, texts,
    with_attributes,
};
use nexus::apply::{PendingLinks, StreamLocation};
use nexus::tree::{Content, Group, Item, Value, difference};

fn external(file: &str) -> Item {
    Item::ExternalLink {
        file: file.to_owned(),
        target: "/1.1".to_owned(),
    }
}

fn entry(children: Vec<(&str, Item)>) -> Group {
    group(vec![("1.1", nx("NXentry", children))])
}

/// All kinds of items. The link waits for the data of its stream.
fn wanted() -> Group {
    let units: Vec<(&str, Value)> = vec![("units", "mm".into())];
    entry(vec![
        ("title", dataset("ascan")),
        ("status", dataset("RUNNING")),
        ("numbers", dataset(integers(&[2], &[1, 2]))),
        ("names", dataset(texts(&["a", "b"]))),
        ("motor", with_attributes(Content::Value(0.5.into()), units)),
        (
            "measurement",
            nx("NXcollection", vec![("diode", soft("/1.1/diode"))]),
        ),
        ("diode", stream("diode")),
        ("raw", external("raw.h5")),
        ("end_time", dataset("now")),
    ])
}

#[test]
fn existing_items_become_equal_to_the_tree() {
    let existing = [
        // Next to nothing, all of it, some of it, and what is different.
        entry(vec![]),
        wanted(),
        entry(vec![
            ("title", dataset("ascan")),
            ("numbers", dataset(3i64)),
        ]),
        entry(vec![
            ("title", soft("elsewhere")),
            ("status", dataset("FAILED")),
            ("numbers", dataset(floats(&[3], &[1.0, 2.0, 3.0]))),
            ("names", dataset("a")),
            ("motor", dataset(1.5)),
            (
                "measurement",
                nx("NXdata", vec![("diode", soft("/1.1/other"))]),
            ),
            ("raw", external("other.h5")),
            ("end_time", dataset("before")),
        ]),
    ];
    let (_directory, session_of_all) = session();
    let mut pending = PendingLinks::default();
    clean(session_of_all.write_tree(&wanted(), &mut pending));
    fill(&session_of_all, "1.1/diode");
    assert!(session_of_all.retry_links(&mut pending).is_empty());
    let expected = common::at(&seen(&session_of_all), "1.1").cloned();
    for existing in existing {
        for stored in [false, true] {
            let (_directory, session) = session();
            clean(session.write_tree(&existing, &mut PendingLinks::default()));
            if stored {
                fill(&session, "1.1/diode");
            }
            let mut pending = PendingLinks::default();
            let places = clean(session.complete_tree(&wanted(), &mut pending));
            let place = StreamLocation {
                path: "/1.1/diode".to_owned(),
                stream: "diode".to_owned(),
            };
            assert_eq!(places, [place]);
            if !stored {
                fill(&session, "1.1/diode");
            }
            assert!(session.retry_links(&mut pending).is_empty());
            assert!(pending.is_empty());
            assert_eq!(common::at(&seen(&session), "1.1").cloned(), expected);
        }
    }
}

#[test]
fn objects_stay_where_others_are_wanted() {
    let (_directory, session) = session();
    let existing = entry(vec![
        ("title", nx("NXnote", vec![])),
        ("raw", dataset(1i64)),
    ]);
    clean(session.write_tree(&existing, &mut PendingLinks::default()));
    fill(&session, "1.1/measurement");
    let written = session.complete_tree(&wanted(), &mut PendingLinks::default());
    let errors: Vec<_> = written.errors.iter().map(ToString::to_string).collect();
    let file = session.path().display();
    let expected = [
        "write '/1.1/title'",
        "create group '/1.1/measurement'",
        "link '/1.1/raw'",
    ]
    .map(|what| format!("cannot {what} in '{file}': name already exists"));
    assert_eq!(errors, expected);
}

#[test]
fn changes_may_have_been_carried_out_before() {
    let before = entry(vec![("title", dataset("ascan")), ("tmp", dataset(1i64))]);
    let (_directory, whole) = session();
    clean(whole.write_tree(&wanted(), &mut PendingLinks::default()));
    let (_directory, session) = session();
    clean(session.write_tree(&wanted(), &mut PendingLinks::default()));
    let wanted = wanted();
    let changes = difference(&before, &wanted);
    let written = session.complete_changes(&changes, &mut PendingLinks::default());
    assert!(written.errors.is_empty(), "{:?}", written.errors);
    let entry = |session| common::at(&seen(session), "1.1").cloned();
    assert_eq!(entry(&session), entry(&whole));
    let again = session.apply_changes(&changes, &mut PendingLinks::default());
    assert!(!again.errors.is_empty());
}
