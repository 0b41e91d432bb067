//! What the tests of this crate share: the Python that reads our files, and values by hand.

#![allow(clippy::unwrap_used)]
// Each test program uses some of it.
#![allow(dead_code)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nexus::apply::{StreamLocation, WriteOutcome};
use nexus::file::{FilePool, FileSession, FileSettings};
use nexus::h5::{self, FileDriver};
use nexus::tree::{ByteOrder, Content, Dataset, ElementType, Group, Item, Value};
use serde_json::Value as Json;
use tempfile::TempDir;

/// A Python that has h5py.
pub fn python() -> Command {
    Command::new(std::env::var_os("NEXUS_WRITER_PYTHON").unwrap_or_else(|| "python3".into()))
}

/// A program in `tests/python`.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/python")
        .join(name)
}

/// What h5py sees in a file: its root group, as `h5tree.py` describes it.
pub fn describe(path: &Path) -> Json {
    let h5tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testing/python/h5tree.py");
    let output = python()
        .arg(h5tree)
        .arg(path)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let described: Json = serde_json::from_slice(&output.stdout).unwrap();
    described["files"]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap()
        .clone()
}

/// What h5py sees at a path; nothing if there is no such name.
pub fn at<'a>(group: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('/').try_fold(group, |group, name| {
        let items = group["items"].as_array()?;
        Some(&items.iter().find(|item| item[0] == name)?[1])
    })
}

/// Names of the children of a group, in stored order.
pub fn names(group: &Json) -> Vec<&str> {
    let items = group["items"].as_array().unwrap();
    items.iter().map(|item| item[0].as_str().unwrap()).collect()
}

/// A group of these children.
pub fn group(children: Vec<(&str, Item)>) -> Group {
    Group {
        attributes: Vec::new(),
        children: named(children),
        ..Group::default()
    }
}

/// A group of a NeXus class.
pub fn nx(class: &str, children: Vec<(&str, Item)>) -> Item {
    Item::Group(Group {
        attributes: vec![("NX_class".to_owned(), class.into())],
        children: named(children),
        ..Group::default()
    })
}

/// A dataset of this value.
pub fn dataset(value: impl Into<Value>) -> Item {
    with_attributes(Content::Value(value.into()), Vec::new())
}

/// A dataset with attributes.
pub fn with_attributes(content: Content, attributes: Vec<(&str, Value)>) -> Item {
    let attributes = named(attributes);
    Item::Dataset(Dataset {
        attributes,
        content,
    })
}

/// The place of a stream.
pub fn stream(name: &str) -> Item {
    with_attributes(Content::Stream(name.into()), Vec::new())
}

/// A soft link.
pub fn soft(target: &str) -> Item {
    let target = target.to_owned();
    Item::SoftLink { target }
}

/// Owns the names.
pub fn named<T>(items: Vec<(&str, T)>) -> Vec<(String, T)> {
    items
        .into_iter()
        .map(|(name, item)| (name.to_owned(), item))
        .collect()
}

/// An array of numbers.
pub fn numbers(element: ElementType, shape: &[u64], bytes: Vec<u8>) -> Value {
    let shape = shape.to_vec();
    Value::Numbers {
        element,
        shape,
        bytes,
    }
}

/// An array of 64-bit integers.
pub fn integers(shape: &[u64], items: &[i64]) -> Value {
    let bytes = items.iter().flat_map(|item| item.to_le_bytes()).collect();
    numbers(ElementType::Int(8, ByteOrder::Little), shape, bytes)
}

/// An array of floats.
pub fn floats(shape: &[u64], items: &[f64]) -> Value {
    let bytes = items.iter().flat_map(|item| item.to_le_bytes()).collect();
    numbers(ElementType::Float(8, ByteOrder::Little), shape, bytes)
}

/// A list of texts.
pub fn texts(items: &[&str]) -> Value {
    Value::Texts {
        shape: vec![items.len() as u64],
        texts: items.iter().map(|item| (*item).to_owned()).collect(),
    }
}

/// A new HDF5 file, its path, and the directory that it is in.
pub fn file(name: &str) -> (TempDir, PathBuf, h5::File) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    let file = h5::File::create(&path).unwrap();
    (directory, path, file)
}

/// An error and what caused it.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// A file of its own, and the directory that it is in.
pub fn session() -> (TempDir, FileSession) {
    session_with(FileDriver::Safe)
}

/// The same for another driver.
pub fn session_with(driver: FileDriver) -> (TempDir, FileSession) {
    let directory = tempfile::tempdir().unwrap();
    let files = FilePool::default();
    files.set(FileSettings {
        driver,
        ..FileSettings::default()
    });
    let session = files.open(&directory.path().join("scan.h5")).unwrap();
    (directory, session)
}

/// The places for streams, if nothing failed.
pub fn clean(written: WriteOutcome) -> Vec<StreamLocation> {
    assert!(written.errors.is_empty(), "{:?}", written.errors);
    written.streams
}

/// What h5py sees after a flush.
pub fn seen(session: &FileSession) -> Json {
    session.flush_if_dirty().unwrap();
    describe(session.path())
}

/// Stands for the code that writes streams.
pub fn fill(session: &FileSession, path: &str) {
    let element = ElementType::Float(8, ByteOrder::Little);
    let bytes = [1.0f64, 2.0].map(f64::to_le_bytes).concat();
    session
        .root()
        .unwrap()
        .create_contiguous(path, &element, &[2], &bytes)
        .unwrap();
}
