//! Paths, and the links on them.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::{describe, file};
use nexus::h5;
use nexus::tree::{ByteOrder, ElementType};
use rustix::io::Errno;

const SHORT: ElementType = ElementType::Uint(2, ByteOrder::Little);

#[test]
fn paths_are_followed_and_links_reported() {
    let (_directory, path, file) = file("paths.h5");
    let root = file.root().unwrap();
    root.create_contiguous("a/b/c", &SHORT, &[], &[1, 0])
        .unwrap();
    root.create_soft_link("soft", "a/b").unwrap();
    root.create_soft_link("lost", "a/x/y").unwrap();
    root.create_soft_link("circle", "circle").unwrap();
    root.create_external_link("out", "missing.h5".as_ref(), "/x")
        .unwrap();
    for (path, link, resolves) in [
        ("/", false, true),
        ("a/b/c", true, true),
        ("/a//b/./c", true, true),
        ("soft/c", true, true),
        ("soft/d", false, false),
        ("lost", true, false),
        ("lost/z", false, false),
        ("out", true, true),
        ("out/x", false, true),
        ("a/b/c/d", false, false),
        ("circle", true, false),
        ("a/b/nothing/c", false, false),
        ("a/../a", false, false),
    ] {
        assert_eq!(root.resolves(path).unwrap(), resolves, "{path}");
        if path != "/" {
            assert_eq!(root.has_link(path).unwrap(), link, "{path}");
        }
    }
    assert_eq!(root.kind("soft").unwrap(), Some(h5::ObjectKind::Group));
    assert_eq!(root.kind("soft/c").unwrap(), Some(h5::ObjectKind::Dataset));
    assert_eq!(root.kind("lost").unwrap(), None);
    assert_eq!(root.kind("out").unwrap(), Some(h5::ObjectKind::External));
    root.unlink("a/b").unwrap();
    assert_eq!(root.kind("soft").unwrap(), None);
    file.close().unwrap();
    assert_eq!(
        common::names(&describe(&path)),
        ["a", "soft", "lost", "circle", "out"]
    );
}

#[test]
fn a_name_in_a_damaged_group_is_an_error() {
    let (_directory, path, file) = file("damaged.h5");
    let root = file.root().unwrap();
    root.create_group("1.1").unwrap();
    root.create_contiguous("1.1/title", &SHORT, &[], &[1, 0])
        .unwrap();
    root.create_contiguous("2.1", &SHORT, &[], &[2, 0]).unwrap();
    drop(root);
    file.close().unwrap();
    // What the names of a group are in has a mark.
    let mut bytes = fs::read(&path).unwrap();
    let mark = bytes.windows(4).position(|mark| mark == b"SNOD").unwrap();
    bytes[mark] = 0;
    fs::write(&path, bytes).unwrap();

    let file = h5::File::open_read(&path).unwrap();
    let root = file.root().unwrap();
    assert!(root.has_link("1.1").unwrap());
    for name in ["1.1/title", "1.1/nothing"] {
        assert!(root.has_link(name).is_err(), "{name}");
        assert!(root.resolves(name).is_err(), "{name}");
        assert!(root.kind(name).is_err(), "{name}");
    }
    // What is not a group has no names, and that is no error.
    assert!(!root.has_link("2.1/title").unwrap());
    assert_eq!(root.kind("2.1/title").unwrap(), None);
}

#[test]
fn numbers_in_names_are_not_those_of_errors() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("errno = 28, a.h5");
    let error = h5::File::open_read(&path).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::NOENT.raw_os_error()), "{error}");
}
