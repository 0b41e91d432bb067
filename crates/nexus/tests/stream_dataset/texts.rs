//! Datasets of texts, as h5py sees them.

use std::path::Path;
use std::rc::Rc;

use nexus::dataset::{Error, TextDataset, WritePolicy};
use nexus::tree::{DeclaredStorage, StreamStorage};
use serde_json::{Value as Json, json};

use crate::common::{at, describe};
use crate::support::*;

type Make = fn(
    Rc<nexus::h5::Group>,
    &str,
    Vec<u64>,
    StreamStorage,
    WritePolicy,
    observation::WrittenBytes,
) -> Result<TextDataset, Error>;

fn make(make: Make, writer: &Writer, scan: &[u64], shape: &[u64]) -> TextDataset {
    let storage = StreamStorage::Declared(DeclaredStorage {
        scan: scan.to_vec(),
        ..DeclaredStorage::default()
    });
    let (root, policy) = (Rc::clone(&writer.root), WritePolicy::live());
    make(
        root,
        "label",
        shape.to_vec(),
        storage,
        policy,
        observation::WrittenBytes::default(),
    )
    .unwrap()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn label(path: &Path) -> Json {
    at(&describe(path), "label").unwrap().clone()
}

#[test]
fn texts_are_stored_as_h5py_stores_them() {
    let writer = Writer::new();
    let mut dataset = make(TextDataset::new, &writer, &[5], &[]);
    let long = "é".repeat(3000);
    dataset
        .append(0, 2, &[], owned(&["first", "日本 µ"]))
        .unwrap();
    // Points that are missing are empty texts.
    dataset
        .append(4, 3, &[], owned(&["", &long, "last"]))
        .unwrap();
    assert_eq!(dataset.points(), 7);
    assert_eq!(dataset.close().unwrap(), 7);
    writer.file.close().unwrap();
    let seen = label(&writer.path);
    assert_eq!(seen["dtype"], "string(vlen,utf-8)");
    assert_eq!(
        seen["value"],
        json!(["first", "日本 µ", "", "", "", long, "last"])
    );
    assert_eq!(seen["maxshape"], json!([null]));
    assert_eq!(seen["chunks"], json!([5]));
    assert_eq!(seen["filters"], json!([]));
}

#[test]
fn texts_of_a_running_scan_are_seen_after_a_flush() {
    let writer = Writer::new();
    let mut dataset = make(TextDataset::new, &writer, &[0], &[2]);
    dataset.append(0, 1, &[2], owned(&["a", "b"])).unwrap();
    assert_eq!(dataset.visible(), 0);
    dataset.expose().unwrap();
    assert_eq!(dataset.visible(), 1);
    writer.file.flush().unwrap();
    assert_eq!(label(&writer.path)["value"], json!([["a", "b"]]));
    // More than a chunk of the policy is written at once.
    let large = vec!["x".repeat(1 << 20), String::new()];
    dataset.append(1, 1, &[2], large).unwrap();
    assert_eq!(dataset.visible(), 2);
}

#[test]
fn a_list_goes_on_behind_its_last_text() {
    let writer = Writer::new();
    let mut dataset = make(TextDataset::new, &writer, &[0], &[]);
    dataset.append(0, 2, &[], owned(&["a", "b"])).unwrap();
    dataset.expose().unwrap();
    // These are lost with their writer.
    dataset.append(2, 1, &[], owned(&["lost"])).unwrap();
    drop(dataset);
    writer.file.close().unwrap();
    let next = Writer::open(&writer.path);
    let mut dataset = make(TextDataset::resume, &next, &[0], &[]);
    assert_eq!((dataset.points(), dataset.visible()), (2, 2));
    dataset.append(2, 1, &[], owned(&["c"])).unwrap();
    assert_eq!(dataset.close().unwrap(), 3);
    next.file.close().unwrap();
    assert_eq!(label(&writer.path)["value"], json!(["a", "b", "c"]));
}

#[test]
fn a_grid_goes_on_from_its_first_text() {
    let writer = Writer::new();
    let mut dataset = make(TextDataset::new, &writer, &[2, 3], &[]);
    let texts: Vec<String> = (0..7).map(|point| format!("point {point}")).collect();
    dataset.append(0, 4, &[], texts[..4].to_vec()).unwrap();
    dataset.expose().unwrap();
    writer.file.flush().unwrap();
    let seen = json!([["point 0", "point 1", "point 2"], ["point 3", "", ""]]);
    assert_eq!(label(&writer.path)["value"], seen);
    drop(dataset);
    writer.file.close().unwrap();
    let next = Writer::open(&writer.path);
    let mut dataset = make(TextDataset::resume, &next, &[2, 3], &[]);
    assert_eq!(dataset.points(), 0);
    dataset.append(0, 7, &[], texts).unwrap();
    assert_eq!(dataset.close().unwrap(), 7);
    next.file.close().unwrap();
    let seen = json!([
        ["point 0", "point 1", "point 2"],
        ["point 3", "point 4", "point 5"],
        ["point 6", "", ""],
    ]);
    assert_eq!(label(&writer.path)["value"], seen);
}

#[test]
fn a_single_text_is_a_scalar() {
    let writer = Writer::new();
    let mut dataset = make(TextDataset::new, &writer, &[], &[]);
    let given = dataset.append(0, 2, &[], owned(&["kept", "surplus"]));
    assert!(
        matches!(given, Err(Error::Single { count: 1, .. })),
        "{given:?}"
    );
    assert_eq!(dataset.close().unwrap(), 1);
    let mut again = make(TextDataset::resume, &writer, &[], &[]);
    again.append(0, 1, &[], owned(&["kept"])).unwrap();
    assert_eq!(again.close().unwrap(), 1);
    writer.file.close().unwrap();
    assert_eq!(label(&writer.path)["value"], json!("kept"));
    assert_eq!(label(&writer.path)["shape"], json!([]));
}

#[test]
fn a_shorter_point_is_filled_with_empty_texts() {
    let writer = Writer::new();
    let mut dataset = make(TextDataset::new, &writer, &[0], &[1]);
    dataset.append(0, 1, &[1], owned(&["a"])).unwrap();
    dataset.append(1, 1, &[2], owned(&["b", "c"])).unwrap();
    dataset.close().unwrap();
    writer.file.close().unwrap();
    let seen = label(&writer.path);
    assert_eq!(seen["value"], json!([["a", ""], ["b", "c"]]));
}

#[test]
fn points_that_do_not_fit_are_refused_and_others_stored() {
    let writer = Writer::new();
    let mut dataset = make(TextDataset::new, &writer, &[0], &[]);
    let shape = dataset.append(0, 1, &[1], owned(&["a"]));
    assert!(matches!(shape, Err(Error::Shape { .. })), "{shape:?}");
    let count = dataset.append(0, 2, &[], owned(&["a"]));
    assert!(matches!(count, Err(Error::Texts { .. })), "{count:?}");
    dataset.append(0, 1, &[], owned(&["a"])).unwrap();
    let order = dataset.append(0, 1, &[], owned(&["a"]));
    assert!(matches!(order, Err(Error::Order { .. })), "{order:?}");
    assert_eq!(dataset.close().unwrap(), 1);
}

#[test]
fn other_datasets_are_not_continued() {
    let writer = Writer::new();
    writer
        .root
        .create_contiguous("label", &DOUBLE, &[1], &1f64.to_le_bytes())
        .unwrap();
    let (root, policy) = (Rc::clone(&writer.root), WritePolicy::live());
    let storage = StreamStorage::Automatic;
    let found = TextDataset::resume(
        root,
        "label",
        Vec::new(),
        storage,
        policy,
        observation::WrittenBytes::default(),
    );
    assert!(matches!(found, Err(Error::Mismatch { .. })));
}
